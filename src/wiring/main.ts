/** The frame of every entry point: arguments in, one line of error and an exit code out. */
import { parseArgs } from 'node:util';
import { BerthError, isErrno, messageOf } from '../model/errors.ts';

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
    const { values, positionals } = parseArgs({
      options: { root: { type: 'string' }, result: { type: 'string' } },
      allowPositionals: true,
    });
    process.exit(await work({ root: values.root, result: values.result, positionals }));
  } catch (error) {
    process.exit(report(error));
  }
}

/** Says what went wrong on one line and returns the exit code; a bug shows where it is. */
export function report(error: unknown): number {
  if (error instanceof BerthError) {
    process.stderr.write(`Error: ${error.message}\n`);
    return error.exitCode;
  }
  if (isErrno(error, 'EROFS')) {
    process.stderr.write(
      `Error: ${messageOf(error)}: if a unit says this, a drop-in keeps Berth from writing (ProtectSystem=): see berth-unit(7), CHANGES\n`,
    );
    return 125;
  }
  const parseError = String((error as { code?: unknown } | undefined)?.code).startsWith('ERR_PARSE_ARGS');
  process.stderr.write(
    parseError
      ? `Error: ${messageOf(error)}\n`
      : `Error: this is a bug in Berth: ${error instanceof Error ? error.stack : String(error)}\n`,
  );
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
