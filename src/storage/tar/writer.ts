/**
 * Tar headers, byte-exact (POSIX.1-2001 pax, tar(5)). Not tar-stream's: it encodes names as UTF-8, which destroys those that
 * are not, has no room for ids beyond seven octal digits, and knows no fractions of seconds.
 */
import { toBytes } from '../byte-string.ts';

/** Type flags of tar(5). */
export const TAR_TYPE = {
  file: '0',
  link: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
} as const;

/** Strings are byte strings. */
export interface TarEntry {
  /** Relative, of a directory without the final slash. */
  path: string;
  type: keyof typeof TAR_TYPE;
  /** 0o7777 */
  mode: number;
  uid: number;
  gid: number;
  /** Bytes of content that follow; 0 for everything but files. */
  size: number;
  /** Nanoseconds after the epoch. */
  mtimeNs: bigint;
  linkTarget?: string;
  device?: { major: number; minor: number };
  xattrs?: readonly (readonly [name: string, value: string])[];
}

const BLOCK = 512;
const NS = 1_000_000_000n;

/** Two zero blocks. */
export const TAR_END: Buffer = Buffer.alloc(2 * BLOCK);

/** Zeros after a file's content, up to the next block. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** The header blocks of one entry: a pax header before it where the old fields are too small. */
export function tarHeader(entry: TarEntry): Buffer {
  const path = entry.type === 'directory' ? `${entry.path}/` : entry.path;
  const { linkTarget = '' } = entry;
  const seconds = floorDivide(entry.mtimeNs, NS);
  const records: [string, string][] = [];
  if (!fits(path)) records.push(['path', path]);
  if (!fits(linkTarget)) records.push(['linkpath', linkTarget]);
  for (const id of ['uid', 'gid'] as const) if (entry[id] >= 8 ** 7) records.push([id, String(entry[id])]);
  if (entry.size >= 8 ** 11) records.push(['size', String(entry.size)]);
  if (entry.mtimeNs % NS !== 0n || seconds < 0n || seconds >= 8n ** 11n)
    records.push(['mtime', decimalTime(entry.mtimeNs)]);
  for (const [name, value] of entry.xattrs ?? []) records.push([`SCHILY.xattr.${name}`, value]);
  const main = block({ ...entry, path, linkTarget, seconds });
  if (records.length === 0) return main;
  const body = toBytes(records.map(paxRecord).join(''));
  const pax = block({ ...PAX_HEADER, size: body.length, seconds });
  return Buffer.concat([pax, body, tarPadding(body.length), main]);
}

const PAX_HEADER = { path: 'PaxHeader', linkTarget: '', type: 'x', mode: 0o644, uid: 0, gid: 0 } as const;

/** "LENGTH KEY=VALUE\n", the length counting itself. */
export function paxRecord([key, value]: readonly [string, string]): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return `${length}${rest}`;
}

function block(fields: {
  path: string;
  linkTarget: string;
  type: TarEntry['type'] | 'x';
  mode: number;
  uid: number;
  gid: number;
  size: number;
  seconds: bigint;
  device?: { major: number; minor: number };
}): Buffer {
  const { device, type } = fields;
  const header = Buffer.alloc(BLOCK);
  header.write(fields.path.slice(0, 100), 0, 'latin1');
  octal(header, 100, 8, fields.mode);
  octal(header, 108, 8, fields.uid);
  octal(header, 116, 8, fields.gid);
  octal(header, 124, 12, fields.size);
  octal(header, 136, 12, fields.seconds < 0n ? 0 : Number(fields.seconds));
  header.write(type === 'x' ? 'x' : TAR_TYPE[type], 156, 'latin1');
  header.write(fields.linkTarget.slice(0, 100), 157, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  octal(header, 329, 8, device?.major ?? 0);
  octal(header, 337, 8, device?.minor ?? 0);
  header.fill(' ', 148, 156);
  octal(
    header,
    148,
    7,
    header.reduce((sum, byte) => sum + byte, 0),
  );
  return header;
}

/** Octal digits and a zero byte; what does not fit stands in a pax record, and here as 0. */
function octal(header: Buffer, offset: number, length: number, value: number): void {
  const digits = value < 8 ** (length - 1) ? value.toString(8) : '0';
  header.write(`${digits.padStart(length - 1, '0')}\0`, offset, 'latin1');
}

/** Old fields hold 100 bytes, and readers disagree on what they mean beyond ASCII. */
function fits(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is bytes that are looked at
  return text.length <= 100 && /^[\x00-\x7f]*$/.test(text);
}

function decimalTime(ns: bigint): string {
  const sign = ns < 0n ? '-' : '';
  const absolute = ns < 0n ? -ns : ns;
  const fraction = String(absolute % NS)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${sign}${absolute / NS}${fraction === '' ? '' : `.${fraction}`}`;
}

function floorDivide(value: bigint, by: bigint): bigint {
  return value >= 0n ? value / by : -((-value + by - 1n) / by);
}
