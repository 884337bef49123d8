/** Go's literals: numbers, characters and strings. Each reader returns undefined for what Go would refuse. */

/** 12, 0x1f, 1_000, 0b11, 1e3, 1.5 → its value; a number that is whole but written as a float stays a float. */
export function readNumber(text: string): { value: number | bigint; isFloat: boolean } | undefined {
  const [, sign = '', body = ''] = /^([+-]?)(.*)$/.exec(text) ?? [];
  if (!/^(?!.*__)(?!_)(?!.*_$)/.test(body)) return undefined;
  const digits = body.replaceAll('_', '');
  const whole = readWhole(digits);
  if (whole !== undefined) return { value: narrow(sign === '-' ? -whole : whole), isFloat: false };
  const float = readFloat(digits);
  return float === undefined ? undefined : { value: sign === '-' ? -float : float, isFloat: true };
}

function readWhole(digits: string): bigint | undefined {
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits.slice(1)}`);
  return /^(0|[1-9][0-9]*|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+)$/.test(digits)
    ? BigInt(digits)
    : undefined;
}

function readFloat(digits: string): number | undefined {
  const hex = /^0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?[0-9]+)$/.exec(digits);
  const value =
    hex === null
      ? /^([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(digits)
        ? Number(digits)
        : Number.NaN
      : Number.parseInt(`${hex[1]}${hex[2] ?? ''}`, 16) * 2 ** (Number(hex[3]) - 4 * (hex[2] ?? '').length);
  return Number.isFinite(value) ? value : undefined;
}

function narrow(value: bigint): number | bigint {
  return BigInt.asIntN(53, value) === value ? Number(value) : value;
}

const ESCAPES: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/** The content of "…" or '…', escapes resolved. */
export function readQuoted(text: string): string | undefined {
  const quote = text[0] ?? '';
  const pattern =
    /\\(?:([abfnrtv\\'"])|([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))|([^\\]+)|(\\)/gy;
  const bytes: Buffer[] = [];
  for (const [, simple, octal, hex, short, long, plain, lone] of text.slice(1, -1).matchAll(pattern)) {
    const point = Number.parseInt(short ?? long ?? '0', 16);
    const byte = octal === undefined ? Number.parseInt(hex ?? '0', 16) : Number.parseInt(octal, 8);
    if (lone !== undefined || byte > 255 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
      return undefined;
    if ((simple === "'" || simple === '"') && simple !== quote) return undefined;
    if (octal !== undefined || hex !== undefined) bytes.push(Buffer.from([byte]));
    else if (simple !== undefined) bytes.push(Buffer.from(ESCAPES[simple] ?? simple));
    else bytes.push(Buffer.from(plain ?? String.fromCodePoint(point)));
  }
  return Buffer.concat(bytes).toString();
}

/** 'a' → 97. */
export function readCharacter(text: string): number | undefined {
  const content = readQuoted(text);
  return content !== undefined && [...content].length === 1 ? content.codePointAt(0) : undefined;
}
