/**
 * Files of bbolt, Go's embedded database, in which Podman keeps its leases: read whole, and changed as bbolt itself does it, by
 * new pages and then one of the two meta pages, so that whoever is killed half way has changed nothing. The format, version 2, is
 * that of bbolt's db.go and page.go: numbers are little endian, keys are in the order of their bytes. Pure.
 */

/** Keys are bytes, one in each character of the string (latin1). */
export type Entries = Map<string, Uint8Array | BoltBucket>;

export interface BoltBucket {
  sequence: bigint;
  entries: Entries;
}

export interface BoltFile {
  root: BoltBucket;
  meta: Meta;
  /** Pages that the file's state is made of, by number. */
  used: ReadonlySet<number>;
}

interface Meta {
  pageSize: number;
  root: number;
  sequence: bigint;
  freelist: bigint;
  transaction: bigint;
}

/** To be written in this order; the last one makes the rest count. */
export interface PageWrite {
  offset: number;
  data: Buffer;
}

const MAGIC = 0xed0cdaed;
const VERSION = 2;
const PAGE_HEADER = 16;
const ELEMENT = 16;
const BUCKET_HEADER = 16;
const META_SIZE = 64;
const FLAG = { branch: 0x01, leaf: 0x02, meta: 0x04 } as const;
/** Of an element of a leaf: its value is a bucket. */
const IS_BUCKET = 0x01;
/** The meta page names no list of free pages: the next one to open the file finds them by looking for those that are used. */
const NO_FREELIST = 0xffff_ffff_ffff_ffffn;
const MOST_ELEMENTS = 0xffff;

/** @throws an error that says what is wrong with the file; a RangeError is one that ends too early */
export function parseBolt(file: Buffer): BoltFile {
  const meta = currentMeta(file);
  const used = new Set([0, 1]);
  if (meta.freelist !== NO_FREELIST) pageAt(file, meta, Number(meta.freelist), used);
  const entries: Entries = new Map();
  readPage(pageAt(file, meta, meta.root, used), entries, { file, meta, used });
  return { root: { sequence: meta.sequence, entries }, meta, used };
}

interface Reading {
  file: Buffer;
  meta: Meta;
  used: Set<number>;
}

/** The newer of the two that are whole. */
function currentMeta(file: Buffer): Meta {
  const first = metaAt(file, 0);
  const second = metaAt(file, first?.pageSize ?? 4096);
  if (first !== undefined && second !== undefined)
    return second.transaction > first.transaction ? second : first;
  const one = first ?? second;
  if (one === undefined) throw new Error('it is no file of bbolt');
  return one;
}

function metaAt(file: Buffer, offset: number): Meta | undefined {
  if (file.length < offset + PAGE_HEADER + META_SIZE) return undefined;
  const meta = file.subarray(offset + PAGE_HEADER, offset + PAGE_HEADER + META_SIZE);
  if (meta.readUInt32LE(0) !== MAGIC || meta.readUInt32LE(4) !== VERSION) return undefined;
  if (meta.readBigUInt64LE(56) !== checksum(meta.subarray(0, 56))) return undefined;
  return {
    pageSize: meta.readUInt32LE(8),
    root: Number(meta.readBigUInt64LE(16)),
    sequence: meta.readBigUInt64LE(24),
    freelist: meta.readBigUInt64LE(32),
    transaction: meta.readBigUInt64LE(48),
  };
}

/** FNV-1a of 64 bits. */
function checksum(data: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of data) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

/** The page with those that it runs on into. */
function pageAt(file: Buffer, { pageSize }: Meta, number: number, used: Set<number>): Buffer {
  const start = number * pageSize;
  const pages = file.readUInt32LE(start + 12) + 1;
  if (start + pages * pageSize > file.length) throw new Error(`page ${number} is not in the file`);
  for (let page = number; page < number + pages; page++) {
    if (used.has(page)) throw new Error(`page ${page} is there twice`);
    used.add(page);
  }
  return file.subarray(start, start + pages * pageSize);
}

/** Adds what is in a page, or below it, to the entries. */
function readPage(page: Buffer, entries: Entries, reading: Reading): void {
  const flags = page.readUInt16LE(8);
  const count = page.readUInt16LE(10);
  if ((flags & (FLAG.branch | FLAG.leaf)) === 0) throw new Error('a page is of no kind that a bucket has');
  for (let at = PAGE_HEADER; at < PAGE_HEADER + count * ELEMENT; at += ELEMENT) {
    if (flags & FLAG.branch) {
      const child = Number(page.readBigUInt64LE(at + 8));
      readPage(pageAt(reading.file, reading.meta, child, reading.used), entries, reading);
      continue;
    }
    const start = at + page.readUInt32LE(at + 4);
    const middle = start + page.readUInt32LE(at + 8);
    const end = middle + page.readUInt32LE(at + 12);
    if (end > page.length) throw new Error('an element reaches beyond its page');
    const value = page.subarray(middle, end);
    const isBucket = (page.readUInt32LE(at) & IS_BUCKET) !== 0;
    entries.set(page.toString('latin1', start, middle), isBucket ? readBucket(value, reading) : value);
  }
}

