/**
 * tar-stream's extractor, made byte-exact.
 *
 * File names in a tar are bytes, and so are the values of PAX records (an xattr like security.capability
 * is binary); tar-stream decodes both as UTF-8 and so destroys what is not. Here every string that comes out of a
 * header is a "byte string" (byte-string.ts).
 *
 * Beyond that, four readings follow Go's archive/tar, which wrote nearly all images there are: an entry of a kind
 * that has no content has none, whatever its size field says; global PAX headers apply to nothing;
 * a malformed PAX record is an error instead of the end of the records; and two blocks of zeros end the archive,
 * whatever comes after them. Numbers in base 256 may be negative. Of a sparse file (sparse-map.ts) the stream has what is
 * stored, without the map.
 */
import { type Extract, extract } from 'tar-stream';
import { type ContentSink, giveDirectly } from './feed.ts';
import {
  checkSparseMap,
  oldSparseMap,
  paxSparseMap,
  SPARSE_IN_TURN,
  type SparseMap,
  type SparseMapReader,
  tarNumber,
} from './sparse-map.ts';

export interface TarHeader {
  name: string;
  /** null for kinds that tar-stream does not know. */
  type:
    | 'file'
    | 'contiguous-file'
    | 'link'
    | 'symlink'
    | 'character-device'
    | 'block-device'
    | 'directory'
    | 'fifo'
    | null;
  linkname: string | null;
  /** Bytes of content in the stream. */
  size: number;
  mode: number;
  uid: number | null;
  gid: number | null;
  mtime: Date;
  devmajor: number;
  devminor: number;
  /** Offset of the entry's content in the stream. */
  byteOffset: number;
  /** The PAX records before this entry, byte strings. */
  pax: Record<string, string> | null;
  /** All of the entry's content, if it is in memory: see `byteExactExtract`. */
  content?: Buffer;
  /** Where the entry's content shall go, piece by piece, if it is not; told while the entry is. Nowhere: it is passed over. */
  takeContent?: (sink: ContentSink) => void;
  /** Only of a sparse file: where its content belongs. */
  sparse?: SparseMap;
}

/** The parts of tar-stream 3.2.2's extractor that are replaced; a test fails when they are renamed. */
export interface Internals {
  /** null: the block was all zeros. */
  _header: (Omit<TarHeader, 'type'> & { type: string | null }) | null;
  /** `shifted`: offset in the stream. */
  _buffer: { buffered: number; shifted: number; shift(size: number): Buffer; push(bytes: Buffer): void };
  /** Of the entry's content, until it has been read; it holds up what comes after it. */
  _stream: unknown;
  /** Bytes to come of what is being read, or before the next header. */
  _missing: number;
  _createStream(): unknown;
  _update(): void;
  _unlockBound: (error?: Error | null) => void;
  /** Ends the writing of a chunk. */
  _continueWrite(error: Error | null): void;
  _consumeHeader(): boolean;
  _write(data: Uint8Array, done: (error: Error | null) => void): void;
  _pax: Record<string, string> | null;
  _decodeLongHeader(content: Buffer): void;
  _applyLongHeaders(): void;
}

const BLOCK = 512;
const WITHOUT_CONTENT = new Set(['link', 'symlink', 'character-device', 'block-device', 'directory', 'fifo']);

/**
 * @param options.direct for `readTar`: entries have no streams, for making one takes longer than writing a small file, and
 * streams hold on to memory. Content that is in memory when its header is read is in `header.content`, as is that of entries
 * without any, but for sparse files; other content is asked for with `header.takeContent`.
 */
