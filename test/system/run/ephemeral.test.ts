import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree, inspect, showUnit } from '../../support/agree.ts';
import { berth, bootWith, leavingNothing, remove, script, systemctl, until } from '../../support/machine.ts';

const FOREVER = ['busybox', 'sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.2; done'];

describe('the unit of run --rm', () => {
  let bed: Bed;

  before(async () => {
    bed = await bootWith('ephemeral');
  });

  after(() => bed?.close());

  it('lies in /run and is otherwise that of create --rm, property by property', () =>
    leavingNothing(bed, async () => {
      await bed.ok(['berth', 'run', '-d', '--rm', '--name', 'short', ...FOREVER]);
      await berth(bed, 'create', '--rm', '--name', 'kept', ...FOREVER);
      await berth(bed, 'start', 'kept');
      const [short, kept] = await Promise.all(
        ['short', 'kept'].map(async (name) => {
          const { Id } = await inspect(bed, name);
          const text = await systemctl(bed, 'show', `berth-${name}`);
          return (
            text
              .split('\n')
              .filter((line) => !ITS_OWN.test(line))
              .map((line) =>
                line.replaceAll(Id, 'ID').replaceAll(`berth-${name}`, 'UNIT').replaceAll(name, 'NAME'),
              )
              .map((line) => line.replace(/(start_time|stop_time|pid|code|status)=[^;]*/g, '$1'))
              // Lists of units come in no order.
              .map((line) => line.split(/[ =]/).sort().join(' '))
              .sort()
          );
        }),
      );
      assert.ok((short?.length ?? 0) > 150);
      assert.deepEqual(short, kept);
      assert.equal(
        await systemctl(bed, 'show', '-P', 'FragmentPath', 'berth-short'),
        '/run/systemd/system/berth-short.service',
      );
      await assertAgree(bed, 'short', 'kept');
      await remove(bed, 'short', 'kept');
    }));

  it('outlives a restart, is renamed and needed as any other, and goes with its container', () =>
    leavingNothing(bed, async () => {
      await bed.ok(['berth', 'run', '-d', '--rm', '--name', 'short', ...FOREVER]);
      await systemctl(bed, 'restart', 'berth-short');
      await berth(bed, 'restart', 'short');
      await berth(bed, 'rename', 'short', 'brief');
      await assertAgree(bed, 'brief');
      await berth(bed, 'create', '--name', 'guest', '--network', 'container:brief', ...FOREVER);
      await berth(bed, 'start', 'guest');
      await assertAgree(bed, 'brief', 'guest');
      await remove(bed, 'guest');
      await systemctl(bed, 'stop', 'berth-brief');
      await until('it is gone', async () =>
        (await showUnit(bed, 'brief')).LoadState === 'not-found' ? true : undefined,
      );
      assert.equal((await bed.nsenter(['berth', 'inspect', 'brief'])).code, 125);
    }));

  it('is gone after a loss of power, and so is its container', async () => {
    const before = await script(bed, 'ls /var/lib/berth/containers');
    await bed.ok(['berth', 'run', '-d', '--rm', '--name', 'short', ...FOREVER]);
    await bed.powerLoss();
    assert.equal(await berth(bed, 'ps', '--all', '--quiet'), '');
    assert.equal(await script(bed, 'ls /var/lib/berth/containers'), before);
    assert.equal((await showUnit(bed, 'short')).LoadState, 'not-found');
    await bed.ok(['berth', 'run', '--rm', '--name', 'short', 'busybox', 'true']);
  });
});

/** What is different between any two units, or counts. */
const ITS_OWN =
  /^(FragmentPath|UnitFileState|UnitFilePreset|ExecMain\w+|MainPID|ControlGroupId|InvocationID|StatusText|\w+Timestamp(Monotonic)?|CPUUsageNSec|Memory\w+|Tasks\w+|IO\w+|IP\w+|EffectiveMemory\w+|EffectiveTasksMax)=/;
