import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree, inspect, showUnit } from '../../support/agree.ts';
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

const FOREVER = 'trap "exit 0" TERM; while :; do sleep 0.2; done';

describe('update', () => {
  let bed: Bed;

  before(async () => {
    bed = await bootWith('update');
  });

  after(() => bed?.close());

  it('changes the restart policy of what runs, in place, and keeps the count of restarts', () =>
    leavingNothing(bed, async () => {
      const id = await createShell(bed, 'work', FOREVER, ['--restart', 'always']);
      await berth(bed, 'start', 'work');
      const kill = async (): Promise<void> => {
        await script(bed, `kill -9 ${(await inspect(bed, 'work')).State.Pid}`);
      };
      await kill();
      const first = await until('the restart', async () => {
        const facts = await inspect(bed, 'work');
        return facts.RestartCount === 1 && facts.State.Running ? facts : undefined;
      });
      assert.equal(await berth(bed, 'update', '--restart', 'on-failure:1', 'work'), id);
      const [{ unit, container } = assert.fail()] = await assertAgree(bed, 'work');
      assert.deepEqual([container.State.Pid, container.RestartCount], [first.State.Pid, 1]);
      assert.equal(unit.NRestarts, '1');
      assert.equal(await systemctl(bed, 'show', '-P', 'Restart', 'berth-work'), 'on-failure');
      assert.equal(await systemctl(bed, 'show', '-P', 'NeedDaemonReload', 'berth-work'), 'no');
      // Its one restart is used up.
      await kill();
      await until('the end', async () =>
        (await showUnit(bed, 'work')).ActiveState === 'failed' ? true : undefined,
      );
      await assertAgree(bed, 'work');
      const saved = JSON.parse(
        await script(bed, `cat /var/lib/berth/containers/${id}/config.json`),
      ) as object;
      assert.deepEqual((saved as { restart: object }).restart, { name: 'on-failure', maximumRetryCount: 1 });
      const events = await berth(bed, 'events', '--stream=false', '--filter', 'event=update');
      assert.match(events, /container update/);
      await remove(bed, 'work');
    }));

  it('gives what runs another health check, another pace, and none', () =>
    leavingNothing(bed, async () => {
      await createShell(bed, 'work', FOREVER);
      await berth(bed, 'start', 'work');
      const { State } = await inspect(bed, 'work');
      const health = (format: string): Promise<string> => berth(bed, 'inspect', '--format', format, 'work');
      const timers = (): Promise<string> =>
        systemctl(bed, 'list-units', '--plain', '--no-legend', 'berth-health@work.*');

      await berth(bed, 'update', '--health-cmd', 'exit 3', '--health-retries', '1', 'work');
      await until('unhealthy', async () =>
        (await health('{{.State.Health.Status}}')) === 'unhealthy' ? true : undefined,
      );
      await berth(bed, 'update', '--health-cmd', 'true', '--health-interval', '1s', 'work');
      await until('healthy', async () =>
        (await health('{{.State.Health.Status}}')) === 'healthy' ? true : undefined,
      );
      assert.equal(
        await health('{{.Config.Healthcheck.Retries}} {{.Config.Healthcheck.Interval}}'),
        '1 1s',
        'what is not named stays',
      );
      await berth(bed, 'update', '--no-healthcheck', 'work');
      assert.equal(await timers(), '');
      const refused = await bed.nsenter(['berth', 'update', '--health-retries', '7', 'work']);
      assert.deepEqual([refused.code, /healthcheck command is not set/.test(refused.stderr)], [125, true]);
      assert.equal((await inspect(bed, 'work')).State.Pid, State.Pid);
      await assertAgree(bed, 'work');
      await remove(bed, 'work');
    }));

  it('says that the kernel has no controller for a limit, or has the limit in the control group', () =>
    leavingNothing(bed, async () => {
      await createShell(bed, 'work', FOREVER, ['--ulimit', 'nofile=100:200', '--oom-score-adj', '321']);
      await berth(bed, 'start', 'work');
      assert.equal(
        await berth(bed, 'exec', 'work', 'sh', '-c', 'ulimit -n; cat /proc/1/oom_score_adj'),
        '100\n321',
      );
      const before = await berth(bed, 'inspect', 'work');
      const controllers = await script(bed, 'cat /sys/fs/cgroup/cgroup.controllers');
      for (const [flags, controller, file, value] of [
        [['--memory', '100m'], 'memory', 'memory.max', '104857600'],
        [['--cpus', '1.5'], 'cpu', 'cpu.max', '150000 100000'],
        [['--pids-limit', '50'], 'pids', 'pids.max', '50'],
      ] as const) {
        const { code, stderr } = await bed.nsenter(['berth', 'update', ...flags, 'work']);
        if (controllers.split(' ').includes(controller)) {
          assert.equal(code, 0, stderr);
          const cgroup = '/sys/fs/cgroup/system.slice/berth-work.service/container';
          assert.equal(await script(bed, `cat ${cgroup}/${file}`), value);
        } else {
          assert.equal(code, 125);
          assert.match(
            stderr,
            new RegExp(`${flags[0]} cannot be enforced: .* has no ${controller} controller`),
          );
          assert.equal(await berth(bed, 'inspect', 'work'), before, 'nothing has changed');
        }
      }
      await remove(bed, 'work');
    }));
});
