import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree, inspect, showUnit } from '../../support/agree.ts';
import { execute } from '../../support/database.ts';
import {
  berth,
  bootWith,
  createShell,
  leavingNothing,
  remove,
  script,
  systemctl,
  until,
} from '../../support/machine.ts';

const FOREVER = 'trap "exit 0" TERM; echo begun; while :; do sleep 0.2; done';

describe('rename', () => {
  let bed: Bed;

  before(async () => {
    bed = await bootWith('rename');
  });

  after(() => bed?.close());

  it('renames the unit of a running container without touching its run, and frees the old name at once', () =>
    leavingNothing(bed, async () => {
      await createShell(bed, 'first', FOREVER, ['--health-cmd', 'true', '--health-interval', '1s']);
      await script(
        bed,
        `systemctl enable berth-first 2>&1; mkdir -p /etc/systemd/system/berth-first.service.d
         printf '[Service]\\nEnvironment=DROPIN=1\\n' >/etc/systemd/system/berth-first.service.d/own.conf`,
      );
      await berth(bed, 'start', 'first');
      const [{ unit: unitBefore, container: before } = assert.fail()] = await assertAgree(bed, 'first');
      const cgroup = unitBefore.ControlGroup;

      await berth(bed, 'rename', 'first', 'second');

      const [{ unit, container } = assert.fail()] = await assertAgree(bed, 'second');
      assert.deepEqual(
        [container.Id, container.State.Pid, unit.InvocationID, unit.MainPID, unit.ControlGroup],
        [before.Id, before.State.Pid, unitBefore.InvocationID, unitBefore.MainPID, cgroup],
      );
      assert.equal((await showUnit(bed, 'first')).LoadState, 'not-found');
      assert.equal(await berth(bed, 'logs', 'second'), 'begun');
      assert.match(await systemctl(bed, 'show', '-p', 'DropInPaths,Environment', 'berth-second'), /DROPIN=1/);
      assert.equal(await systemctl(bed, 'is-enabled', 'berth-second'), 'enabled');
      assert.match(
        await systemctl(bed, 'list-units', '--plain', '--no-legend', 'berth-health@*.timer'),
        /^berth-health@second\.timer \S+ active \S+ /,
      );
      const checks = async (): Promise<number> =>
        Number(await berth(bed, 'inspect', '--format', '{{len .State.Health.Log}}', 'second'));
      const count = await checks();
      await until('the next check', async () => ((await checks()) > count ? true : undefined));

      // The old name, its unit and its control group: all for somebody else.
      await createShell(bed, 'first', FOREVER);
      await berth(bed, 'start', 'first');
      await assertAgree(bed, 'first', 'second');
      await systemctl(bed, 'restart', 'berth-second');
      const [{ unit: after } = assert.fail()] = await assertAgree(bed, 'second', 'first');
      assert.equal(after.ControlGroup, '/system.slice/berth-second.service');
      await systemctl(bed, 'stop', 'berth-second');
      await assertAgree(bed, 'second', 'first');
      await remove(bed, 'first', 'second');
      await script(
        bed,
        'rm -r /etc/systemd/system/berth-second.service.d; systemctl daemon-reload; systemctl stop system-berth.slice',
      );
    }));

  it('keeps the state of one that crashed and of one that never started', () =>
    leavingNothing(bed, async () => {
      await createShell(bed, 'new', 'true');
      await createShell(bed, 'crashed', 'exit 7');
      await berth(bed, 'start', 'crashed');
      await until('its end', async () =>
        (await showUnit(bed, 'crashed')).ActiveState === 'failed' ? true : undefined,
      );
      for (const [from, to] of [
        ['new', 'new-2'],
        ['crashed', 'crashed-2'],
      ] as const)
        await berth(bed, 'rename', from, to);
      const [untouched, crashed] = await assertAgree(bed, 'new-2', 'crashed-2');
      assert.equal(untouched?.container.State.Status, 'created');
      assert.equal(crashed?.container.State.ExitCode, 7);
      assert.equal(crashed?.unit.ActiveState, 'failed', 'systemd remembers the failure too');
      await berth(bed, 'start', 'new-2');
      await remove(bed, 'new-2', 'crashed-2');
    }));

  it('can be done in a circle while all run', () =>
    leavingNothing(bed, async () => {
      const [one, two] = await Promise.all(['one', 'two'].map((name) => createShell(bed, name, FOREVER)));
      await berth(bed, 'start', 'one', 'two');
      for (const [from, to] of [
        ['one', 'spare'],
        ['two', 'one'],
        ['spare', 'two'],
      ] as const)
        await berth(bed, 'rename', from, to);
      await assertAgree(bed, 'one', 'two');
      assert.deepEqual([(await inspect(bed, 'one')).Id, (await inspect(bed, 'two')).Id], [two, one]);
      await berth(bed, 'restart', 'one', 'two');
      await assertAgree(bed, 'one', 'two');
      await berth(bed, 'restart', 'one', 'two');
      await assertAgree(bed, 'one', 'two');
      await remove(bed, 'one', 'two');
      await systemctl(bed, 'stop', 'system-berth.slice');
    }));

  it('takes along the units of containers that need it', () =>
    leavingNothing(bed, async () => {
      await createShell(bed, 'owner', FOREVER);
      await createShell(bed, 'guest', FOREVER, ['--network', 'container:owner']);
      await berth(bed, 'start', 'guest');
      await berth(bed, 'rename', 'owner', 'landlord');
      assert.match(
        await systemctl(bed, 'show', '-p', 'After,PartOf', 'berth-guest'),
        /^PartOf=berth-landlord\.service$/m,
      );
      await systemctl(bed, 'stop', 'berth-landlord');
      await assertAgree(bed, 'landlord', 'guest');
      assert.equal((await showUnit(bed, 'guest')).ActiveState, 'inactive');
      await berth(bed, 'start', 'guest');
      await assertAgree(bed, 'landlord', 'guest');
      await remove(bed, 'guest', 'landlord');
    }));

  it('is finished by the next verb if it was killed right after it had taken the name', () =>
    leavingNothing(bed, async () => {
      await createShell(bed, 'before', FOREVER);
      await berth(bed, 'start', 'before');
      const cut = (from: string, to: string): Promise<void> =>
        execute(
          bed,
          `UPDATE container SET name = '${to}', config = json_set(config, '$.name', '${to}',
             '$.unit', 'berth-${to}.service', '$.formerUnit', 'berth-${from}.service') WHERE name = '${from}'`,
        );
      await cut('before', 'behind');
      assert.match(await berth(bed, 'ps', '--format', '{{.Names}}'), /behind/);
      await berth(bed, 'stop', 'behind');
      assert.equal((await showUnit(bed, 'before')).ActiveState, 'inactive');
      await berth(bed, 'start', 'behind');
      await assertAgree(bed, 'behind');
      assert.equal((await showUnit(bed, 'before')).LoadState, 'not-found');
      await cut('behind', 'beyond');
      await remove(bed, 'beyond');
    }));

  for (const [title, args, message] of [
    ['a taken name', ['held', 'taken'], /the container name "taken" is already in use by [0-9a-f]{64}/],
    ['a bad name', ['held', 'bad/name'], /names must match \[a-zA-Z0-9\]\[a-zA-Z0-9_\.-\]\*/],
    [
      'a missing container',
      ['nobody', 'x'],
      /no container with name or ID "nobody" found: no such container/,
    ],
    ['one word', ['held'], /accepts 2 arg\(s\), received 1/],
  ] as const)
    it(`refuses ${title} and changes nothing`, () =>
      leavingNothing(bed, async () => {
        await createShell(bed, 'held', 'true');
        await createShell(bed, 'taken', 'true');
        const { code, stderr } = await bed.nsenter(['berth', 'rename', ...args]);
        assert.equal(code, 125);
        assert.match(stderr, message);
        await assertAgree(bed, 'held', 'taken');
        await berth(bed, 'rename', 'held', 'held');
        await remove(bed, 'held', 'taken');
      }));
});
