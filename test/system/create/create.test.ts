import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { berth, bootWith, leavingNothing, RUNTIMES, remove, script, until } from '../../support/machine.ts';
import { preparePodman } from '../../support/peer.ts';

interface Inspected {
  Id: string;
  Config: { Labels: Record<string, string>; StopSignal: string; Cmd: string[]; Env: string[] };
  State: { ExitCode: number; Status: string };
}

describe('create', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('create');
    await preparePodman(bed);
  });
  after(() => bed.close());

  async function inspect(name: string): Promise<Inspected> {
    const [found] = JSON.parse(await berth(bed, 'inspect', name)) as Inspected[];
    assert.ok(found);
    return found;
  }

  test('shows labels, stop signal, command and environment in inspect as Podman does', async () => {
    const flags = [
      ...[
        '--label',
        'a=1',
        '--label',
        'b=x=y',
        '-l',
        'empty',
        '--stop-signal',
        'usr1',
        '-e',
        'K=v',
        '--no-healthcheck',
      ],
      ...['--network', 'none', 'localhost/busybox', 'sleep', '1'],
    ];
    await leavingNothing(bed, async () => {
      await berth(bed, 'create', '--name', 'shown', ...flags);
      await bed.ok(['podman', 'create', '--name', 'shown', ...flags]);
      const own = await inspect('shown');
      const [peer] = JSON.parse(await bed.ok(['podman', 'inspect', 'shown'])) as Inspected[];
      assert.deepEqual(own.Config.Labels, peer?.Config.Labels);
      assert.equal(own.Config.StopSignal, peer?.Config.StopSignal);
      assert.deepEqual(own.Config.Cmd, peer?.Config.Cmd);
      assert.ok(own.Config.Env.includes('K=v') && peer?.Config.Env.includes('K=v'));
      await bed.ok(['podman', 'rm', 'shown']);
      await remove(bed, 'shown');
    });
  });

  test('writes the ID to --cidfile, and takes the file away with the container whose ID is in it', async () => {
    await leavingNothing(bed, async () => {
      const make = (name: string) =>
        berth(bed, 'create', '--name', name, '--cidfile', '/tmp/cid', 'busybox', 'true');
      await make('first');
      const second = await make('second');
      await remove(bed, 'first');
      assert.equal(await script(bed, 'cat /tmp/cid'), second, 'as Podman’s create: the last one wins');
      await remove(bed, 'second');
      assert.equal(await script(bed, 'test ! -e /tmp/cid && echo gone'), 'gone');
    });
  });

  test('--init without a program for it is refused', async () => {
    await script(bed, 'mv /usr/bin/catatonit /root');
    const { code, stderr } = await bed.nsenter(['berth', 'create', '--init', 'busybox', 'true']);
    await script(bed, 'mv /root/catatonit /usr/bin');
    assert.deepEqual(
      [code, stderr],
      [
        125,
        'Error: lookup init binary: exec: "catatonit": executable file not found in $PATH: install the package catatonit\n',
      ],
    );
  });

  test('--cgroup-parent is the slice that the unit lies in', async () => {
    await leavingNothing(bed, async () => {
      await berth(
        bed,
        ...['create', '--name', 'low', '--cgroup-parent', 'user.slice', 'busybox', 'sleep', '1000'],
      );
      await berth(bed, 'start', 'low');
      const group = await script(bed, 'systemctl show -P ControlGroup berth-low');
      assert.equal(group, '/user.slice/berth-low.service');
      assert.equal(
        await berth(bed, 'inspect', '--format', '{{.State.CgroupPath}} {{.HostConfig.CgroupParent}}', 'low'),
        `${group}/container user.slice`,
      );
      await remove(bed, 'low');
    });
  });

  for (const runtime of RUNTIMES) {
    test(`--replace stops and removes the running container of that name first, with ${runtime}`, async () => {
      await leavingNothing(bed, async () => {
        const make = (...flags: string[]) =>
          berth(
            bed,
            'create',
            '--runtime',
            runtime,
            '--name',
            'same',
            '--stop-timeout',
            '0',
            ...flags,
            'busybox',
            'sleep',
            '1000',
          );
        const first = await make('--replace');
        await berth(bed, 'start', 'same');
        const second = await make('--replace');
        assert.notEqual(second, first);
        assert.equal((await inspect('same')).State.Status, 'created');
        assert.equal(await script(bed, 'systemctl is-active berth-same || true'), 'inactive');
        await berth(bed, 'start', 'same');
        assert.equal(await script(bed, `cat /proc/$(berth inspect same | jq .[0].State.Pid)/comm`), 'sleep');
        await remove(bed, 'same');
      });
    });

    test(`--rootfs runs a directory, writable in place, with ${runtime}`, async () => {
      await leavingNothing(bed, async () => {
        await script(
          bed,
          'mkdir -p /srv/root/bin /srv/root/etc /srv/root/proc /srv/root/sys /srv/root/dev && cp /usr/bin/busybox /srv/root/bin/sh && cp /usr/bin/busybox /srv/root/bin/touch',
        );
        await berth(
          bed,
          ...[
            'create',
            '--runtime',
            runtime,
            '--name',
            'dir',
            '--rootfs',
            '/srv/root',
            '/bin/sh',
            '-c',
            'touch /written',
          ],
        );
        await berth(bed, 'start', 'dir');
        await until('the payload has ended', async () =>
          (await inspect('dir')).State.Status === 'exited' ? true : undefined,
        );
        assert.equal((await inspect('dir')).State.ExitCode, 0);
        await remove(bed, 'dir');
        assert.match(
          await script(bed, 'ls /srv/root'),
          /written/,
          'rm leaves a directory that is the person’s',
        );
        await script(bed, 'rm -r /srv/root');
      });
    });

    test(`systemd boots as the command, its own control groups below the container’s, and powers off at a stop, with ${runtime}`, async () => {
      await leavingNothing(bed, async () => {
        await bed.sh(SYSTEMD_ROOT, { input: PROBE_UNIT, quick: true });
        await berth(
          bed,
          ...['create', '--runtime', runtime, '--name', 'os', '--rootfs', '-v', '/usr:/usr:ro'],
          ...['/srv/os', '/sbin/init', '--unit=probe.service'],
        );
        await berth(bed, 'start', 'os');
        await until('the unit in the container is active', async () => {
          const { stdout } = await bed.nsenter(['berth', 'exec', 'os', 'systemctl', 'is-active', 'probe']);
          return stdout === 'active\n' ? true : undefined;
        });
        assert.equal(await berth(bed, 'exec', 'os', 'systemctl', 'is-system-running'), 'running');
        assert.equal(await berth(bed, 'exec', 'os', 'systemd-detect-virt'), 'podman');
        const pid = await script(bed, 'berth inspect os | jq .[0].State.Pid');
        assert.equal(
          await script(bed, `sed s/^0::// /proc/${pid}/cgroup | tail -n 1`),
          '/system.slice/berth-os.service/container/init.scope',
        );
        await berth(bed, 'stop', 'os');
        const { State, Config } = await inspect('os');
        assert.deepEqual([State.Status, State.ExitCode, Config.StopSignal], ['exited', 0, 'SIGRTMIN+3']);
        assert.equal(await script(bed, 'systemctl show -P Result berth-os'), 'success');
        await remove(bed, 'os');
        await script(bed, 'rm -r /srv/os');
      });
    });

    test(`--stop-signal is what a stop sends, with ${runtime}`, async () => {
      await leavingNothing(bed, async () => {
        await berth(
          bed,
          ...['create', '--runtime', runtime, '--name', 'sig', '--stop-signal', 'SIGUSR1', 'busybox'],
          ...['sh', '-c', 'trap "exit 42" USR1; trap "" TERM; echo ready; while :; do sleep 0.05; done'],
        );
        await berth(bed, 'start', 'sig');
        await until('the trap is set', async () =>
          (await berth(bed, 'logs', 'sig')) === 'ready' ? true : undefined,
        );
        await berth(bed, 'stop', 'sig');
        assert.equal((await inspect('sig')).State.ExitCode, 42);
        await remove(bed, 'sig');
      });
    });
  }
});

