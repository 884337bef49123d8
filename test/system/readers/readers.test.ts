/** What only looks: events, top, stats, ps, port, exists, images, system df, on containers that run. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { berth, bootWith, createShell, leavingNothing, remove, script } from '../../support/machine.ts';

describe('readers', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('readers');
  });
  after(() => bed.close());

  test('events shows what other processes do as they do it, with exit code and labels, and then what was', async () => {
    await leavingNothing(bed, async () => {
      const follower = bed.spawn(['berth', 'events', '--filter', 'container=seen', '--format', 'json']);
      const from = (await script(bed, 'date +%s')).trim();
      const lines: string[] = [];
      const died = (async () => {
        let text = '';
        for await (const chunk of follower.stdout) {
          text += String(chunk);
          lines.splice(0, lines.length, ...text.split('\n').slice(0, -1));
          if (lines.some((line) => line.includes('"Status":"remove"'))) return;
        }
      })();
      // It says nothing before the first event: what it has missed while it began is found by --since below.
      await createShell(bed, 'seen', 'exit 3', ['--label', 'k=v']);
      await bed.nsenter(['berth', 'start', 'seen']);
      await script(
        bed,
        'until [ "$(systemctl show -P ActiveState berth-seen)" = failed ]; do sleep 0.02; done',
      );
      await remove(bed, 'seen');
      await died;
      await follower.kill('SIGTERM');
      await follower.exited;

      const past = (...flags: string[]) =>
        berth(bed, 'events', '--stream=false', '--since', from, '--filter', 'container=seen', ...flags);
      const statuses = (await past('--format', '{{.Status}}')).split('\n');
      assert.deepEqual(
        statuses.filter((status) => status !== 'stop'),
        [...['create', 'init', 'start', 'died', 'cleanup', 'remove']],
      );
      const all = (await past('--format', 'json')).split('\n');
      assert.deepEqual(
        lines,
        all.slice(all.length - lines.length),
        'followed is the same as read afterwards',
      );
      assert.equal(
        await past('--filter', 'event=die', '--format', '{{.ContainerExitCode}} {{.Attributes}} {{.Image}}'),
        '3 map[k:v] localhost/busybox:latest',
      );
      assert.equal(await past('--filter', 'label=k=other'), '');
      assert.match(
        await past('--until', '1s', '--filter', 'event=died'),
        / container died [0-9a-f]{64} \(image=localhost\/busybox:latest, name=seen, k=v\)$/,
      );
    });
  });

  test('top has the processes of a container as it sees them, and gives ps what is meant for it', async () => {
    await leavingNothing(bed, async () => {
      await createShell(bed, 'proc', 'sleep 4000 & sleep 5000 & wait', [
        '--user',
        'app',
        '--cap-add',
        'net_raw',
      ]);
      await berth(bed, 'start', 'proc');
      const rows = async (...words: string[]) =>
        (await berth(bed, 'top', 'proc', ...words)).split('\n').map((line) => line.split(/ {2,}/));
      await script(bed, 'until [ "$(berth top proc pid | wc -l)" = 4 ]; do sleep 0.02; done');
      assert.deepEqual(await rows('pid,ppid', 'user', 'uid', 'comm', 'capeff', 'seccomp', 'tty'), [
        ['PID', 'PPID', 'USER', 'UID', 'COMMAND', 'EFFECTIVE CAPS', 'SECCOMP', 'TTY'],
        ['1', '0', 'app', '1000', 'sh', 'NET_RAW', 'filter', '?'],
        ['2', '1', 'app', '1000', 'sleep', 'NET_RAW', 'filter', '?'],
        ['3', '1', 'app', '1000', 'sleep', 'NET_RAW', 'filter', '?'],
      ]);
      assert.deepEqual((await rows())[0], [
        ...['USER', 'PID', 'PPID', '%CPU', 'ELAPSED', 'TTY', 'TIME', 'COMMAND'],
      ]);
      const pids = (await berth(bed, 'top', 'proc', 'hpid')).split('\n').slice(1);
      assert.equal(pids[0], await berth(bed, 'inspect', '-f', '{{.State.Pid}}', 'proc'));
      assert.match(
        await berth(bed, 'top', 'proc', '-eo', 'pid,comm'),
        /^ +PID COMMAND\n +1 sh\n +2 sleep\n +3 sleep\n/,
      );
      const wrong = await bed.nsenter(['berth', 'top', 'proc', 'pid foo']);
      assert.equal(wrong.code, 125);
      assert.match(wrong.stderr, /^Error: ps\(1\) failed with exit code 1: /);
      await remove(bed, 'proc');
      await createShell(bed, 'proc', 'true');
      const idle = await bed.nsenter(['berth', 'top', 'proc']);
      assert.deepEqual(idle, {
        code: 125,
        stdout: '',
        stderr: 'Error: top can only be used on running containers\n',
      });
      await remove(bed, 'proc');
    });
  });

  test('stats measures the payload’s own cgroup, and a container that does not run uses nothing', async () => {
    await leavingNothing(bed, async () => {
      await createShell(bed, 'busy', 'while [ ! -e /stop ]; do :; done; exec sleep 4000');
      await createShell(bed, 'idle', 'true');
      await berth(bed, 'start', 'busy');
      const nanoseconds = async () =>
        Number(await berth(bed, 'stats', '--no-stream', '--format', '{{.CPUNano}}', 'busy'));
      const first = await nanoseconds();
      const kernel = async () =>
        1000 *
        Number(
          await script(
            bed,
            "sed -n 's/^usage_usec //p' /sys/fs/cgroup/system.slice/berth-busy.service/container/cpu.stat",
          ),
        );
      const between = await kernel();
      assert.ok(first <= between, `${first} <= ${between}`);
      assert.ok(between <= (await nanoseconds()), 'it grows as the kernel counts');
      await berth(bed, 'exec', 'busy', 'touch', '/stop');
      const rows = JSON.parse(await berth(bed, 'stats', '--no-stream', '-a', '--format', 'json')) as Record<
        string,
        string
      >[];
      assert.deepEqual(
        rows.map(({ name, mem_usage }) => [name, mem_usage === '0B / 0B']),
        [
          ['busy', false],
          ['idle', true],
        ],
      );
      assert.deepEqual(
        (await berth(bed, 'stats', '--no-stream')).split('\n').map((line) => line.split(/ {2,}/)[1]),
        ['NAME', 'busy'],
      );
      await remove(bed, 'busy', 'idle');
    });
  });

  test('ps selects, sorts and shows what its flags say; port, exists and system df agree with it', async () => {
    await leavingNothing(bed, async () => {
      await createShell(bed, 'web', 'echo hello >/file; exec sleep 4000', [
        '--label',
        'tier=front',
        '--restart',
        'always',
      ]);
      await createShell(bed, 'db', 'exit 3', ['--label', 'tier=back']);
      await createShell(bed, 'job', 'true');
      await berth(bed, 'start', 'web');
      await bed.nsenter(['berth', 'start', 'db']);
      await script(
        bed,
        'until [ "$(systemctl show -P ActiveState berth-db)" = failed ]; do sleep 0.02; done',
      );
      await script(bed, 'until berth exec web test -s /file; do sleep 0.02; done');
      const names = async (...flags: string[]) =>
        (await berth(bed, 'ps', '--format', '{{.Names}}', ...flags)).replaceAll('\n', ' ');
      const CASES: [flags: string, names: string][] = [
        ['', 'web'],
        ['-a', 'web db job'],
        ['-a --sort names', 'db job web'],
        ['-a --sort status', 'job db web'],
        ['-l', 'job'],
        ['-n 2', 'db job'],
        ['--filter status=exited', 'db'],
        ['-a --filter exited=3', 'db'],
        ['-a --filter label=tier', 'web db'],
        ['-a --filter label!=tier=front', 'db job'],
        ['-a --filter since=web --filter name=b', 'db job'],
        ['-a --filter ancestor=busybox --filter restart-policy=always', 'web'],
      ];
      for (const [flags, expected] of CASES)
        assert.equal(await names(...flags.split(' ').filter(Boolean)), expected, `ps ${flags}`);
      assert.match(
        await berth(bed, 'ps', '-s'),
        /NAMES {2,}SIZE\n.* {2,}web {2,}[\d.]+k?B \(virtual [\d.]+MB\)$/,
      );
      const [, row = ''] = (await berth(bed, 'ps', '--ns')).split('\n');
      const pid = await berth(bed, 'inspect', '-f', '{{.State.Pid}}', 'web');
      const mnt = (await script(bed, `readlink /proc/${pid}/ns/mnt`)).replace(/\D/g, '');
      assert.deepEqual([row.split(/ {2,}/)[2], row.split(/ {2,}/)[5]], [pid, mnt]);
      assert.equal(await berth(bed, 'port', 'web'), '');
      assert.equal((await bed.nsenter(['berth', 'container', 'exists', 'web'])).code, 0);
      assert.equal((await bed.nsenter(['berth', 'container', 'exists', 'nope'])).code, 1);
      assert.equal(
        await berth(bed, 'system', 'df', '--format', '{{.Type}} {{.Total}} {{.Active}}'),
        'Images 1 1\nContainers 3 1\nLocal Volumes 0 0',
      );
      await remove(bed, 'web', 'db', 'job');
    });
  });
});
