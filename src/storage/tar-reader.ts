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
 * whatever comes after them.
 */
import { type Extract, extract } from 'tar-stream';

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
  /** All of the entry's content, if it came at once: see `byteExactExtract`. */
  content?: Buffer;
}

/** The parts of tar-stream 3.2.2's extractor that are replaced; a test fails when they are renamed. */
interface Internals {
  /** null: the block was all zeros. */
  _header: (Omit<TarHeader, 'type'> & { type: string | null }) | null;
  _buffer: { buffered: number; shift(size: number): Buffer };
  /** The content of the current entry, until it has been read; of how many bytes before the next header. */
  _stream: unknown;
  _missing: number;
  _createStream(): unknown;
  _update(): void;
  _consumeHeader(): boolean;
  _write(data: Uint8Array, done: (error: Error | null) => void): void;
  _pax: Record<string, string> | null;
  _decodeLongHeader(content: Buffer): void;
  _applyLongHeaders(): void;
}

const WITHOUT_CONTENT = new Set(['link', 'symlink', 'character-device', 'block-device', 'directory', 'fifo']);

/**
 * @param options.atOnce entries whose content is in memory when their header is read, and those without any, have it in
 * `header.content`, and instead of a stream something that is none: making one takes longer than writing a small file.
 */
export function byteExactExtract({ atOnce = false }: { atOnce?: boolean } = {}): Extract {
  // Archives of the time before POSIX have no magic; the checksum still has to be right.
  const options: object = { filenameEncoding: 'latin1', allowUnknownFormat: true };
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
  let zeroBlocks = 0;
  internals._consumeHeader = () => {
    const goOn = consumeHeader.call(extractor);
    zeroBlocks = internals._header === null ? zeroBlocks + 1 : 0;
    if (zeroBlocks === 2) {
      internals._buffer.shift(internals._buffer.buffered);
      internals._write = (_data, done) => done(null);
    }
    return goOn;
  };
  internals._decodeLongHeader = (content) => {
    const type = internals._header?.type;
    if (type === 'pax-global-header') return;
    if (type === 'pax-header') internals._pax = { ...internals._pax, ...parsePax(content) };
    else decodeLongHeader.call(extractor, content);
  };
  internals._applyLongHeaders = () => {
    applyLongHeaders.call(extractor);
    const header = internals._header;
    if (header !== null && header.type !== null && WITHOUT_CONTENT.has(header.type)) header.size = 0;
  };
  if (atOnce) giveAtOnce(extractor, internals);
  // When reading fails, the entry being read fails too; the extractor's own error is the one that counts, and an
  // 'error' event that nobody listens to would end the process.
  extractor.on('entry', (_header, content) => content.on('error', () => {}));
  return extractor;
}

/** What stands for the stream of an entry that is whole already: as much of one as tar-fs asks of what it ignores. */
const WHOLE = { resume: () => WHOLE, on: () => WHOLE };

function giveAtOnce(extractor: Extract, internals: Internals): void {
  const { _createStream: createStream, _update: update } = internals;
  if (createStream === undefined || update === undefined)
    throw new Error('this tar-stream has no _createStream or _update');
  internals._createStream = () => {
    const whole = (internals._header?.size ?? 0) <= internals._buffer.buffered;
    return whole ? WHOLE : createStream.call(extractor);
  };
  extractor.on('entry', (entry, stream) => {
    if ((stream as unknown) !== WHOLE) return;
    const header = entry as unknown as TarHeader;
    header.content = internals._buffer.shift(header.size);
    internals._stream = null;
    internals._missing = -header.size & 511;
  });
  // Who is done with an entry at once would otherwise come to the next one in a recursion.
  let updating = false;
  let again = false;
  internals._update = () => {
    again = true;
    if (updating) return;
    updating = true;
    try {
      while (again) {
        again = false;
        update.call(extractor);
      }
    } finally {
      updating = false;
    }
  };
}

/** "LENGTH KEY=VALUE\n" over and over; LENGTH counts the whole record in decimal (pax(1)). */
export function parsePax(content: Buffer): Record<string, string> {
  const records: Record<string, string> = Object.create(null);
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
    records[content.toString('latin1', space + 1, equals)] = content.toString('latin1', equals + 1, end - 1);
    offset = end;
  }
  return records;
}
