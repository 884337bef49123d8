/** Pieces of output to this process's own standard output and error, each to where the container wrote it. */
import { print, printError } from '../../wiring/output.ts';
import type { LogPiece } from './line.ts';

const WRITE = { stdout: print, stderr: printError };

export interface WriterOptions {
  timestamps: boolean;
  /** Before every line: the name or the ID of one container among several. */
  prefix?: string;
  /** ANSI colour, `37`. */
  color?: number;
}

/** A writer for one container; what leads a line is written once however many pieces the line comes in. */
export function pieceWriter({ timestamps, prefix, color }: WriterOptions): (piece: LogPiece) => void {
  const midLine = { stdout: false, stderr: false };
  const [before, after] = color === undefined ? ['', ''] : [`\x1b[${color}m`, '\x1b[0m'];
  return ({ stream, bytes, complete, time }) => {
    const lead = midLine[stream]
      ? ''
      : `${prefix === undefined ? '' : `${prefix} `}${timestamps ? `${shownTime(time)} ` : ''}`;
    midLine[stream] = !complete;
    WRITE[stream](
      Buffer.concat([Buffer.from(before + lead), bytes, Buffer.from(`${after}${complete ? '\n' : ''}`)]),
    );
  };
}

/** As Go writes a time: no zeros at the end of the fraction, Z for UTC. */
function shownTime(time: string): string {
  return time.replace(/\.?0*(Z|[+-]\d\d:\d\d)$/, (_, offset: string) => (offset === '+00:00' ? 'Z' : offset));
}
