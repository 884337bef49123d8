/** One operation on several containers: every one is tried, each failure is said, the exit code tells of any. */
import { BerthError } from '../model/errors.ts';
import type { CommandContext } from './command.ts';

/**
 * Runs `work` for each in turn. Returns 0, or the exit code of the first failure. A failure that is not an answer
 * (a bug) ends it at once.
 */
export async function forEach<T>(
  all: readonly T[],
  { warn }: Pick<CommandContext, 'warn'>,
  work: (one: T) => Promise<void>,
): Promise<number> {
  let exitCode = 0;
  for (const one of all) {
    try {
      await work(one);
    } catch (error) {
      if (!(error instanceof BerthError)) throw error;
      warn(`Error: ${error.message}`);
      exitCode ||= error.exitCode;
    }
  }
  return exitCode;
}
