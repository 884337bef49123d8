/** Jobs while systemd executes itself anew: signals that never come, which the real one cannot be made to lose when told to. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Bus, BusError } from '../../../src/systemd/bus.ts';
import { jobRunner } from '../../../src/systemd/jobs.ts';

const JOB = '/org/freedesktop/systemd1/job/7';
const SYSTEMD = 'org.freedesktop.systemd1';

/** A bus on which systemd has the job or not, and the unit is in that state; `tell` is what the bus says unasked. */
function bus(now: {
  has: boolean;
  active: string;
}): Bus & { tell: (signal: string, ...body: unknown[]) => void } {
  let handler: Parameters<Bus['onSignals']>[1] = () => assert.fail('nobody listens');
  return {
    async call({ member, path, body = [] }) {
      if (/^(Start|Stop|Restart)Unit$/.test(member)) return [JOB];
      if (member === 'LoadUnit') return ['/unit'];
      if (member !== 'Get') return [];
      if (path === JOB && !now.has) throw new BusError('org.freedesktop.DBus.Error.UnknownObject', 'gone');
      return [{ value: body[1] === 'ActiveState' ? now.active : 'running' }];
    },
    orLost: (wait) => wait,
    async onSignals(_matches, listen) {
      handler = listen;
    },
    close() {},
    tell: (signal, ...body) => handler(signal, body),
  };
}

/** Resolves when what is under way has had every chance to go on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a job', () => {
  it('ends as JobRemoved says, for everybody who asked for it', async () => {
    const on = bus({ has: true, active: 'active' });
    const run = jobRunner(on);
    const jobs = [run('StopUnit', 'a.service'), run('StopUnit', 'a.service')];
    await settled();
    on.tell('JobRemoved', 7, JOB, 'a.service', 'timeout');
    assert.deepEqual(await Promise.all(jobs), ['timeout', 'timeout']);
  });

  const ENDS = [
    ['StartUnit', 'active', 'done'],
    ['StartUnit', 'inactive', 'done'],
    ['StartUnit', 'failed', 'failed'],
    ['RestartUnit', 'activating', 'failed'],
    ['StopUnit', 'inactive', 'done'],
    ['StopUnit', 'failed', 'done'],
    ['StopUnit', 'active', 'failed'],
  ] as const;
  for (const [member, active, result] of ENDS) {
    it(`that ${member} began is ${result} when it is gone with the unit ${active} after systemd was away`, async () => {
      const now = { has: true, active };
      const on = bus(now);
      const job = jobRunner(on)(member, 'a.service');
      await settled();
      on.tell('NameOwnerChanged', SYSTEMD, ':1.5', '');
      now.has = false;
      on.tell('NameOwnerChanged', SYSTEMD, '', ':1.9');
      assert.equal(await job, result);
    });
  }

  it('that systemd still has when it comes back is waited for', async () => {
    const on = bus({ has: true, active: 'inactive' });
    const job = jobRunner(on)('StartUnit', 'a.service');
    await settled();
    on.tell('NameOwnerChanged', SYSTEMD, '', ':1.9');
    await settled();
    on.tell('JobRemoved', 7, JOB, 'a.service', 'dependency');
    assert.equal(await job, 'dependency');
  });
});
