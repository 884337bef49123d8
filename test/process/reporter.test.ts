import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

const RUN = join(import.meta.dirname, '../bed/run.ts');

describe('the report of a test run', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'reporter-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Runs tests given as source, as `npm test` does. */
  function report(source: string, env: Record<string, string>): { code: number | null; lines: string[] } {
    const file = join(folder, 'some.test.mjs');
    writeFileSync(file, `import test from 'node:test';\n${source}`);
    const result = spawnSync(process.execPath, [RUN, file], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, ...env },
    });
    return { code: result.status, lines: result.stdout.trimEnd().split('\n') };
  }

  const SKIPPED =
    "test('good', () => {}); test('left out', { skip: true }, () => {}); test('later', { todo: true }, () => {});";

  test('ends with the closing lines of Node’s runner and its exit code', () => {
    const { code, lines } = report("test('good', () => {});", { CI: 'true' });
    assert.equal(code, 0);
    assert.match(lines.at(-8) ?? '', /tests 1$/);
    assert.match(lines.at(-1) ?? '', /duration_ms/);
    assert.equal(report("test('bad', () => { throw new Error(); });", {}).code, 1);
    assert.equal(report('throw new Error();', {}).code, 1);
  });

  test('names skipped and todo tests above the closing lines, and fails, in CI', () => {
    const { code, lines } = report(SKIPPED, { CI: 'true' });
    assert.equal(code, 1);
    assert.match(lines.at(-9) ?? '', /fails in CI: left out · later$/);
    assert.match(lines.at(-8) ?? '', /tests 3$/);
    assert.match(lines.at(-1) ?? '', /duration_ms/);
  });

  test('lets skipped and todo tests pass on a developer’s machine', () => {
    const { code, lines } = report(SKIPPED, {});
    assert.equal(code, 0);
    assert.ok(!lines.some((line) => line.includes('fails in CI')));
  });
});