/** A root file system that has nothing but what systemd needs beside a /usr; the unit is standard input. */
const SYSTEMD_ROOT = `mkdir -p /srv/os && cd /srv/os && mkdir -p usr etc/systemd/system proc sys dev run tmp var root
  for d in bin sbin lib lib64; do ln -s usr/$d $d; done
  touch etc/machine-id && cat >etc/systemd/system/probe.service`;
const PROBE_UNIT = `[Unit]
Requires=basic.target
After=basic.target
[Service]
ExecStart=sleep 1000
`;

/** Flag, the controller it needs, the file that shows it, what is in there. */
const LIMITS: [flags: string[], controller: string, file: string, content: string][] = [
  [['--memory', '64m'], 'memory', 'memory.max', '67108864'],
  [['--cpus', '0.5'], 'cpu', 'cpu.max', '50000 100000'],
  [['--pids-limit', '50'], 'pids', 'pids.max', '50'],
];

describe('a limit', () => {
  let bed: Bed;
  let controllers: string[];
  before(async () => {
    bed = await bootWith('limits');
    controllers = (await script(bed, 'cat /sys/fs/cgroup/cgroup.controllers')).split(' ');
  });
  after(() => bed.close());

  for (const [flags, controller, file, content] of LIMITS) {
    test(`${flags.join(' ')} is in the payload’s cgroup, or refused at create where the kernel has no ${controller} controller`, async () => {
      await leavingNothing(bed, async () => {
        const { code, stderr } = await bed.nsenter([
          ...['berth', 'create', '--name', 'limited', ...flags, 'busybox', 'sleep', '1000'],
        ]);
        if (controllers.includes(controller)) {
          assert.equal(code, 0, stderr);
          await berth(bed, 'start', 'limited');
          const cgroup = await script(bed, 'systemctl show -P ControlGroup berth-limited');
          assert.equal(await script(bed, `cat /sys/fs/cgroup${cgroup}/container/${file}`), content);
          await remove(bed, 'limited');
        } else {
          assert.equal(code, 125);
          assert.match(stderr, new RegExp(`^Error: .*${flags[0]}.*${controller}.*\\n$`));
        }
      });
    });
  }
});

