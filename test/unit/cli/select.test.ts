/** What excludes what among the ways to name containers: Podman 5.4's rules and words, tried with `podman stop`. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { command } from '../../../src/cli/commands/stop.ts';
import { parseCommandLine } from '../../../src/cli/parse.ts';
import { selectContainers } from '../../../src/cli/select.ts';

const REFUSED: [argv: string, message: string][] = [
  ['', 'you must provide at least one name or id'],
  ['-a x', 'no arguments are needed with --all'],
  ['-l x', '--latest and containers cannot be used together'],
  ['-l -a', '--all and --latest cannot be used together'],
  ['-f name=x x', '--filter takes no arguments'],
  ['--cidfile /f x', 'no arguments are needed with --latest or --cidfile'],
  ['--cidfile /f -a', '--all, --latest, and --cidfile cannot be used together'],
  ['--cidfile /f -l', '--all, --latest, and --cidfile cannot be used together'],
];

describe('selectContainers', () => {
  for (const [argv, message] of REFUSED) {
    it(`refuses "stop ${argv}" before it asks the store anything`, () => {
      const args = parseCommandLine(command, argv.split(' ').filter(Boolean));
      assert.throws(() => selectContainers(args, undefined as never), { message });
    });
  }
});
