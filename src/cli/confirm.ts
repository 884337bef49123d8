/** Asking before something is removed. */
import { createInterface } from 'node:readline';
import { BerthError } from '../model/errors.ts';
import type { CommandContext } from './command.ts';

/** Prints the warning and asks; true for an answer that begins with y. Throws when there is nobody to answer. */
export async function confirmed({ print }: Pick<CommandContext, 'print'>, warning: string): Promise<boolean> {
  print(`WARNING! ${warning}\nAre you sure you want to continue? [y/N] `);
  const lines = createInterface({ input: process.stdin });
  try {
    for await (const line of lines) return /^y/i.test(line);
  } finally {
    lines.close();
  }
  throw new BerthError('usage', 'EOF');
}
