/**
 * Command lines as Podman's parser (Go's pflag) reads them. Written here because yargs' own parser differs where habits
 * and scripts depend on it: it drops all but the last of `-e A -e B`, and does not know `-eA=B` or `--entrypoint -x`.
 */
import { BerthError } from '../model/errors.ts';
import type { Arguments, Command, Flag } from './command.ts';

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false] as const),
]);

/** Parses what follows the command's name. Throws BerthError 'usage' with Podman's words and where to look. */
export function parseCommandLine(command: Command, argv: readonly string[]): Arguments {
  const fail = (text: string): never => {
    throw new BerthError('usage', `${text}: see berth ${command.path.join(' ')} --help`);
  };
  const flags = knownFlags(command);
  const { positionals, given } = split(argv, { flags, stopAtPositional: command.stopAtPositional, fail });
  for (const [name, texts] of given) {
    for (const text of texts) checkValue({ ...flags.get(name), name }, text, fail);
  }
  const last = (name: string): string | undefined => given.get(name)?.at(-1);
  const number = (name: string): number | undefined => {
    const text = last(name);
    return text === undefined ? undefined : Number(text);
  };
  const args: Arguments = {
    positionals,
    has: (name) => given.has(name),
    bool: (name, fallback = false) => BOOLEANS.get(last(name) ?? '') ?? fallback,
    string: last,
    int: number,
    number,
    strings: (name) => given.get(name) ?? [],
  };
  const [least, most] = command.positionals;
  if (args.bool('help')) return args;
  const count = positionals.length;
  if (count < least || count > most) fail(wrongCount(command, count));
  return args;
}

/** Cobra's words, which Podman has for most of its commands. */
function wrongCount({ path, positionals: [least, most], miscounted }: Command, count: number): string {
  const own = count < least ? miscounted?.few : miscounted?.many;
  if (own !== undefined) return own;
  if (most === 0) return `\`berth ${path.join(' ')}\` takes no arguments`;
  if (least === most) return `accepts ${least} arg(s), received ${count}`;
  if (count < least) return `requires at least ${least} arg(s), only received ${count}`;
  return `accepts at most ${most} arg(s), received ${count}`;
}

type Fail = (text: string) => never;

/** The command's flags and --help, which has -h where the command leaves it free. */
function knownFlags({ flags }: Command): Map<string, Flag> {
  const taken = Object.values(flags).some(({ short }) => short === 'h');
  return new Map([
    ...Object.entries(flags),
    ['help', { type: 'bool', help: 'Show this text', ...(taken ? {} : { short: 'h' }) }],
  ]);
}

interface Grammar {
  flags: Map<string, Flag>;
  stopAtPositional: boolean | undefined;
  fail: Fail;
}

/** Words into positionals and the texts of each flag, in order. */
function split(
  argv: readonly string[],
  { flags, stopAtPositional, fail }: Grammar,
): { positionals: string[]; given: Map<string, string[]> } {
  const given = new Map<string, string[]>();
  const positionals: string[] = [];
  const rest = [...argv];
  const set = (name: string, text: string): void => {
    const texts = given.get(name);
    if (texts === undefined) given.set(name, [text]);
    else texts.push(text);
  };

  const long = (word: string): void => {
    const [, typed = '', value] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (typed === '' || typed.startsWith('-')) fail(`bad flag syntax: ${word}`);
    const name = [...flags].find(([, { alias }]) => alias === typed)?.[0] ?? typed;
    const flag = flags.get(name) ?? fail(`unknown flag: --${name}`);
    if (value !== undefined) set(name, value);
    else if (flag.type === 'bool') set(name, 'true');
    else set(name, rest.shift() ?? fail(`flag needs an argument: --${name}`));
  };
  /** `-it`, `-eA=B`, `-e A=B`, `-i=false`: what follows a letter that takes a value is the value. */
  const short = (letters: string): void => {
    for (let at = 0; at < letters.length; at++) {
      const [letter = '', tail] = [letters[at], letters.slice(at + 1)];
      const [name, flag] =
        [...flags].find(([, { short }]) => short === letter) ??
        fail(`unknown shorthand flag: '${letter}' in -${letters.slice(at)}`);
      const hasValue = tail.length > 1 && tail.startsWith('=');
      if (flag.type === 'bool' && !hasValue) {
        set(name, 'true');
        continue;
      }
      if (hasValue) set(name, tail.slice(1));
      else if (tail !== '') set(name, tail);
      else set(name, rest.shift() ?? fail(`flag needs an argument: '${letter}' in -${letters.slice(at)}`));
      return;
    }
  };

  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') return { positionals: [...positionals, ...rest], given };
    if (word.startsWith('--')) long(word);
    else if (word.startsWith('-') && word !== '-') short(word.slice(1));
    else if (stopAtPositional === true) return { positionals: [word, ...rest], given };
    else positionals.push(word);
  }
  return { positionals, given };
}

/** How a value must look, and the function of Go's that Podman quotes when it does not. */
const VALUES: Partial<Record<Flag['type'], { parser: string; form: RegExp; largest: number }>> = {
  int: { parser: 'ParseInt', form: /^[+-]?\d+$/, largest: Number.MAX_SAFE_INTEGER },
  uint: { parser: 'ParseUint', form: /^\d+$/, largest: Number.MAX_SAFE_INTEGER },
  number: {
    parser: 'ParseFloat',
    form: /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i,
    largest: Number.MAX_VALUE,
  },
};

function checkValue(
  { type = 'string', short, name, choices }: Partial<Flag> & { name: string },
  text: string,
  fail: Fail,
): void {
  const quoted = JSON.stringify(text);
  const refuse = (why: string): never =>
    fail(
      `invalid argument ${quoted} for "${short === undefined ? '' : `-${short}, `}--${name}" flag: ${why}`,
    );
  if (choices !== undefined && !choices.includes(text))
    refuse(`${quoted} is not a valid value.  Choose from: "${choices.join(', ')}"`);
  if (type === 'bool' && !BOOLEANS.has(text)) refuse(`strconv.ParseBool: parsing ${quoted}: invalid syntax`);
  const value = VALUES[type];
  if (value === undefined) return;
  if (!value.form.test(text)) refuse(`strconv.${value.parser}: parsing ${quoted}: invalid syntax`);
  if (Math.abs(Number(text)) > value.largest)
    refuse(`strconv.${value.parser}: parsing ${quoted}: value out of range`);
}
