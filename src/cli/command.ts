/** What a command is: data for the parser and the help text, and one function. */
import type { Ports } from '../lifecycle/ports.ts';

export interface Flag {
  /** bool: --x, --x=false · string, int, uint, number: one value, the last one counts · strings: may be given several times. */
  type: 'bool' | 'string' | 'int' | 'uint' | 'number' | 'strings';
  short?: string;
  /** A second name, for those who know it by that. */
  alias?: string;
  help: string;
  /** The only values that a string may have. */
  choices?: readonly string[];
  /** Said in the help; the code that uses the flag applies it. */
  default?: string;
}

export interface Command {
  /** Words after the program's name: ['create'], ['healthcheck', 'run']. */
  path: string[];
  /** Positionals, as the usage line shows them. */
  usage: string;
  summary: string;
  flags: Record<string, Flag>;
  /** Flags end at the first positional, because what follows belongs to the container's command. */
  stopAtPositional?: boolean;
  /** Fewest and most positionals. */
  positionals: [least: number, most: number];
  /** What is said of too few or too many, where Podman has words of its own. */
  miscounted?: { few?: string; many?: string };
  /** Returns the exit code; throws BerthError. */
  run(args: Arguments, context: CommandContext): Promise<number>;
}

export interface CommandContext {
  /** Opens the instance, once; call it after checking what can be checked without. */
  ports(): Promise<Ports>;
  /** Value of --root, for commands that need more than the ports. */
  root: string | undefined;
  /** Values of --hooks-dir, absolute, for create and run; undefined if there are none. */
  hooksDirs: string[] | undefined;
  /** The whole command line as typed, program first. */
  argv: string[];
  /** Writes to standard output. */
  print(text: string): void;
  /** Writes bytes to standard output as fast as they are taken; a reader that has gone away is an error. */
  stream(chunks: AsyncIterable<Uint8Array>): Promise<void>;
  warn(line: string): void;
}

/** Parsed flags with checked types. */
export interface Arguments {
  positionals: string[];
  /** Was the flag given at all? */
  has(flag: string): boolean;
  bool(flag: string, fallback?: boolean): boolean;
  string(flag: string): string | undefined;
  /** A whole number. */
  int(flag: string): number | undefined;
  number(flag: string): number | undefined;
  strings(flag: string): string[];
}
