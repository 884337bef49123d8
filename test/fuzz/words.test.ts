/** What is parsed and printed, or found: whatever the input, the two agree. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { containerFilter, PRUNE_FILTERS } from '../../src/model/container-filter.ts';
import { detachFilter, parseDetachKeys } from '../../src/model/detach-keys.ts';
import { formatDuration, parseDuration } from '../../src/model/duration.ts';
import { parseEnvFile } from '../../src/model/env.ts';
import { type Filters, parseFilters } from '../../src/model/filters.ts';
import { globMatcher, matchesStars } from '../../src/model/glob.ts';
import { parseMoment } from '../../src/model/moment.ts';
import { parseVolumeFlag } from '../../src/model/mount-flags.ts';
import { parseMountFlag } from '../../src/model/mount-option-list.ts';
import type { ContainerRecord } from '../../src/model/records.ts';
import { parseSignal, signalName } from '../../src/model/signal.ts';
import { initialState } from '../../src/model/state.ts';
import { always, answer, near, RUNS } from './answer.ts';

describe('signals', () => {
  const spelling = fc.tuple(fc.constantFrom('', 'SIG', 'sig', 'Sig'), fc.integer({ min: 1, max: 64 }));

  it('come back from their printed names, with or without SIG, in either case', () => {
    fc.assert(
      fc.property(spelling, fc.boolean(), ([prefix, number], lower) => {
        const printed = signalName(number);
        const name = printed.replace(/^SIG/, '');
        // A number has no prefix.
        const text = (name === printed ? '' : prefix) + (lower ? name.toLowerCase() : name);
        assert.equal(parseSignal(text), number, text);
      }),
      RUNS,
    );
  });

  it('beyond the last, or between none and the first, are refused', () => {
    fc.assert(
      fc.property(fc.bigInt(), (number) => {
        const known = number >= 1n && number <= 64n;
        assert.equal(answer(() => parseSignal(String(number))) !== undefined, known, String(number));
      }),
      RUNS,
    );
  });

  it('that count from the ends of the real-time range stay in it', () => {
    fc.assert(
      fc.property(fc.constantFrom('RTMIN', 'RTMAX'), fc.integer({ min: -99, max: 99 }), (end, offset) => {
        const text = `${end}${offset < 0 ? '' : '+'}${offset}`;
        const wanted = (end === 'RTMIN' ? 34 : 64) + offset;
        assert.equal(
          answer(() => parseSignal(text)),
          wanted >= 34 && wanted <= 64 ? wanted : undefined,
          text,
        );
      }),
      RUNS,
    );
  });
});

describe('durations', () => {
  const UNITS: [unit: string, nanoseconds: bigint][] = [
    ['ns', 1n],
    ['us', 1_000n],
    ['µs', 1_000n],
    ['ms', 1_000_000n],
    ['s', 1_000_000_000n],
    ['m', 60_000_000_000n],
    ['h', 3_600_000_000_000n],
  ];

  it('come back from their printed form', () => {
    fc.assert(
      // Nanoseconds of three weeks: a double of milliseconds tells them apart.
      fc.property(fc.integer({ min: -1_814_400_000_000_000, max: 1_814_400_000_000_000 }), (nanoseconds) => {
        const ms = nanoseconds / 1e6;
        assert.equal(parseDuration(formatDuration(ms)), ms || 0, formatDuration(ms));
      }),
      RUNS,
    );
  });

  it('are the sums of their terms, counted in whole nanoseconds', () => {
    const term = fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.constantFrom(...UNITS.slice(0, 6)));
    fc.assert(
      fc.property(fc.array(term, { minLength: 1, maxLength: 5 }), (terms) => {
        const text = terms.map(([count, [unit]]) => `${count}${unit}`).join('');
        const sum = terms.reduce((total, [count, [, size]]) => total + BigInt(count) * size, 0n);
        assert.equal(parseDuration(text), Number(sum) / 1e6, text);
      }),
      RUNS,
    );
  });
});

describe('moments', () => {
  const NOW = Date.parse('2026-03-04T05:06:07Z');
  const date = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true });

  it('are what a date in UTC, and its seconds, say', () => {
    fc.assert(
      fc.property(date, (moment) => {
        const text = moment.toISOString();
        assert.equal(parseMoment(text, { now: NOW }), moment.getTime());
        assert.equal(parseMoment(String(moment.getTime() / 1000), { now: NOW }), moment.getTime());
      }),
      RUNS,
    );
  });

  it('as durations lead as far back as ahead', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 9 }), (ms) => {
        const text = `${ms}ms`;
        assert.equal(parseMoment(text, { now: NOW }), NOW - ms);
        assert.equal(parseMoment(text, { now: NOW, durations: 'ahead' }), NOW + ms);
      }),
      RUNS,
    );
  });
});

describe('a file of variables', () => {
  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_. -]{0,8}$/);
  const value = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text));

  it('gives back what was written, whatever the values are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, value)),
        fc.constantFrom('\n', '\r\n', '\n\n# remark\n'),
        (pairs, end) => {
          const entries = pairs.map(([key, text]) => `${key}=${text}`);
          const text = entries.map((entry) => entry + end).join('');
          assert.deepEqual(parseEnvFile(text, 'file', {}), entries);
        },
      ),
      RUNS,
    );
  });
});

describe('a bind mount', () => {
  const part = fc
    .stringMatching(/^[a-zA-Z0-9 ._@"'$-]{1,6}$/)
    .filter((text) => text !== '.' && text !== '..');
  const directory = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
  const options = fc.uniqueArray(fc.constantFrom('ro', 'nodev', 'noexec', 'rslave', 'z'), { maxLength: 3 });

  it('is the same as fields, quoted or not, in any order', () => {
    const quoted = (field: string): string => `"${field.replaceAll('"', '""')}"`;
    const spelling = fc.record({
      from: fc.constantFrom('src', 'source'),
      to: fc.constantFrom('dst', 'target', 'destination'),
      word: fc.constantFrom(
        ...([
          'ro',
          'readonly=true',
          'rw=false',
          'nodev',
          'z',
          'relabel=shared',
          'bind-propagation=rslave',
        ] as const),
      ),
      order: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
      quote: fc.boolean(),
    });
    const same: Record<string, string> = {
      ...{
        'readonly=true': 'ro',
        'rw=false': 'ro',
        'relabel=shared': 'z',
        'bind-propagation=rslave': 'rslave',
      },
    };
    fc.assert(
      fc.property(directory, directory, spelling, (source, destination, { from, to, word, order, quote }) => {
        const list = ['type=bind', `${from}=${source}`, `${to}=${destination}`, word];
        const text = order
          .map((at) => list[at] ?? '')
          .map((one) => (quote || one.includes('"') ? quoted(one) : one));
        const short = parseVolumeFlag([source, destination, same[word] ?? word].join(':'), '/');
        assert.deepEqual(parseMountFlag(text.join(','), '/'), short);
      }),
      RUNS,
    );
  });

  it('as fields of any text is absolute, or refused in one line', () => {
    const input = near(
      ...[
        'type=',
        'bind',
        'tmpfs',
        ',',
        '=',
        '"',
        'src=/a',
        'dst=/b',
        'ro',
        'relabel=',
        'tmpfs-size=1m',
        '..',
        '\n',
      ],
    );
    always(
      input,
      (text) => parseMountFlag(text, '/'),
      (mount) => {
        assert.match(mount.destination, /^[/]/);
        assert.equal(mount.type === 'bind', mount.source?.startsWith('/') === true);
      },
    );
    always(input, (text) => parseMountFlag(`type=tmpfs,dst=/t,${text}`, '/'));
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(directory, directory, options, (source, destination, words) => {
        const text = [source, destination, ...(words.length > 0 ? [words.join(',')] : [])].join(':');
        assert.deepEqual(parseVolumeFlag(text, '/'), { type: 'bind', source, destination, options: words });
      }),
      RUNS,
    );
  });
});

describe('detach keys', () => {
  const key = fc.constantFrom('ctrl-p', 'ctrl-q', 'ctrl-@', 'ctrl-_', 'CTRL-a', 'a', 'q', '~', ' ');
  const keys = fc.array(key, { minLength: 1, maxLength: 4 }).map((words) => words.join(','));

  it('are as many bytes as keys, each of them one that a terminal can send', () => {
    fc.assert(
      fc.property(keys, (text) => {
        const bytes = parseDetachKeys(text);
        assert.equal(bytes.length, text.split(',').length);
        for (const byte of bytes) assert.ok(byte >= 0 && byte < 127);
      }),
      RUNS,
    );
  });

  it('are found wherever what is typed is cut into pieces, and nothing else is lost', () => {
    // Few letters, so that beginnings of the sequence and the sequence itself come up.
    const letters = fc.array(fc.constantFrom(1, 2, 3), { maxLength: 30 });
    const sequence = fc.array(fc.constantFrom(1, 2), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(letters, sequence, fc.array(fc.integer({ min: 1, max: 5 })), (typed, wanted, cuts) => {
        const filter = detachFilter(wanted);
        const passed: number[] = [];
        let detached = false;
        const rest = [...typed];
        for (const size of [...cuts, ...typed.map(() => 1)]) {
          if (rest.length === 0 || detached) break;
          const result = filter(Uint8Array.from(rest.splice(0, size)));
          passed.push(...result.pass);
          detached = result.detached;
        }
        const at = indexOf(typed, wanted);
        assert.equal(detached, at >= 0);
        if (at >= 0) assert.deepEqual(passed, typed.slice(0, at));
        else {
          assert.deepEqual(passed, typed.slice(0, passed.length));
          assert.ok(
            typed.length - passed.length < wanted.length,
            'only what may be a beginning is held back',
          );
        }
      }),
      RUNS,
    );
  });

  function indexOf(typed: number[], wanted: number[]): number {
    return typed.findIndex((_, at) => wanted.every((byte, offset) => typed[at + offset] === byte));
  }
});

describe('a pattern of a shell', () => {
  const letter = fc.constantFrom('a', 'b', '/', ']', '-');
  const text = fc.array(letter, { maxLength: 8 }).map((letters) => letters.join(''));
  const step = fc.constantFrom('*', '?', 'a', 'b', '/', '\\*', '[ab]', '[^a/]', '[a-b]');
  const pattern = fc.array(step, { maxLength: 8 }).map((steps) => steps.join(''));

  /** The same as a regular expression, whose engine tries every way. */
  const regExp = (glob: string): RegExp =>
    new RegExp(`^${glob.replace(/\\\*|\*|\?/g, (one) => ({ '*': '[^/]*', '?': '[^/]' })[one] ?? one)}$`);

  it('fits what its steps fit one by one', () => {
    fc.assert(
      fc.property(pattern, text, (glob, name) => {
        assert.equal(globMatcher(glob)?.(name), regExp(glob).test(name), `${glob} ${name}`);
      }),
      RUNS,
    );
  });

  it('of stars alone takes them for any text, a slash too', () => {
    const stars = fc.array(fc.constantFrom('*', 'a', 'b', '/'), { maxLength: 8 }).map((all) => all.join(''));
    fc.assert(
      fc.property(stars, text, (glob, name) => {
        assert.equal(matchesStars(name, glob), new RegExp(`^${glob.replaceAll('*', '.*')}$`).test(name));
      }),
      RUNS,
    );
  });

  it('with many stars is decided soon', () => {
    const name = 'a'.repeat(2000);
    assert.equal(
      answer(() => globMatcher(`${'*a'.repeat(500)}b`)?.(name)),
      false,
    );
    assert.equal(
      answer(() => matchesStars(name, `${'a*'.repeat(500)}b`)),
      false,
    );
  });

  it('that is none is told from one that fits nothing', () => {
    for (const glob of ['[', '[a', '[]', '[^]', 'a\\', '[a-]', '[-a]', '[\\', '[a\\]'])
      assert.equal(globMatcher(glob), undefined, glob);
  });
});

