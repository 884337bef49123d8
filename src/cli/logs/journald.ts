/** A container's output in the journal, by the field that conmon's journald driver writes (conmon(8), --log-path). */
import { execa } from 'execa';
import { BerthError } from '../../model/errors.ts';
import { selectPieces } from './k8s-file.ts';
import type { LogPiece, LogQuery } from './line.ts';

interface Entry {
  __CURSOR: string;
  __REALTIME_TIMESTAMP: string;
  /** An array of bytes when it is not UTF-8 (journalctl(1), -o json). */
  MESSAGE?: string | number[] | null;
  PRIORITY?: string;
  CONTAINER_PARTIAL_MESSAGE?: string;
}

/** Which entries: `FIELD=value` each; all of them must match (journalctl(1)). */
export type JournalMatch = readonly string[];

/** What conmon has written for a container. */
export function conmonEntries(id: string): JournalMatch {
  return [`CONTAINER_ID_FULL=${id}`];
}

/** What the processes of a unit have written to their standard output and error: one stream, which has no errors apart. */
export function unitOutput(unit: string): JournalMatch {
  return [`_SYSTEMD_UNIT=${unit}`, '_TRANSPORT=stdout'];
}

/** Hands every piece to `onPiece`, oldest first. Returns the cursor of the last one. */
export async function readJournal(
  match: JournalMatch,
  query: LogQuery & { afterCursor?: string },
  onPiece: (piece: LogPiece) => void,
): Promise<string | undefined> {
  // journalctl calls an empty span of time an error.
  if (query.since !== undefined && query.until !== undefined && query.until <= query.since)
    return query.afterCursor;
  if (query.tail !== undefined && query.afterCursor === undefined) {
    const { pieces, cursor } = await readTail(match, { ...query, tail: query.tail });
    pieces.forEach(onPiece);
    return cursor;
  }
  let last = query.afterCursor;
  await stream(journalArguments(match, query), {
    onPiece: (piece, cursor) => {
      last = cursor;
      onPiece(piece);
    },
  });
  return last;
}

/**
 * Follows the journal until `ended` resolves, then reads what had not come yet. journald answers `--sync` only when all
 * that was sent before is in the journal, so nothing is lost and nothing is waited for by time.
 */
export async function followJournal(
  match: JournalMatch,
  query: LogQuery,
  onPiece: (piece: LogPiece) => void,
  ended: Promise<unknown>,
): Promise<void> {
  const stop = new AbortController();
  void ended.then(() => stop.abort());
  let last = query.tail === undefined ? undefined : await readJournal(match, query, onPiece);
  await stream([...journalArguments(match, after(query, last)), '--follow', '--lines=all'], {
    onPiece: (piece, cursor) => {
      last = cursor;
      onPiece(piece);
    },
    stop,
  });
  await execa('journalctl', ['--sync'], { reject: false });
  await readJournal(match, after(query, last), onPiece);
}

/** What comes after a cursor, or everything: the lines asked for by `tail` have been read before. */
function after({ tail: _read, since, ...query }: LogQuery, cursor: string | undefined) {
  if (cursor !== undefined) return { ...query, afterCursor: cursor }; // journalctl takes no --since beside it
  return since === undefined ? query : { ...query, since };
}

/** The last lines, read backwards: how many entries a line has is known only when its beginning is seen. */
async function readTail(
  match: JournalMatch,
  query: LogQuery & { tail: number },
): Promise<{ pieces: LogPiece[]; cursor?: string }> {
  const stop = new AbortController();
  const pieces: LogPiece[] = [];
  let newest: string | undefined;
  let ends = 0;
  await stream([...journalArguments(match, query), '--reverse'], {
    onPiece: (piece, cursor) => {
      newest ??= cursor;
      if (ends > query.tail + 1) return;
      pieces.unshift(piece);
      // One more than the lines asked for, and one for a line of the other stream between its pieces.
      if (piece.complete && ++ends > query.tail + 1) stop.abort();
    },
    stop,
  });
  return {
    pieces: selectPieces(pieces, { tail: query.tail }),
    ...(newest === undefined ? {} : { cursor: newest }),
  };
}

function journalArguments(
  match: JournalMatch,
  { since, until, afterCursor }: LogQuery & { afterCursor?: string },
): string[] {
  const at = (ms: number): string => `@${(ms / 1000).toFixed(6)}`;
  return [
    '--quiet',
    '--output=json',
    // Else a field of more than 4 KiB is null; conmon's pieces have up to 8 KiB.
    '--all',
    '--output-fields=MESSAGE,PRIORITY,CONTAINER_PARTIAL_MESSAGE',
    ...(since === undefined ? [] : [`--since=${at(since)}`]),
    ...(until === undefined ? [] : [`--until=${at(until)}`]),
    ...(afterCursor === undefined ? [] : [`--after-cursor=${afterCursor}`]),
    ...match,
  ];
}

/** Runs journalctl to its end, or until `stop`; each entry with its cursor. */
async function stream(
  args: string[],
  { onPiece, stop }: { onPiece: (piece: LogPiece, cursor: string) => void; stop?: AbortController },
): Promise<void> {
  const journal = execa('journalctl', args, {
    stdin: 'ignore',
    buffer: false,
    reject: false,
    ...(stop === undefined ? {} : { cancelSignal: stop.signal }),
  });
  for await (const line of journal.iterable()) {
    const entry = parseEntry(String(line), stop?.signal.aborted === true);
    if (entry === undefined) continue;
    onPiece(piece(entry), entry.__CURSOR);
  }
  const result = await journal;
  if (result.failed && !result.isCanceled) {
    throw new BerthError(
      result.code === 'ENOENT' ? 'missing-program' : 'runtime',
      `cannot read the journal: ${result.shortMessage}`,
    );
  }
}

/** journalctl may be stopped in the middle of a line; that entry has not been seen then. */
function parseEntry(line: string, stopped: boolean): Entry | undefined {
  try {
    return JSON.parse(line) as Entry;
  } catch (error) {
    if (stopped) return undefined;
    throw error;
  }
}

function piece({ MESSAGE, PRIORITY, ...entry }: Entry): LogPiece {
  const bytes = typeof MESSAGE === 'string' ? Buffer.from(MESSAGE) : Buffer.from(MESSAGE ?? []);
  const complete = entry.CONTAINER_PARTIAL_MESSAGE !== 'true';
  return {
    stream: PRIORITY === '3' ? 'stderr' : 'stdout',
    // conmon 2.1 sends the end of the line as part of the message, 2.2 does not.
    bytes: complete && bytes.at(-1) === NEWLINE ? bytes.subarray(0, -1) : bytes,
    complete,
    time: new Date(Number(entry.__REALTIME_TIMESTAMP) / 1000).toISOString(),
  };
}

const NEWLINE = 0x0a;
