import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { catchSignals } from '../../../src/sys/signals.ts';

/** Sends one to this process and lets it arrive. */
async function get(signal: NodeJS.Signals): Promise<void> {
  const arrived = once(process, signal);
  process.kill(process.pid, signal);
  await arrived;
}

test('a signal goes to who caught signals last, and one it refuses, with all later ones, to who did before', async () => {
  const heard: string[] = [];
  const outer = catchSignals((signal) => heard.push(`outer ${signal}`) > 0);
  let takes = true;
  const inner = catchSignals((signal) => {
    heard.push(`inner ${signal}`);
    return takes;
  });
  try {
    await get('SIGALRM');
    takes = false;
    await get('SIGALRM');
    takes = true;
    await get('SIGTERM');
    assert.deepEqual(heard, ['inner SIGALRM', 'inner SIGALRM', 'outer SIGALRM', 'outer SIGTERM']);
  } finally {
    inner();
    inner();
    outer();
  }
  assert.equal(process.listenerCount('SIGTERM'), 0);
});

test('who caught them before has them again when the last one wants none any more', async () => {
  const heard: string[] = [];
  const outer = catchSignals(() => heard.push('outer') > 0);
  catchSignals(() => heard.push('inner') > 0)();
  try {
    await get('SIGHUP');
    assert.deepEqual(heard, ['outer']);
  } finally {
    outer();
  }
});