/** Text that would do harm if it reached a unit file as it is. */
const HOSTILE = [
  '%n %h %%',
  `$PATH $${'{HOME}'} $$`,
  '"double" \'single\' `back`',
  'two\nlines',
  '\n[Service]\nExecStartPre=/bin/false\n',
  'back\\slash \\n \\x41 end\\',
  'ünï 漢字 😀',
  ' leading and trailing ',
  '; semicolon # hash',
  '\ttab\x01control\x7f',
];

/** There is no man(1) in a bed; that the pages which Documentation= names are installed has a test of its own. */
const VERIFY = ['systemd-analyze', 'verify', '--man=no'];

describe('a unit file', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('unit');
  });
  after(() => bed.close());

  async function keysOf(name: string): Promise<string> {
    const text = await script(bed, `cat /usr/local/lib/systemd/system/berth-${name}.service`);
    return text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => (line.startsWith('[') ? line : line.slice(0, line.indexOf('='))))
      .join('\n');
  }

  test('has the same keys whatever text a container is made with, systemd finds nothing to say, and the payload gets every byte', async () => {
    await leavingNothing(bed, async () => {
      await berth(bed, 'create', '--name', 'plain', '-v', '/srv:/mnt', 'busybox', 'true');
      const keys = await keysOf('plain');
      for (const [index, text] of HOSTILE.entries()) {
        const dir = `/srv/${text.replaceAll('/', '_')}`;
        const name = `hostile-${index}`;
        // A bind source cannot hold ":" anywhere, nor be told from options; the others may be anything.
        await bed.ok(['mkdir', '-p', dir], { quick: true });
        await bed.ok(
          [
            ...['berth', 'create', '--name', name, '--label', `label=${text}`, '-e', `TEXT=${text}`],
            ...[
              '-v',
              `${dir}:/mnt`,
              'busybox',
              'sh',
              '-c',
              'printf "%s|" "$@" "$TEXT"',
              'sh',
              text,
              `x${text}`,
            ],
          ],
          { quick: true },
        );
        assert.equal(await keysOf(name), keys, JSON.stringify(text));
        const verified = await bed.nsenter([...VERIFY, `berth-${name}.service`]);
        assert.deepEqual(verified, { code: 0, stdout: '', stderr: '' }, JSON.stringify(text));
        await berth(bed, 'start', name);
        await script(
          bed,
          `while systemctl -q is-active berth-${name}; do sleep 0.02; done; journalctl --sync`,
        );
        const { stdout } = await bed.nsenter(['berth', 'logs', name]);
        assert.equal(stdout, `${text}|x${text}|${text}|`);
        await bed.ok(['rmdir', dir], { quick: true });
      }
      await berth(bed, 'rm', '--all');
    });
  });

  test('names a manual page that the package has installed', async () => {
    await leavingNothing(bed, async () => {
      await berth(bed, 'create', '--name', 'manual', 'busybox', 'true');
      const [, page, section] =
        /^"?man:(\S+)\((\d)\)"?$/.exec(await script(bed, 'systemctl show -P Documentation berth-manual')) ??
        [];
      await script(bed, `zcat /usr/share/man/man${section}/${page}.${section}.gz | grep -qE '^[.](TH|Dt) '`);
      await remove(bed, 'manual');
    });
  });

  test('stays whole when the image’s name, the labels and the root directory are hostile', async () => {
    await leavingNothing(bed, async () => {
      const dir = '/srv/%n "$x" \\';
      await bed.ok(['mkdir', '-p', dir], { quick: true });
      await bed.ok(['berth', 'create', '--name', 'rootfs', '--rootfs', dir, '/bin/%n', '$x'], {
        quick: true,
      });
      const verified = await bed.nsenter([...VERIFY, 'berth-rootfs.service']);
      assert.deepEqual(verified, { code: 0, stdout: '', stderr: '' });
      assert.match(
        await script(bed, 'systemctl show -P RequiresMountsFor berth-rootfs'),
        /%n/,
        'the directory itself, not what a specifier would make of it',
      );
      await remove(bed, 'rootfs');
      await bed.ok(['rmdir', dir], { quick: true });
    });
  });

  test('can be enabled, disabled, masked, unmasked and edited; the payload shows in systemctl status, cgls and kill', async () => {
    await leavingNothing(bed, async () => {
      await berth(
        bed,
        ...[
          'create',
          '--name',
          'unit',
          '--stop-timeout',
          '0',
          'busybox',
          'sh',
          '-c',
          'echo started; exec sleep 1000',
        ],
      );
      const state = () => script(bed, 'systemctl is-enabled berth-unit || true');
      assert.equal(await state(), 'disabled');
      await script(bed, 'systemctl --quiet enable berth-unit');
      assert.equal(await state(), 'enabled');
      await script(bed, 'systemctl --quiet disable berth-unit');
      assert.equal(await state(), 'disabled');
      await script(bed, 'systemctl --quiet mask berth-unit 2>/dev/null');
      const masked = await bed.nsenter(['berth', 'start', 'unit']);
      assert.equal(masked.code, 125);
      assert.match(
        masked.stderr,
        /^Error: unable to start container "[0-9a-f]{64}": unit berth-unit\.service is masked: systemctl unmask berth-unit\.service\n$/,
      );
      await script(bed, 'systemctl --quiet unmask berth-unit 2>/dev/null');
      await script(
        bed,
        `printf '[Service]\\nNice=7\\nLogExtraFields=EDITED=yes\\n' | SYSTEMD_EDITOR=tee systemctl edit --stdin berth-unit 2>/dev/null`,
      );
      await berth(bed, 'start', 'unit');
      const pid = await script(bed, 'berth inspect unit | jq .[0].State.Pid');
      assert.equal(
        await script(bed, `ps -o ni= -p ${pid} | tr -d " "`),
        '7',
        'a drop-in reaches the payload',
      );
      assert.match(await script(bed, 'systemctl status berth-unit'), new RegExp(`${pid} sleep 1000`));
      assert.match(
        await script(bed, 'systemd-cgls --unit berth-unit.service'),
        new RegExp(`${pid} sleep 1000`),
      );
      await script(bed, 'systemctl kill --signal=KILL berth-unit');
      await script(bed, 'until systemctl -q is-failed berth-unit; do sleep 0.02; done');
      assert.equal(await script(bed, 'systemctl show -P Result berth-unit'), 'exit-code');
      await script(bed, 'systemctl revert berth-unit 2>/dev/null; systemctl reset-failed berth-unit');
      await remove(bed, 'unit');
    });
  });
});
