/** `ps --watch`, `stats`: the same again every so many seconds, on a cleared screen. */
import { setTimeout as delay } from 'node:timers/promises';
import { printsToTerminal } from '../wiring/output.ts';
import type { CommandContext } from './command.ts';

/** Clears a terminal and goes to its first line (console_codes(4)). */
const CLEAR_SCREEN = '\x1b[2J\x1b[1;1H';

/** Calls `show` once when `seconds` is 0, else until the process is ended or `show` returns an error. */
export async function repeat(
  { seconds, clear = true }: { seconds: number; clear?: boolean },
  { print }: Pick<CommandContext, 'print'>,
  show: () => Promise<number>,
): Promise<number> {
  for (;;) {
    if (seconds > 0 && clear && printsToTerminal()) print(CLEAR_SCREEN);
    const exitCode = await show();
    if (seconds === 0 || exitCode !== 0) return exitCode;
    await delay(seconds * 1000);
  }
}
