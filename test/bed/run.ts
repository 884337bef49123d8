/**
 * Node's test runner on the files that are its arguments, in the order in which they stand: `node --test` would sort them.
 * The last lines on standard output are the runner's own; the exit code is 1 if a test failed.
 */
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import report from './reporter.ts';

/** For what hangs. */
const FILE_TIMEOUT = 1_800_000;

/** A file waits at times, for a bed or a clock: one more than there are processors keeps all of them busy. */
const AT_ONCE = Math.min(availableParallelism() + 1, 5);

const root = join(import.meta.dirname, '../..');

// Asked to end, it takes the test files along, and they their beds.
const end = new AbortController();
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
] as const) {
  process.once(signal, () => {
    process.exitCode = 128 + number;
    end.abort();
  });
}

const tests = run({
  files: process.argv.slice(2).map((file) => resolve(root, file)),
  concurrency: AT_ONCE,
  timeout: FILE_TIMEOUT,
  signal: end.signal,
});
tests.on('test:fail', () => {
  process.exitCode ||= 1;
});
await pipeline(tests.compose(report), process.stdout, { end: false });