describe('filters of containers', () => {
  const NOW = Date.parse('2026-03-04T05:06:07Z');
  const context = { now: NOW, find: () => world[0] ?? assert.fail(), network: () => undefined };
  const entry = fc
    .tuple(
      fc.constantFrom(
        ...['id', 'name', 'label', 'label!', 'status', 'exited', 'ancestor', 'until', 'health'],
      ),
      fc.constantFrom(
        'a',
        'web',
        '1',
        '3',
        'running',
        'exited',
        'a=1',
        '^w',
        '[',
        '',
        '1h',
        'a*',
        'box',
        '(?i)WEB',
      ),
    )
    .map(([key, value]) => `${key}=${value}`);
  const world = ['web', 'proxy', 'web-2'].flatMap((name, index) =>
    (['running', 'exited', 'configured'] as const).map((status) => fake(`${name}-${status}`, index, status)),
  );

  function fake(name: string, index: number, status: 'running' | 'exited' | 'configured'): ContainerRecord {
    const config = {
      id: `${index}a`.repeat(32),
      name,
      labels: index === 0 ? { a: '1' } : {},
      createdAt: '2026-03-04T00:00:00Z',
      restart: { name: 'no', maximumRetryCount: 0 },
      entrypoint: [],
      command: ['sh'],
      mounts: [],
      image: { id: 'f'.repeat(64), name: 'localhost/box:latest', layers: [], config: {} },
    };
    return {
      config: config as unknown as ContainerRecord['config'],
      state: { ...initialState(), status, exitCode: index },
    } as ContainerRecord;
  }

  const passing = (filters: Filters): string[] =>
    world.filter(containerFilter(filters, context)).map(({ config }) => config.name);

  it('of different keys are what all of them let through', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), (texts) => {
        const filters = parseFilters(texts);
        const all = answer(() => passing(filters));
        const single = [...filters].map(([key, values]) => answer(() => passing(new Map([[key, values]]))));
        if (single.some((names) => names === undefined)) return assert.equal(all, undefined);
        const both = world
          .map(({ config }) => config.name)
          .filter((name) => single.every((names) => names?.includes(name)));
        assert.deepEqual(all, both);
      }),
      RUNS,
    );
  });

  it('of any text are an answer, and prune takes no others than its own', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(entry, fc.string()), { maxLength: 4 }), (texts) => {
        const filters = answer(() => parseFilters(texts));
        if (filters === undefined) return assert.ok(texts.some((text) => !text.includes('=')));
        answer(() => passing(filters));
        const prune = answer(() => containerFilter(filters, context, PRUNE_FILTERS));
        const foreign = [...filters.keys()].some(
          (key) => !(PRUNE_FILTERS as readonly string[]).includes(key),
        );
        if (foreign) assert.equal(prune, undefined);
      }),
      RUNS,
    );
  });
});
