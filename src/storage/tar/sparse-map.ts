/**
 * Where the stored bytes of a sparse file belong: the maps that GNU tar writes, in the four formats there are (GNU tar's
 * manual, "Storing Sparse Files"). In the old one the map begins in the header block and goes on in blocks after it;
 * PAX 0.0 and 0.1 have it in PAX records, 1.0 at the beginning of the content.
 */

/** So many bytes of the file, from `offset` on; between the parts are holes. */
export interface SparsePart {
  offset: number;
  length: number;
}

export interface SparseMap {
  /** Of the whole file. */
  size: number;
  /** In the order of the file, none over another; one after another they are the stored content. */
  parts: readonly SparsePart[];
}

/** A map that is read block by block. */
export interface SparseMapReader {
  /** Takes one more block; true as long as another one must follow. Throws a plain Error for what is no map. */
  add(block: Buffer): boolean;
  parts(): SparsePart[];
  /** Are the blocks counted among the entry's content? */
  inContent: boolean;
}

/** More than a file of a terabyte has; Go's reader stops there, too. */
const MAX_PARTS = 2 ** 20;

const NO_MAP = 'a map of a sparse file that is none';

/**
 * Fails unless the map makes sense and `stored` bytes of content are what it speaks of: readers disagree on what a map with
 * gaps in its content means.
 */
export function checkSparseMap({ size, parts }: SparseMap, stored: number): void {
  let end = 0;
  let total = 0;
  for (const { offset, length } of parts) {
    // Said so that a NaN fails.
    if (!(offset >= end && length >= 0 && offset + length <= size)) throw new Error(NO_MAP);
    end = offset + length;
    total += length;
  }
  if (!(Number.isSafeInteger(size) && size >= 0) || total !== stored) throw new Error(NO_MAP);
}

/** Widths and places of the old format, tar(5) "GNU Tar Archives". */
const OLD = { parts: 386, inHeader: 4, isExtended: 482, realSize: 483, inBlock: 21, blockIsExtended: 504 };
const WIDTH = 12;

/** The map of an entry of the type `S`, as far as its header has it; `more` reads the rest, if there is any. */
export function oldSparseMap(header: Buffer): { map: SparseMap; more: SparseMapReader | undefined } {
  const parts = oldParts(header, OLD.parts, OLD.inHeader);
  const map = { size: tarNumber(header, OLD.realSize, WIDTH), parts };
  const add = (block: Buffer) => {
    for (const part of oldParts(block, 0, OLD.inBlock)) parts.push(part);
    if (parts.length > MAX_PARTS) throw new Error(NO_MAP);
    return block[OLD.blockIsExtended] !== 0;
  };
  return {
    map,
    more: header[OLD.isExtended] === 0 ? undefined : { add, parts: () => parts, inContent: false },
  };
}

function oldParts(block: Buffer, start: number, count: number): SparsePart[] {
  const parts: SparsePart[] = [];
  for (let at = start; at < start + count * 2 * WIDTH && block[at] !== 0; at += 2 * WIDTH)
    parts.push({ offset: tarNumber(block, at, WIDTH), length: tarNumber(block, at + WIDTH, WIDTH) });
  return parts;
}

/** What PAX records say of a sparse file; undefined if nothing. Strings are byte strings. */
export function paxSparseMap(
  pax: Readonly<Record<string, string>>,
): { map: SparseMap; name: string | undefined; more: SparseMapReader | undefined } | undefined {
  if (!Object.keys(pax).some((key) => key.startsWith('GNU.sparse.'))) return undefined;
  const name = pax['GNU.sparse.name'] || undefined;
  const version = `${pax['GNU.sparse.major'] ?? 0}.${pax['GNU.sparse.minor'] ?? 0}`;
  if (version === '1.0') {
    const reader = textMapReader();
    return { map: { size: decimal(pax['GNU.sparse.realsize']), parts: [] }, name, more: reader };
  }
  if (version !== '0.0' && version !== '0.1')
    throw new Error(`sparse files of version ${version} are not supported, pack it without them`);
  const text = pax['GNU.sparse.map'] ?? '';
  const parts = paired(text === '' ? [] : text.split(',').map(decimal));
  if (decimal(pax['GNU.sparse.numblocks']) !== parts.length) throw new Error(NO_MAP);
  return { map: { size: decimal(pax['GNU.sparse.size']), parts }, name, more: undefined };
}

/** The records of PAX 0.0, which come over and over under the same names, in turn. */
export const SPARSE_IN_TURN = ['GNU.sparse.offset', 'GNU.sparse.numbytes'] as const;

/** Decimal numbers, one a line: how many parts, then of each its offset and its length. */
function textMapReader(): SparseMapReader {
  const numbers: number[] = [];
  let line = '';
  let wanted: number | undefined;
  const add = (block: Buffer) => {
    const lines = (line + block.toString('latin1')).split('\n');
    line = lines.pop() ?? '';
    for (const text of lines) {
      if (numbers.length === wanted) break;
      if (wanted === undefined) wanted = 2 * decimal(text);
      else numbers.push(decimal(text));
    }
    // A number has at most so many digits: whatever goes on is none.
    if ((wanted ?? 0) > 2 * MAX_PARTS || (line.length > 20 && numbers.length !== wanted))
      throw new Error(NO_MAP);
    return numbers.length !== wanted;
  };
  return { add, parts: () => paired(numbers), inContent: true };
}

function paired(numbers: readonly number[]): SparsePart[] {
  if (numbers.length % 2 !== 0 || numbers.length > 2 * MAX_PARTS) throw new Error(NO_MAP);
  const parts: SparsePart[] = [];
  for (let at = 0; at < numbers.length; at += 2)
    parts.push({ offset: numbers[at] as number, length: numbers[at + 1] as number });
  return parts;
}

function decimal(text: string | undefined): number {
  if (text === undefined || !/^[0-9]{1,16}$/.test(text)) throw new Error(NO_MAP);
  return Number(text);
}

/**
 * A number in a header: octal digits, or, if the first bit says so, base 256 in two's complement (tar(5), "Base-256 encoding").
 * NaN for what is neither; not exact beyond 2^53.
 */
export function tarNumber(block: Buffer, offset: number, width: number): number {
  const field = block.subarray(offset, offset + width);
  if (((field[0] ?? 0) & 0x80) !== 0)
    return Number(BigInt.asIntN(width * 8 - 1, BigInt(`0x${field.toString('hex')}`)));
  const digits = field.toString('latin1').replace(/^[ \0]+|[ \0]+$/g, '');
  return /^[0-7]*$/.test(digits) ? Number.parseInt(`0${digits}`, 8) : Number.NaN;
}
