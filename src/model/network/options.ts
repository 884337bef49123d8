/** The options of network drivers (`--opt`): which there are, and what they may be. As Podman 5.4 answers (tried). Pure. */
import { BerthError } from '../errors.ts';
import type { NETWORK_DRIVERS } from './network.ts';

type Driver = (typeof NETWORK_DRIVERS)[number];
/** The value as it is kept; throws for a wrong one. */
type Check = (value: string) => string;

/** As Go reads them (strconv.ParseBool). */
const BOOLEANS: ReadonlyMap<string, string> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, 'true'] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, 'false'] as const),
]);

const bool: Check = (value) => {
  const read = BOOLEANS.get(value);
  if (read === undefined) throw syntax('ParseBool', value);
  return read;
};

/** Empty: none. */
const number =
  (check: (value: number) => string | undefined): Check =>
  (value) => {
    if (value === '') return value;
    if (!/^[+-]?\d+$/.test(value)) throw syntax('Atoi', value);
    if (BigInt(value) > 2n ** 63n - 1n || BigInt(value) < -(2n ** 63n)) throw range('Atoi', value);
    const wrong = check(Number(value));
    if (wrong !== undefined) throw invalid(wrong);
    return value;
  };

const mtu = number((value) => (value < 0 ? `mtu ${value} is less than zero` : undefined));

const metric: Check = (value) => {
  if (!/^\d+$/.test(value)) throw syntax('ParseUint', value);
  if (BigInt(value) >= 2n ** 32n) throw range('ParseUint', value);
  return value;
};

const oneOf =
  (driver: Driver, modes: readonly string[]): Check =>
  (value) => {
    if (modes.includes(value)) return value;
    throw invalid(`unknown ${driver} mode ${JSON.stringify(value)}`, `use ${modes.join(', ')}`);
  };

/** What a failed check says behind these words. */
const explained =
  (words: string, check: Check): Check =>
  (value) => {
    try {
      return check(value);
    } catch (error) {
      throw error instanceof BerthError ? invalid(`${words}: ${error.message}`) : error;
    }
  };

const isolate: Check = explained('failed to parse isolate option', (value) => {
  if (value === 'strict') return value;
  return value === '' ? 'false' : bool(value);
});

const bclim: Check = explained('failed to parse "bclim" option', (value) => {
  if (!/^[+-]?\d+$/.test(value)) throw syntax('ParseInt', value);
  if (BigInt(value) > 2n ** 31n - 1n || BigInt(value) < -(2n ** 31n)) throw range('ParseInt', value);
  return value;
});

const OF_ALL = { mtu, metric, no_default_route: bool };

const OPTIONS: Record<Driver, Readonly<Record<string, Check>>> = {
  bridge: {
    ...OF_ALL,
    isolate,
    mode: oneOf('bridge', ['managed', 'unmanaged']),
    vlan: number((value) =>
      value < 0 || value > 4094 ? `vlan ID ${value} must be between 0 and 4094` : undefined,
    ),
    vrf: (value) => {
      if (value === '') throw invalid('invalid vrf name');
      return value;
    },
  },
  macvlan: { ...OF_ALL, bclim, mode: oneOf('macvlan', ['bridge', 'private', 'vepa', 'passthru']) },
  ipvlan: { ...OF_ALL, mode: oneOf('ipvlan', ['l2', 'l3', 'l3s']) },
};

/** The options as they are kept, by name. Throws BerthError in Podman's words. */
export function checkedOptions(
  driver: Driver,
  options: Readonly<Record<string, string>>,
): Record<string, string> {
  const known = OPTIONS[driver];
  return Object.fromEntries(
    Object.keys(options)
      .sort()
      .map((key) => {
        const check = Object.hasOwn(known, key) ? known[key] : undefined;
        if (check === undefined)
          throw invalid(
            `unsupported ${driver} network option ${key}`,
            `use ${Object.keys(known).sort().join(', ')}`,
          );
        return [key, check(options[key] ?? '')];
      }),
  );
}

function syntax(parser: string, value: string): BerthError {
  return invalid(`strconv.${parser}: parsing ${JSON.stringify(value)}: invalid syntax`);
}

function range(parser: string, value: string): BerthError {
  return invalid(`strconv.${parser}: parsing ${JSON.stringify(value)}: value out of range`);
}

function invalid(words: string, hint?: string): BerthError {
  return new BerthError('invalid', hint === undefined ? words : `${words}: ${hint}`);
}