export function byteExactExtract({ direct = false }: { direct?: boolean } = {}): Extract {
  // Archives of the time before POSIX have no magic; the checksum still has to be right.
  const options: object = {
    filenameEncoding: 'latin1',
    allowUnknownFormat: true,
    // Who writes waits until all is read.
    ...(direct ? { highWaterMark: 1 } : {}),
  };
  const extractor = extract(options);
  const internals = extractor as unknown as Internals;
  const {
    _decodeLongHeader: decodeLongHeader,
    _applyLongHeaders: applyLongHeaders,
    _consumeHeader: consumeHeader,
  } = internals;
  if (decodeLongHeader === undefined || applyLongHeaders === undefined || consumeHeader === undefined) {
    throw new Error('this tar-stream has no _decodeLongHeader, _applyLongHeaders or _consumeHeader');
  }
  const { emit } = extractor;
  const { shift } = internals._buffer;
  let zeroBlocks = 0;
  /** The last header. */
  let block: Buffer = Buffer.alloc(BLOCK);
  /** The entry in the header waits for the rest of its map. */
  let map: (SparseMapReader & { size: number; stored: number }) | undefined;

  internals._buffer.shift = (size) => {
    const bytes = shift.call(internals._buffer, size);
    if (size === BLOCK) block = bytes;
    return bytes;
  };
  extractor.emit = ((event: string, ...args: unknown[]) =>
    (event === 'entry' && map !== undefined) || emit.call(extractor, event, ...args)) as typeof emit;

  internals._consumeHeader = () => {
    try {
      return map === undefined ? readHeader() : readMap(map);
    } catch (error) {
      internals._continueWrite(error as Error);
      return false;
    }
  };

  function readHeader(): boolean {
    const goOn = consumeHeader.call(extractor);
    if (internals._missing < 0) throw new Error('Invalid header');
    zeroBlocks = internals._header === null ? zeroBlocks + 1 : 0;
    if (zeroBlocks === 2) {
      shift.call(internals._buffer, internals._buffer.buffered);
      internals._write = (data, done) => {
        internals._buffer.shifted += data.length;
        done(null);
      };
    }
    return goOn;
  }

  /** One more block of a sparse file's map; after the last one the entry is told. */
  function readMap(reading: SparseMapReader & { size: number; stored: number }): boolean {
    const { _header: header } = internals;
    if (header === null) return false;
    const more = reading.add(shift.call(internals._buffer, BLOCK));
    if (reading.inContent) reading.stored -= BLOCK;
    if (more && !(reading.inContent && reading.stored <= 0)) return true;
    map = undefined;
    if (more) throw new Error('Invalid header');
    header.sparse = { size: reading.size, parts: reading.parts() };
    header.size = reading.stored;
    header.byteOffset = internals._buffer.shifted;
    checkSparseMap(header.sparse, header.size);
    const stream = internals._createStream();
    if (header.size > 0) {
      internals._stream = stream;
      internals._missing = header.size;
    }
    return extractor.emit('entry', header as never, stream as never, internals._unlockBound);
  }

  internals._decodeLongHeader = (content) => {
    const type = internals._header?.type;
    if (type === 'pax-global-header') return;
    if (type === 'pax-header') internals._pax = { ...internals._pax, ...parsePax(content) };
    else decodeLongHeader.call(extractor, content);
  };
  internals._applyLongHeaders = () => {
    const header = internals._header;
    if (header === null) return;
    readNumbers(header, block);
    applyLongHeaders.call(extractor);
    if (header.type !== null && WITHOUT_CONTENT.has(header.type)) header.size = 0;
    const sparse = sparseFile(header, block);
    if (sparse === undefined) return;
    header.type = 'file';
    if (sparse.name !== undefined) header.name = sparse.name;
    if (sparse.more === undefined) {
      checkSparseMap(sparse.map, header.size);
      header.sparse = sparse.map;
    } else {
      map = { ...sparse.more, size: sparse.map.size, stored: header.size };
      // So tar-stream goes on to the next block.
      header.size = 0;
    }
  };
  if (direct) giveDirectly(extractor, internals);
  // When reading fails, the entry being read fails too; the extractor's own error is the one that counts, and an
  // 'error' event that nobody listens to would end the process.
  extractor.on('entry', (_header, content) => content.on('error', () => {}));
  return extractor;
}

/** tar-stream takes base 256 for the complement of one where it is negative, and -1 for 0. */
function readNumbers(header: NonNullable<Internals['_header']>, block: Buffer): void {
  const fields = { mode: [100, 8], uid: [108, 8], gid: [116, 8], size: [124, 12] } as const;
  const devices = { devmajor: [329, 8], devminor: [337, 8] } as const;
  for (const [name, [offset, width]] of Object.entries({ ...fields, ...devices }))
    if (isBinary(block, offset)) header[name as keyof typeof fields] = tarNumber(block, offset, width);
  if (isBinary(block, MTIME)) header.mtime = new Date(tarNumber(block, MTIME, 12) * 1000);
}

const MTIME = 136;

function isBinary(block: Buffer, offset: number): boolean {
  return ((block[offset] ?? 0) & 0x80) !== 0;
}

/** By the header's own format, or by PAX records. */
function sparseFile(header: NonNullable<Internals['_header']>, block: Buffer) {
  const isOld = block[156] === OLD_SPARSE && block.toString('latin1', 257, 265) === GNU_MAGIC;
  if (isOld) return { ...oldSparseMap(block), name: undefined };
  const sparse = paxSparseMap(header.pax ?? {});
  if (sparse !== undefined && header.type !== 'file' && header.type !== 'contiguous-file')
    throw new Error('sparse, but no file');
  return sparse;
}

const OLD_SPARSE = 'S'.charCodeAt(0);
const GNU_MAGIC = 'ustar  \0';

/** "LENGTH KEY=VALUE\n" over and over; LENGTH counts the whole record in decimal (pax(1)). */
export function parsePax(content: Buffer): Record<string, string> {
  const records: Record<string, string> = Object.create(null);
  const inTurn: string[] = [];
  let offset = 0;
  // Some writers pad the records with NULs.
  while (offset < content.length && content[offset] !== 0) {
    const space = content.indexOf(0x20, offset);
    const digits = space < 0 ? '' : content.toString('latin1', offset, space);
    const length = /^[0-9]{1,8}$/.test(digits) ? Number(digits) : 0;
    const end = offset + length;
    const equals = content.indexOf(0x3d, space);
    if (end > content.length || end <= space || content[end - 1] !== 0x0a || equals < 0 || equals >= end) {
      throw new Error('malformed PAX header');
    }
    const key = content.toString('latin1', space + 1, equals);
    const value = content.toString('latin1', equals + 1, end - 1);
    if (key === SPARSE_IN_TURN[inTurn.length % 2]) inTurn.push(value);
    else records[key] = value;
    offset = end;
  }
  // As the later format has them.
  if (inTurn.length > 0) records['GNU.sparse.map'] = inTurn.join(',');
  return records;
}
