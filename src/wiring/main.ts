/** The frame of every entry point: arguments in, one line of error and an exit code out. */
import { BerthError, isErrno, messageOf } from '../model/errors.ts';
import { complain } from '../sys/output.ts';

export interface EntryArguments {
  /** --root DIR */
  root: string | undefined;
  /** --result PLACE, of berth-healthcheck. */
  result: string | undefined;
  positionals: string[];
}

/** Runs an entry point that units call, `berth-X [--root DIR] ID …`, and ends the process. */
export async function runEntry(work: (args: EntryArguments) => Promise<number>): Promise<never> {
  try {
    process.exit(await work(parseEntryArguments(process.argv.slice(2))));
  } catch (error) {
    process.exit(report(error));
  }
}

/** What generated units say, and a person who tries; with a parser of its own because loading one takes longer than all this. */
function parseEntryArguments(argv: readonly string[]): EntryArguments {
  const found: EntryArguments = { root: undefined, result: undefined, positionals: [] };
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? '';
    const [, flag, value] = /^--(root|result)(?:=(.*))?$/s.exec(argument) ?? [];
    if (flag === 'root' || flag === 'result') {
      found[flag] = value ?? argv[++at];
      if (found[flag] === undefined) throw new BerthError('usage', `flag needs an argument: --${flag}`);
    } else if (argument.startsWith('-')) throw new BerthError('usage', `unknown flag: ${argument}`);
    else found.positionals.push(argument);
  }
  return found;
}

/** Says what went wrong on one line and returns the exit code; a bug shows where it is. */
export function report(error: unknown): number {
  if (error instanceof BerthError) {
    complain(`Error: ${error.message}\n`);
    return error.exitCode;
  }
  if (isErrno(error, 'EROFS')) {
    complain(
      `Error: ${messageOf(error)}: if a unit says this, a drop-in keeps Berth from writing (ProtectSystem=): see berth-unit(7), CHANGES\n`,
    );
    return 125;
  }
  complain(`Error: this is a bug in Berth: ${error instanceof Error ? error.stack : String(error)}\n`);
  return 125;
}

/** The container id that every unit passes. */
export function idArgument({ positionals }: EntryArguments): string {
  const [id] = positionals;
  if (id === undefined)
    throw new BerthError(
      'usage',
      'the ID of a container is missing: this program is run by the container’s unit',
    );
  return id;
}
