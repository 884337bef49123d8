/**
 * Byte strings: one character per byte (latin1). File names are bytes, and so are the values of PAX records; a string
 * that was decoded as UTF-8 has lost what is none. Apart from tar-reader.ts, so that a start need not load a tar reader.
 */

export function toBytes(byteString: string): Buffer {
  return Buffer.from(byteString, 'latin1');
}

export function fromText(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** For messages: shortened, with control characters made visible. */
export function toText(byteString: string): string {
  const text = toBytes(byteString).toString();
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
