/** The directory through which bin/berth-check and Berth talk: what the program leaves there, in any moment, is read right. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { RuntimeTarget } from '../../../src/runtime/oci-runtime.ts';
import { runtimePaths } from '../../../src/runtime/paths.ts';
import {
  beginSteady,
  endSteady,
  steadyResults,
  unforeseenResult,
} from '../../../src/runtime/steady-checks.ts';

const RULE = {
  outcome: 'pass' as const,
  timeoutMs: 1500,
  keptOutput: 500,
  room: { results: 3, most: 0 },
  process: '{}',
  payloadPid: 1,
  cgroup: '/a.slice/container/health',
  feedsWatchdog: false,
};

describe('steady checks', () => {
  let target: RuntimeTarget;
  let steady: string;
  beforeEach(() => {
    const runDir = mkdtempSync(join(tmpdir(), 'berth-steady-'));
    target = { id: 'c', runtime: '/usr/bin/crun', runDir, paths: runtimePaths(runDir, 'c') };
    steady = target.paths.steady;
    mkdirSync(target.paths.bundle, { recursive: true });
    beginSteady(target, RULE);
  });
  afterEach(() => rmSync(target.runDir, { recursive: true }));

  /** What the program leaves of its check of that number, each a second after the one before. */
  const leaves = (number: number, { code = 0, log = '', tookMs = 250, output = `said ${number}` } = {}) => {
    const file = (suffix: string): string => join(steady, `${number % 4}.${suffix}`);
    const began = 1_700_000_000 + number;
    writeFileSync(file('began'), '\n');
    utimesSync(file('began'), began, began);
    writeFileSync(file('output'), output);
    writeFileSync(file('log'), log);
    writeFileSync(file('result'), `${number} ${code}\n`);
    utimesSync(file('result'), began + tookMs / 1000, began + tookMs / 1000);
    writeFileSync(join(steady, 'last'), `${number}\n`);
  };
  const said = (): string[] => steadyResults(target)?.results.map(({ output }) => output) ?? [];

  it('have found nothing at first', () => {
    assert.deepEqual(steadyResults(target), { outcome: 'pass', count: 0, results: [] });
  });

  it('have results with the times of their files, the newest of them in order', () => {
    for (let number = 1; number <= 6; number++) leaves(number);
    assert.deepEqual(said(), ['said 4', 'said 5', 'said 6']);
    assert.equal(steadyResults(target)?.count, 6);
    assert.deepEqual(steadyResults(target)?.results.at(-1), {
      exitCode: 0,
      output: 'said 6',
      start: '2023-11-14T22:13:26.000Z',
      end: '2023-11-14T22:13:26.250Z',
    });
  });

  it('are read right while the program is in the middle of another one', () => {
    for (let number = 1; number <= 6; number++) leaves(number);
    // Of the seventh, which takes the place of the third.
    writeFileSync(join(steady, '3.output'), 'half a wo');
    assert.deepEqual(said(), ['said 4', 'said 5', 'said 6']);
    writeFileSync(join(steady, '3.result'), '');
    assert.deepEqual(said(), ['said 4', 'said 5', 'said 6']);
    writeFileSync(join(steady, '3.result'), '7 0\n');
    assert.deepEqual(said(), ['said 4', 'said 5', 'said 6'], 'not noted yet');
    writeFileSync(join(steady, 'last'), '');
    assert.deepEqual(said(), ['said 5', 'said 6', 'half a wo'], 'being noted');
  });

  it('do not count a result that was not foreseen: that one is judged by itself', () => {
    leaves(1);
    leaves(2, { code: 7, output: 'broken' });
    writeFileSync(join(steady, 'last'), '1\n');
    assert.deepEqual(said(), ['said 1']);
    const before = process.cwd();
    process.chdir(steady);
    try {
      assert.equal(unforeseenResult(target.runtime, '2')?.exitCode, 7);
      // Also when it has been taken away meanwhile, and is then removed.
      assert.equal(endSteady(target)?.count, 1);
      assert.equal(unforeseenResult(target.runtime, '2'), undefined);
    } finally {
      process.chdir(before);
    }
  });

  it('have failed with -1 when they were killed in time, and only then', () => {
    leaves(1, { code: 137, tookMs: 1500 });
    leaves(2, { code: 137, tookMs: 300 });
    assert.deepEqual(
      steadyResults(target)?.results.map(({ exitCode }) => exitCode),
      [-1, 137],
    );
  });

  it('have failed with 1 when the runtime could not run them, with its words', () => {
    const line = JSON.stringify({ level: 'error', msg: 'executable file `no` not found in $PATH' });
    leaves(1, { code: 255, log: `${line}\n` });
    const [result] = steadyResults(target)?.results ?? [];
    assert.equal(result?.exitCode, 1);
    assert.match(result?.output ?? '', /^crun: executable file `no` not found/);
  });

  it('leave nothing when they end, and have not begun then', () => {
    leaves(1);
    assert.equal(endSteady(target)?.count, 1);
    assert.deepEqual(readdirSync(dirname(steady)), []);
    assert.equal(endSteady(target), undefined);
    assert.equal(steadyResults(target), undefined);
    beginSteady(target, RULE);
    assert.ok(existsSync(steady));
  });
});
