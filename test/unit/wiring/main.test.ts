/** The frame of an entry point: its arguments, and what it says about an error. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const MAIN = new URL('../../../src/wiring/main.ts', import.meta.url).href;

/** Runs lines of a program that has the module's functions, with arguments. */
function program(lines: string, ...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const text = `import { idArgument, report, runEntry } from '${MAIN}'; ${lines}`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module-typescript', '--eval', text, '--', ...args],
    { encoding: 'utf8' },
  );
  return { code: status, stdout, stderr };
}

test('a read-only file system is answered with where to look, not called a bug', () => {
  const { code, stderr } = program(
    `process.exit(report(Object.assign(new Error("EROFS: read-only file system, open '/run/x'"), { code: 'EROFS' })));`,
  );
  assert.equal(code, 125);
  assert.match(
    stderr,
    /^Error: EROFS: read-only file system, open '\/run\/x': .*ProtectSystem=.*berth-unit\(7\).*\n$/,
  );
});

const ECHO =
  'process.argv.splice(1, 0, "x"); runEntry(async (args) => { console.log(JSON.stringify(args)); return 7; });';

test('an entry point takes what a unit says, and a flag’s value in either form', () => {
  for (const args of [
    ['--root', '/r', '--result', '3', 'ID', 'SESSION'],
    ['--root=/r', 'ID', '--result=3', 'SESSION'],
  ]) {
    const { code, stdout } = program(ECHO, ...args);
    assert.equal(code, 7);
    assert.deepEqual(JSON.parse(stdout), { root: '/r', result: '3', positionals: ['ID', 'SESSION'] });
  }
});

test('an entry point refuses what it does not know, in one line', () => {
  for (const [args, says] of [
    [['--bogus', 'ID'], 'Error: unknown flag: --bogus\n'],
    [['-h'], 'Error: unknown flag: -h\n'],
    [['ID', '--root'], 'Error: flag needs an argument: --root\n'],
  ] as const) {
    const { code, stderr } = program(ECHO, ...args);
    assert.deepEqual([code, stderr], [125, says]);
  }
});

test('an entry point without an ID says who runs it', () => {
  const { code, stderr } = program(
    'process.argv.splice(1, 0, "x"); runEntry(async (args) => { idArgument(args); return 0; });',
  );
  assert.equal(code, 125);
  assert.match(stderr, /^Error: the ID of a container is missing: .*\n$/);
});
