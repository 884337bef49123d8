/** The manual pages name what the command line has, no more and no less. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { CREATE_FLAGS } from '../../../src/cli/flags/create.ts';

const page = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../../packaging/man', name), 'utf8').replaceAll('\\-', '-');

/** Long flags of an mdoc text: `Fl Fl name` or `Fl -name`. */
const longFlags = (text: string): Set<string> =>
  new Set([...text.matchAll(/\bFl (?:Fl |-)([a-z][a-z\d-]+)/g)].map((match) => match[1] ?? ''));

describe('manual pages', () => {
  test('berth-create(1) has every flag of create, and none that is not there', () => {
    const items = page('berth-create.1')
      .split('\n')
      .filter((line) => line.startsWith('.It '))
      .join('\n');
    assert.deepEqual([...longFlags(items)].sort(), Object.keys(CREATE_FLAGS).sort());
  });

  for (const [path, entry] of Object.entries(COMMANDS)) {
    if (path === 'create') continue;
    test(`berth(1) shows ${path} with no flag that it does not have`, async () => {
      const line = page('berth.1')
        .split('\n')
        .find((text) => text.startsWith(`.It Nm Cm ${path} `));
      assert.ok(line, `no entry of ${path}`);
      const { flags } = (await entry.load()).command;
      for (const flag of longFlags(line)) assert.ok(flags[flag], `--${flag}`);
      const shorts = [...line.matchAll(/(?<!Fl )\bFl ([a-z]{1,2})(?![\w-])/g)].flatMap(([, letters = '']) => [
        ...letters,
      ]);
      for (const letter of shorts) {
        assert.ok(
          Object.values(flags).some(({ short }) => short === letter),
          `-${letter}`,
        );
      }
    });
  }
});
