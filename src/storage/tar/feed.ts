/**
 * A tar through tar-stream's extractor without streams: chunk by chunk, each of which is done with before the next is asked for.
 * Memory is then a chunk, however large the tar and what is in it.
 */
import type { Extract } from 'tar-stream';
import type { Internals, TarHeader } from './reader.ts';

/** Bytes are to be used before the call returns: their memory is not the sink's. */
export interface ContentSink {
  write(bytes: Buffer): void;
  /** After the last byte. */
  end(): void;
}

/** Who wants to know the bytes of a tar beside what is read in them. */
export interface TarWatcher {
  /** The next bytes, before they are read. Their memory may be used again after `reached`. */
  bytes(chunk: Buffer): void;
  /** What is in the tar before this offset has been told. */
  reached(offset: number): void;
}

/**
 * Lets an extractor made with `direct` read a tar. Each chunk is done with before the next is asked for, so that its memory may be
 * used again. Errors: what the source throws, and what the extractor was destroyed with.
 */
export async function readTar(
  extractor: Extract,
  tar: AsyncIterable<Buffer>,
  watcher?: TarWatcher,
): Promise<void> {
  const { _buffer: list } = extractor as unknown as Internals;
  let goOn = () => {};
  extractor.on('drain', () => goOn());
  const ended = new Promise<void>((resolve, reject) => {
    extractor.on('error', reject);
    extractor.on('close', () => {
      resolve();
      goOn();
    });
  });
  ended.catch(() => {}); // it is awaited below
  try {
    for await (const memory of tar) {
      // An entry's header that began in the chunk before: it will be kept until it is whole.
      const isKept = list.buffered > 0;
      const chunk = isKept ? Buffer.from(memory) : memory;
      watcher?.bytes(chunk);
      const read = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      if (!extractor.write(chunk)) await read;
      if (extractor.destroyed) break;
      if (list.buffered > 0 && !isKept) keepRest(list);
      watcher?.reached(list.shifted);
    }
    (extractor as unknown as NodeJS.WritableStream).end();
    await ended;
  } catch (error) {
    extractor.destroy(error as Error);
    throw error;
  }
}

/** Copies what has been written and not read. */
function keepRest(list: Internals['_buffer']): void {
  const { buffered, shifted } = list;
  list.push(Buffer.from(list.shift(buffered)));
  list.shifted = shifted;
}

/** What stands for the stream of an entry: as much of one as tar-fs and tar-stream ask. */
class Content {
  private sink: ContentSink | undefined;
  private readonly internals: Internals;
  private readonly size: number;

  constructor(internals: Internals, size: number) {
    this.internals = internals;
    this.size = size;
  }

  to(sink: ContentSink): void {
    this.sink = sink;
    if (this.size === 0) sink.end();
  }

  /** True: there may be more at once. */
  push(bytes: Buffer | null): boolean {
    if (bytes === null) this.sink?.end();
    else this.sink?.write(bytes);
    return true;
  }

  _detach(): void {
    this.internals._stream = null;
    this.internals._missing = -this.size & 511;
  }

  on(): this {
    return this;
  }

  resume(): this {
    return this;
  }

  destroy(): void {}
}

/** Of an entry that is whole already. */
const WHOLE = { resume: () => WHOLE, on: () => WHOLE };

/** For `byteExactExtract`: entries without streams. */
export function giveDirectly(extractor: Extract, internals: Internals): void {
  const { _createStream: createStream, _update: update } = internals;
  if (createStream === undefined || update === undefined)
    throw new Error('this tar-stream has no _createStream or _update');
  internals._createStream = () => {
    const { size = 0, sparse } = internals._header ?? {};
    const whole = sparse === undefined && size <= internals._buffer.buffered;
    return whole ? WHOLE : new Content(internals, size);
  };
  extractor.on('entry', (entry, stream: unknown) => {
    const header = entry as unknown as TarHeader;
    if (stream instanceof Content) {
      header.takeContent = (sink) => stream.to(sink);
      return;
    }
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
