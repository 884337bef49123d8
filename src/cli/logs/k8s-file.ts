/** conmon's k8s-file log: `TIME STREAM F|P TEXT` per line, P for a piece of a longer line. */
import type { LogPiece, LogQuery } from './line.ts';

/** Parses a whole log file; a line without the form (a torn last one) is left out. */
export function parseLogFile(content: Buffer): LogPiece[] {
  // latin1 keeps every byte as it is.
  const lines = content.toString('latin1').split('\n');
  return lines.flatMap((line): LogPiece[] => {
    const [, time = '', stream, tag, rest = ''] = /^(\S+) (stdout|stderr) ([FP]) (.*)$/s.exec(line) ?? [];
    if (stream !== 'stdout' && stream !== 'stderr') return [];
    return [{ time, stream, complete: tag === 'F', bytes: Buffer.from(rest, 'latin1') }];
  });
}

/** Applies --since, --until and --tail; a run of pieces counts as one line, ended or not. */
export function selectPieces(pieces: LogPiece[], { since, until, tail }: LogQuery): LogPiece[] {
  const inTime = pieces.filter(
    ({ time }) =>
      (since === undefined || Date.parse(time) >= since) &&
      (until === undefined || Date.parse(time) <= until),
  );
  if (tail === undefined) return inTime;
  const { lineOf, count } = numberLines(inTime);
  return inTime.filter((piece) => (lineOf.get(piece) ?? 0) >= count - tail);
}

/** Which line each piece belongs to, in order of their beginnings; pieces of the two streams may alternate. */
function numberLines(pieces: LogPiece[]): { lineOf: Map<LogPiece, number>; count: number } {
  const open: Partial<Record<LogPiece['stream'], number>> = {};
  const lineOf = new Map<LogPiece, number>();
  let count = 0;
  for (const piece of pieces) {
    const line = open[piece.stream] ?? count++;
    lineOf.set(piece, line);
    if (piece.complete) delete open[piece.stream];
    else open[piece.stream] = line;
  }
  return { lineOf, count };
}