function readBucket(value: Buffer, reading: Reading): BoltBucket {
  const root = Number(value.readBigUInt64LE(0));
  const entries: Entries = new Map();
  // A small one has its page in its value.
  const page =
    root === 0 ? value.subarray(BUCKET_HEADER) : pageAt(reading.file, reading.meta, root, reading.used);
  readPage(page, entries, reading);
  return { sequence: value.readBigUInt64LE(8), entries };
}

/** What puts this root in the place of the one that the file has. Pages of the file's present state stay as they are. */
export function changeBolt({ meta, used }: Pick<BoltFile, 'meta' | 'used'>, root: BoltBucket): PageWrite[] {
  const { pageSize } = meta;
  const writes: PageWrite[] = [];
  const taken = new Set(used);
  let end = 2;

  /** Writes a bucket behind those in it; the number of its page. */
  const writeBucket = ({ entries }: BoltBucket): number => {
    const elements = [...entries].sort(([one], [other]) => (one < other ? -1 : 1));
    const data = leafOf(
      elements.map(([key, value]) =>
        value instanceof Uint8Array
          ? { flags: 0, key, value }
          : { flags: IS_BUCKET, key, value: bucketHeader(writeBucket(value), value.sequence) },
      ),
    );
    const pages = Math.ceil(data.length / pageSize);
    const number = freeRun(taken, pages);
    for (let page = number; page < number + pages; page++) taken.add(page);
    end = Math.max(end, number + pages);
    data.writeBigUInt64LE(BigInt(number), 0);
    data.writeUInt32LE(pages - 1, 12);
    writes.push({
      offset: number * pageSize,
      data: Buffer.concat([data, Buffer.alloc(pages * pageSize - data.length)]),
    });
    return number;
  };

  const page = writeBucket(root);
  writes.push(
    metaPage({
      ...meta,
      root: page,
      sequence: root.sequence,
      freelist: NO_FREELIST,
      transaction: meta.transaction + 1n,
      end,
    }),
  );
  return writes;
}

/** A file without entries, as bbolt begins one. */
export function emptyBolt(pageSize = 4096): Buffer {
  const root: BoltBucket = { sequence: 0n, entries: new Map() };
  const meta: Meta = { pageSize, root: 0, sequence: 0n, freelist: NO_FREELIST, transaction: 0n };
  const file = Buffer.alloc(3 * pageSize);
  // Both meta pages lead to the same: the older one is there for whoever finds the newer one broken.
  for (const transaction of [-1n, 0n])
    for (const { offset, data } of changeBolt(
      { meta: { ...meta, transaction }, used: new Set([0, 1]) },
      root,
    ))
      data.copy(file, offset);
  return file;
}

/** The first of so many pages in a row that are not taken. */
function freeRun(taken: ReadonlySet<number>, pages: number): number {
  let first = 2;
  for (let page = first; page < first + pages; page++) if (taken.has(page)) first = page + 1;
  return first;
}

/** Without its number and how far it runs on. */
function leafOf(elements: readonly { flags: number; key: string; value: Uint8Array }[]): Buffer {
  if (elements.length >= MOST_ELEMENTS)
    throw new Error(`a bucket of ${elements.length} entries is too large`);
  const header = Buffer.alloc(PAGE_HEADER + elements.length * ELEMENT);
  header.writeUInt16LE(FLAG.leaf, 8);
  header.writeUInt16LE(elements.length, 10);
  const bodies: Uint8Array[] = [];
  let end = header.length;
  for (const [index, { flags, key, value }] of elements.entries()) {
    const at = PAGE_HEADER + index * ELEMENT;
    header.writeUInt32LE(flags, at);
    header.writeUInt32LE(end - at, at + 4);
    header.writeUInt32LE(key.length, at + 8);
    header.writeUInt32LE(value.length, at + 12);
    bodies.push(Buffer.from(key, 'latin1'), value);
    end += key.length + value.length;
  }
  return Buffer.concat([header, ...bodies]);
}

function bucketHeader(root: number, sequence: bigint): Buffer {
  const header = Buffer.alloc(BUCKET_HEADER);
  header.writeBigUInt64LE(BigInt(root), 0);
  header.writeBigUInt64LE(sequence, 8);
  return header;
}

/** The page that its transaction's number chooses: never the one that counts now. `end` is the first page that was never used. */
function metaPage({ pageSize, transaction, ...meta }: Meta & { end: number }): PageWrite {
  const number = transaction % 2n;
  const data = Buffer.alloc(PAGE_HEADER + META_SIZE);
  data.writeBigUInt64LE(number, 0);
  data.writeUInt16LE(FLAG.meta, 8);
  const body = data.subarray(PAGE_HEADER);
  body.writeUInt32LE(MAGIC, 0);
  body.writeUInt32LE(VERSION, 4);
  body.writeUInt32LE(pageSize, 8);
  body.writeBigUInt64LE(BigInt(meta.root), 16);
  body.writeBigUInt64LE(meta.sequence, 24);
  body.writeBigUInt64LE(meta.freelist, 32);
  body.writeBigUInt64LE(BigInt(meta.end), 40);
  body.writeBigUInt64LE(transaction, 48);
  body.writeBigUInt64LE(checksum(body.subarray(0, 56)), 56);
  return { offset: Number(number) * pageSize, data };
}
