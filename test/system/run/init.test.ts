/** init: a container that is created in the runtime and waits; whatever ends it, it ends clean. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree, inspect, showUnit } from '../../support/agree.ts';
import { execute } from '../../support/database.ts';
import {
  berth,
  bootWith,
  createShell,
  leavingNothing,
  RUNTIMES,
  remove,
  script,
  systemctl,
  until,
} from '../../support/machine.ts';

/** What a payload that runs leaves in its root: none of these tests may find it before `start`. */
const PAYLOAD = 'touch /ran; exec sleep 100000';

describe('init', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('init');
  });
  after(() => bed.close());

  const status = async (name: string) => (await inspect(bed, name)).State.Status;
  const agreed = async (name: string) => {
    const [facts] = await assertAgree(bed, name);
    return facts ?? assert.fail(name);
  };
  const settled = (name: string) =>
    until(`${name} is at rest`, async () =>
      /^(inactive|failed)$/.test((await showUnit(bed, name)).ActiveState) ? true : undefined,
    );

  for (const runtime of RUNTIMES) {
    test(`creates the container in ${runtime}, under an active unit, and start lets its command run`, async () => {
      await leavingNothing(bed, async () => {
        await createShell(bed, 'wait', PAYLOAD, ['--runtime', runtime, '--health-cmd', 'true']);
        assert.equal(await berth(bed, 'init', 'wait'), 'wait');
        const { unit, container } = await agreed('wait');
        assert.equal(container.State.Status, 'initialized');
        const ran = async () =>
          (await bed.nsenter(['test', '-e', `/proc/${container.State.Pid}/root/ran`])).code === 0;
        assert.equal(await ran(), false, 'its command does not run');
        assert.equal(await script(bed, 'systemctl list-units --plain --no-legend "berth-health*"'), '');

        assert.equal(await berth(bed, 'start', 'wait'), 'wait');
        const running = await agreed('wait');
        assert.equal(running.container.State.Status, 'running');
        assert.deepEqual(
          [running.container.State.Pid, running.unit.InvocationID],
          [container.State.Pid, unit.InvocationID],
          'it is the process that waited, in the same run of the unit',
        );
        await until('its command runs', async () => ((await ran()) ? true : undefined));
        assert.match(
          await script(bed, 'systemctl list-units --plain --no-legend "berth-health*.timer"'),
          /wait/,
        );
        await remove(bed, 'wait');
      });
    });
  }

  test('is a full start again at the next start, whoever asks for it', async () => {
    await leavingNothing(bed, async () => {
      await createShell(bed, 'wait', PAYLOAD);
      await berth(bed, 'init', 'wait');
      await berth(bed, 'stop', 'wait');
      await systemctl(bed, 'start', 'berth-wait');
      assert.equal(await status('wait'), 'running');
      await berth(bed, 'stop', '-t', '0', 'wait');
      await berth(bed, 'init', 'wait');
      await berth(bed, 'restart', 'wait');
      assert.equal(await status('wait'), 'running');
      await remove(bed, 'wait');
    });
  });

  /** Ways in which a container can end that waits for its start. */
  const ENDS: Record<string, (pids: { payload: number; conmon: number }) => Promise<unknown>> = {
    'berth stop': () => berth(bed, 'stop', 'wait'),
    'systemctl stop': () => systemctl(bed, 'stop', 'berth-wait'),
    'the death of conmon': ({ conmon }) => script(bed, `kill -KILL ${conmon}`),
    'the death of its process': ({ payload }) => script(bed, `kill -KILL ${payload}`),
    'the death of everything': () => systemctl(bed, 'kill', '--signal=KILL', 'berth-wait'),
  };
  for (const [way, end] of Object.entries(ENDS)) {
    test(`is undone by ${way}: the container is as it was, and Restart= does not start it`, async () => {
      await leavingNothing(bed, async () => {
        // Nobody could wait this grace out.
        await createShell(bed, 'wait', PAYLOAD, ['--restart', 'always', '--stop-timeout', '86400']);
        await berth(bed, 'init', 'wait');
        const { Pid, ConmonPid = 0 } = (await inspect(bed, 'wait')).State;
        await end({ payload: Pid, conmon: ConmonPid });
        await settled('wait');
        const { unit, container } = await agreed('wait');
        assert.deepEqual(
          [container.State.Status, container.State.ExitCode, container.State.Error, unit.ActiveState],
          ['created', 0, '', 'inactive'],
        );
        await berth(bed, 'start', 'wait');
        assert.equal(await status('wait'), 'running');
        await remove(bed, 'wait');
      });
    });
  }

  test('refuses what is initialized or runs already, in Podman’s words; --all passes over it', async () => {
    await leavingNothing(bed, async () => {
      const id = await createShell(bed, 'wait', PAYLOAD);
      await berth(bed, 'init', 'wait');
      const { code, stderr } = await bed.nsenter(['berth', 'init', 'wait']);
      assert.equal(code, 125);
      assert.equal(
        stderr,
        `Error: container ${id} has already been created in runtime: container state improper\n`,
      );
      const second = await createShell(bed, 'second', PAYLOAD);
      assert.equal(await berth(bed, 'init', '--all'), second);
      assert.equal(await status('second'), 'initialized');
      await berth(bed, 'rm', 'wait', 'second');
    });
  });

  test('of a command that is not there fails as start does, and leaves the container as it was', async () => {
    await leavingNothing(bed, async () => {
      const id = await berth(bed, 'create', '--name', 'wrong', 'busybox', 'nosuchprogram');
      const { code, stderr } = await bed.nsenter(['berth', 'init', 'wrong']);
      assert.equal(code, 125);
      assert.match(stderr, new RegExp(`^Error: unable to init container "?${id}"?: crun: .*not found`));
      assert.equal(await status('wrong'), 'created');
      await berth(bed, 'rm', 'wrong');
    });
  });

  test('that was killed before systemd got to the start holds nobody’s', async () => {
    await leavingNothing(bed, async () => {
      await createShell(bed, 'wait', PAYLOAD);
      // The word of a process that is gone, and of one whose pid somebody else has by now.
      for (const [pid, startTime] of [
        [4_000_000, 1],
        [1, 4_000_000],
      ]) {
        await execute(
          bed,
          `UPDATE container SET state = json_set(state, '$.holdFor', json('{"pid":${pid},"startTime":${startTime}}'))`,
        );
        await systemctl(bed, 'start', 'berth-wait');
        assert.equal(await status('wait'), 'running');
        await berth(bed, 'stop', '-t', '0', 'wait');
      }
      await remove(bed, 'wait');
    });
  });

  test('does not outlive a reboot', async () => {
    await createShell(bed, 'wait', PAYLOAD);
    await berth(bed, 'init', 'wait');
    await bed.powerLoss();
    const { container } = await agreed('wait');
    assert.equal(container.State.Status, 'created');
    await berth(bed, 'start', 'wait');
    assert.equal(await status('wait'), 'running');
    await remove(bed, 'wait');
  });
});
