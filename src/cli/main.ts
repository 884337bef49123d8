/** `berth`: global flags, the command's file, its exit code. The only place besides wiring/main.ts that ends the process. */
import path from 'node:path';
import type { Ports } from '../lifecycle/ports.ts';
import { BerthError } from '../model/errors.ts';
import { report } from '../wiring/main.ts';
import { complain, print, stream } from '../wiring/output.ts';
import { VERSION } from '../wiring/version.ts';
import type { CommandContext } from './command.ts';
import { COMMANDS, findCommand } from './commands.ts';
import { parseCommandLine } from './parse.ts';

/** Runs a command line (without the program's name) and ends the process with its exit code. */
export async function main(argv: string[]): Promise<never> {
  process.exit(await dispatch(argv).catch(report));
}

async function dispatch(argv: string[]): Promise<number> {
  const { root, hooksDirs, help, version, rest } = globalFlags(argv);
  if (version) {
    print(`berth version ${VERSION}\n`);
    return 0;
  }
  if (help || rest.length === 0) {
    const { overview } = await import('./help.ts');
    print(overview(Object.entries(COMMANDS).map(([path, { summary }]) => ({ path, summary }))));
    return help ? 0 : 125;
  }
  const found = findCommand(rest);
  if (found === undefined) {
    // "healthcheck" and "container" are only halves of a command.
    const whole = Object.keys(COMMANDS).filter((path) => path.startsWith(`${rest[0]} `));
    const hint = whole.length === 0 ? 'see berth --help' : `there is berth ${whole.join(', berth ')}`;
    throw new BerthError(
      'usage',
      `unrecognized command \`berth ${rest.slice(0, whole.length === 0 ? 1 : 2).join(' ')}\`: ${hint}`,
    );
  }
  // Errors and help name it as it was called.
  const command = { ...(await found.entry.load()).command, path: found.path };
  const args = parseCommandLine(command, found.rest);
  if (args.bool('help')) {
    const { commandHelp } = await import('./help.ts');
    print(await commandHelp(command));
    return 0;
  }
  // Loaded when asked for, so that a command line that is wrong, or asks for help, costs no database.
  const open = async (): Promise<Ports> =>
    (await import('../wiring/all.ts')).allPorts(root, `berth ${command.path.join(' ')}`);
  let opened: Promise<Ports> | undefined;
  const context: CommandContext = {
    ports: () => (opened ??= open()),
    root,
    hooksDirs,
    argv: ['berth', ...argv],
    print,
    stream,
    warn: (line) => complain(`${line}\n`),
  };
  return command.run(args, context);
}

interface GlobalFlags {
  root?: string;
  hooksDirs?: string[];
  help: boolean;
  version: boolean;
  rest: string[];
}

/** The flags before the command; a flag that is not known here is an error, not the command's. */
function globalFlags(argv: string[]): GlobalFlags {
  const rest = [...argv];
  const found: GlobalFlags = { help: false, version: false, rest };
  while (rest[0]?.startsWith('-') === true) {
    const [flag = '', ...inline] = (rest.shift() ?? '').split('=');
    const value = (): string => {
      const given = inline.length > 0 ? inline.join('=') : rest.shift();
      if (given === undefined)
        throw new BerthError('usage', `flag needs an argument: ${flag}: see berth --help`);
      return given;
    };
    if (flag === '--root') found.root = value();
    else if (flag === '--hooks-dir') found.hooksDirs = [...(found.hooksDirs ?? []), hooksDir(value())];
    else if (inline.length > 0)
      throw new BerthError('usage', `unknown flag: ${flag}=${inline.join('=')}: see berth --help`);
    else if (flag === '--help' || flag === '-h') found.help = true;
    else if (flag === '--version' || flag === '-v') found.version = true;
    else throw new BerthError('usage', `unknown flag: ${flag}: see berth --help`);
  }
  return found;
}

function hooksDir(directory: string): string {
  if (directory === '')
    throw new BerthError('usage', 'empty-string hook directories are not supported: invalid argument');
  return path.resolve(directory);
}
