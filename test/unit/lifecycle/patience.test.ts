/** What systemd is told while a start takes long. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { patiently } from '../../../src/lifecycle/patience.ts';

it('systemd is told to wait every ten seconds, for as long as the work takes, also when it cannot be told', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const told: string[][] = [];
  const notify = async (lines: readonly string[]): Promise<boolean> => {
    told.push([...lines]);
    if (told.length === 2) throw new Error('not now');
    return true;
  };
  const { promise, resolve } = Promise.withResolvers<string>();
  const work = patiently({ notify }, () => promise);
  t.mock.timers.tick(9_999);
  assert.equal(told.length, 0);
  t.mock.timers.tick(1);
  assert.deepEqual(told, [['EXTEND_TIMEOUT_USEC=70000000']]);
  t.mock.timers.tick(20_000);
  assert.equal(told.length, 3);
  resolve('done');
  assert.equal(await work, 'done');
  t.mock.timers.tick(60_000);
  assert.equal(told.length, 3);
});

it('work that fails ends it too', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let told = 0;
  const notify = async (): Promise<boolean> => ++told > 0;
  await assert.rejects(
    patiently({ notify }, () => Promise.reject(new Error('no room'))),
    /no room/,
  );
  t.mock.timers.tick(60_000);
  assert.equal(told, 0);
});
