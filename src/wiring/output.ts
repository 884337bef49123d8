/** What the commands of a person say, and where. */
import { BerthError, isErrno, messageOf } from '../model/errors.ts';
import { STDERR, STDOUT, writeAll } from '../sys/output.ts';
import { isTerminal } from '../sys/tty.ts';

export { complain } from '../sys/output.ts';
export { isTerminal } from '../sys/tty.ts';

/** Writes to standard output; ends the process where that cannot be. */
export function print(text: string | Uint8Array): void {
  write(STDOUT, text);
}

/** The same for what a container wrote to standard error: it is no complaint of ours, and must not be lost in silence. */
export function printError(text: Uint8Array): void {
  write(STDERR, text);
}

function write(fd: number, text: string | Uint8Array): void {
  try {
    writeAll(fd, text);
  } catch (error) {
    // A reader that has gone away (`berth ps | head -1`) is no error.
    process.exit(isErrno(error, 'EPIPE') ? 0 : 125);
  }
}

/** The same for who has something to put in order when it cannot be written: throws BerthError 'storage'. */
export async function stream(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) {
    try {
      writeAll(STDOUT, chunk);
    } catch (error) {
      throw new BerthError('storage', `cannot write to standard output: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

/** Is standard output a terminal? */
export function printsToTerminal(): boolean {
  return isTerminal(STDOUT);
}
