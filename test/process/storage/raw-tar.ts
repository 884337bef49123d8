/** Tars written byte by byte, so that they can hold what no honest program writes. All strings are byte strings. */
import { seal } from './archives.ts';

export interface RawHeader {
  name: string;
  /** tar(5): one character. */
  type: string;
  linkname?: string;
  mode?: number;
  /** A number is written in octal, or in base 256 if it has to be; a string as it is. */
  uid?: number | string;
  gid?: number | string;
  size?: number | string;
  mtime?: number | string;
  major?: number | string;
  minor?: number | string;
}

const BLOCK = 512;

/** One header block and the content after it, padded. */
export function rawBlocks(header: RawHeader, content: Buffer = Buffer.alloc(0)): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(header.name.slice(0, 100), 0, 'latin1');
  number(block, header.mode ?? 0o644, [100, 8]);
  number(block, header.uid ?? 0, [108, 8]);
  number(block, header.gid ?? 0, [116, 8]);
  number(block, header.size ?? content.length, [124, 12]);
  number(block, header.mtime ?? 0, [136, 12]);
  block.write(header.type, 156, 'latin1');
  block.write((header.linkname ?? '').slice(0, 100), 157, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  number(block, header.major ?? 0, [329, 8]);
  number(block, header.minor ?? 0, [337, 8]);
  seal(block);
  return Buffer.concat([block, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]);
}

/** The PAX header of these records, for the entry that follows. */
export function paxBlocks(records: Record<string, string>): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = rest.length + 1;
    while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
    return `${length}${rest}`;
  });
  return rawBlocks({ name: 'pax', type: 'x' }, Buffer.from(lines.join(''), 'latin1'));
}

/** GNU's long name (`L`) or long link target (`K`). */
export function gnuBlocks(type: 'L' | 'K', text: string): Buffer {
  return rawBlocks({ name: '././@LongLink', type }, Buffer.from(`${text}\0`, 'latin1'));
}

export const END_OF_TAR = Buffer.alloc(2 * BLOCK);

function number(
  block: Buffer,
  value: number | string,
  [offset, width]: [offset: number, width: number],
): void {
  if (typeof value === 'string') block.write(value.slice(0, width), offset, 'latin1');
  else if (value >= 0 && value < 8 ** (width - 1))
    block.write(value.toString(8).padStart(width - 1, '0'), offset, 'latin1');
  else {
    let rest = BigInt(value);
    for (let index = width - 1; index > 0; index--, rest >>= 8n) block[offset + index] = Number(rest & 0xffn);
    block[offset] = value < 0 ? 0xff : 0x80;
  }
}
