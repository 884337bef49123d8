/** After a stop everything is cleaned up before ExecStopPost= runs, which then starts no program; or it is done there. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { inspect, showUnit } from '../../support/agree.ts';
import {
  berth,
  bootWith,
  createShell,
  leavingNothing,
  RUNTIMES,
  remove,
  script,
  systemctl,
} from '../../support/machine.ts';

const PAYLOAD = 'trap "exit 3" TERM; sleep 1000 & wait';

describe('the cleanup of a stop', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('busybox');
  });
  after(() => bed.close());

  /** A drop-in with which ExecStopPost= first notes what is there: receipt, bundle and root. */
  async function watch(name: string, more = ''): Promise<string> {
    const { Id } = await inspect(bed, name);
    const folder = `/run/systemd/system/berth-${name}.service.d`;
    await script(
      bed,
      `mkdir -p ${folder} && cat >${folder}/watch.conf <<'X'
[Service]
${more}
ExecStopPost=
ExecStopPost=/bin/sh -c 'cd /run/berth/containers; { cat ${Id}.ended; ls -d ${Id}; grep -c "${Id}/merged" /proc/self/mountinfo; } >/tmp/seen 2>/dev/null; true'
ExecStopPost=/usr/libexec/berth/berth-cleanup ${Id}
X
systemctl daemon-reload`,
    );
    return Id;
  }

  /** The invocation that is to be stopped, and what lay there between the stop and berth-cleanup. */
  async function stop(name: string): Promise<{ invocation: string; seen: string[] }> {
    const invocation = (await systemctl(bed, 'show', '-P', 'InvocationID', `berth-${name}`)).trim();
    assert.match(invocation, /^[0-9a-f]{32}$/);
    await systemctl(bed, 'stop', `berth-${name}`);
    return { invocation, seen: (await script(bed, 'cat /tmp/seen')).trim().split('\n') };
  }

  async function unwatch(name: string): Promise<void> {
    await script(bed, `rm -r /run/systemd/system/berth-${name}.service.d /tmp/seen; systemctl daemon-reload`);
  }

  for (const [turn, policy] of ['no', 'on-failure'].entries()) {
    const runtime = RUNTIMES[turn] ?? 'crun';
    test(`is berth-stop’s, with --restart ${policy}; the receipt goes with it (${runtime})`, async () => {
      await leavingNothing(bed, async () => {
        await createShell(bed, 'plain', PAYLOAD, ['--runtime', runtime, '--restart', policy]);
        const id = await watch('plain');
        await systemctl(bed, 'start', 'berth-plain');
        const { invocation, seen } = await stop('plain');
        assert.deepEqual(seen, [`${invocation} 0`, '0'], 'a receipt, no bundle, no mount');
        await script(bed, `[ ! -e /run/berth/containers/${id}.ended ]`);
        const { State } = await inspect(bed, 'plain');
        assert.deepEqual([State.Status, State.ExitCode, State.StoppedByUser], ['exited', 3, true]);
        const { ActiveState, Result } = await showUnit(bed, 'plain');
        assert.deepEqual([ActiveState, Result], ['inactive', 'success']);
        await systemctl(bed, 'start', 'berth-plain');
        await berth(bed, 'stop', 'plain');
        assert.deepEqual(
          (
            await berth(
              bed,
              'events',
              '--stream=false',
              '--format',
              '{{.Status}}',
              '--filter',
              'container=plain',
            )
          )
            .trim()
            .split('\n')
            .filter((status) => status !== 'mount' && status !== 'unmount')
            .slice(-10),
          [...['init', 'start', 'stop', 'died', 'cleanup'], ...['init', 'start', 'stop', 'died', 'cleanup']],
        );
        await remove(bed, 'plain');
        await unwatch('plain');
      });
    });
  }

  test('is berth-cleanup’s where systemd has to be asked: another start by a restart policy, unless-stopped', async () => {
    await leavingNothing(bed, async () => {
      await createShell(bed, 'again', PAYLOAD, ['--restart', 'always']);
      await createShell(bed, 'unless', PAYLOAD, ['--restart', 'unless-stopped']);
      await systemctl(bed, 'start', 'berth-again');
      await systemctl(bed, 'restart', 'berth-again');
      await systemctl(bed, 'start', 'berth-unless');
      for (const name of ['again', 'unless']) {
        const id = await watch(name);
        const { seen } = await stop(name);
        assert.deepEqual(seen, [id, '1'], 'no receipt, a bundle and a mount');
        assert.equal((await inspect(bed, name)).State.Status, 'exited');
        await remove(bed, name);
        await unwatch(name);
      }
    });
  });

  test('cannot be recorded where the disk takes nothing: the payload gets its stop signal all the same', async () => {
    await leavingNothing(bed, async () => {
      const payload =
        'trap "echo int >/notes/int; exit 0" INT; echo up >/notes/up; while :; do sleep 0.1; done';
      await script(bed, 'mkdir /notes');
      await createShell(bed, 'full', payload, ['-v', '/notes:/notes', '--stop-signal', 'INT']);
      await systemctl(bed, 'start', 'berth-full');
      const seen = await script(
        bed,
        `until [ -e /notes/up ]; do sleep 0.05; done
         mount --bind /var/lib/berth /var/lib/berth; mount -o remount,ro,bind /var/lib/berth
         systemctl stop berth-full; cat /notes/int; umount /var/lib/berth
         journalctl -q -u berth-full -o cat | grep -c 'it is not recorded that the stop was asked for: '
         berth start full; berth stop full; systemctl show -P ActiveState berth-full`,
      );
      assert.deepEqual(seen.trim().split('\n'), ['int', '1', 'full', 'full', 'inactive']);
      await remove(bed, 'full');
      await script(bed, 'rm -r /notes');
    });
  });

  test('is not taken for done by a receipt of another run', async () => {
    await leavingNothing(bed, async () => {
      await createShell(bed, 'stale', PAYLOAD);
      const id = await watch('stale', 'ExecStop=\nExecStop=/bin/true');
      await systemctl(bed, 'start', 'berth-stale');
      await script(bed, `echo ${'0'.repeat(32)} >/run/berth/containers/${id}.ended`);
      const { seen } = await stop('stale');
      assert.deepEqual(seen, ['0'.repeat(32), id, '1']);
      assert.equal((await inspect(bed, 'stale')).State.Status, 'exited');
      await script(bed, `! grep -q ${id} /proc/self/mountinfo`);
      await unwatch('stale');
      // Its place is taken by the next: whatever lies there when the container goes, goes too.
      await script(bed, `echo x >/run/berth/containers/${id}.ended`);
      await remove(bed, 'stale');
    });
  });
});
