/** `berth stop` does itself what the unit's own programs would, when systemd has come to that: no sooner, once, of that run alone. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
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
  until,
} from '../../support/machine.ts';

/** Each notes the stop signals that it gets. */
const PAYLOAD = 'trap "echo term >>/notes/terms; exit 3" TERM; sleep 1000 & wait';
const STUBBORN = 'trap "echo term >>/notes/terms" TERM; while :; do sleep 1000 & wait; done';

/** Waits until the stop has been cleaned up, then runs a program of the unit and notes what it executes. */
const HELD = (id: string): string => `#!/bin/sh
until [ -e /run/berth/containers/${id}.ended ]; do sleep 0.05; done
exec strace -f -qq -e trace=execve -o "/run/seen-\${1##*/}" "$@"
`;

const UNIT_HELD = (id: string): string => `[Service]
ExecStop=
ExecStop=/run/held /usr/libexec/berth/berth-stop ${id}
ExecStopPost=
ExecStopPost=/run/held /usr/libexec/berth/berth-cleanup ${id}
`;

describe('what the verbs do ahead of the unit', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('busybox');
  });
  after(() => bed.close());

  async function make(name: string, payload: string, ...flags: string[]): Promise<string> {
    await script(bed, 'mkdir -p /notes; rm -f /notes/terms');
    await createShell(bed, name, payload, ['-v', '/notes:/notes', ...flags]);
    return (await inspect(bed, name)).Id;
  }

  /** Both programs as they are, but they wait for the cleanup, and what they start is noted. */
  async function hold(folder: string, id: string): Promise<void> {
    await script(
      bed,
      `cat >/run/held <<'X'
${HELD(id)}X
chmod +x /run/held
mkdir -p ${folder}
cat >${folder}/held.conf <<'X'
${UNIT_HELD(id)}X
systemctl daemon-reload`,
    );
  }

  async function assertNothingRan(...entries: string[]): Promise<void> {
    for (const entry of entries)
      await script(bed, `[ -s /run/seen-${entry} ] && ! grep '"/usr/lib/berth/berth"' /run/seen-${entry}`);
  }

  const terms = async (): Promise<string[]> =>
    (await script(bed, 'cat /notes/terms 2>/dev/null || true')).split('\n').filter(Boolean);

  async function statuses(name: string): Promise<string[]> {
    const told = await berth(
      bed,
      ...['events', '--stream=false', '--format', '{{.Status}}', '--filter', `container=${name}`],
    );
    return told.trim().split('\n');
  }

  for (const runtime of RUNTIMES) {
    test(`is a stop, done when berth-stop and berth-cleanup come (${runtime})`, () =>
      leavingNothing(bed, async () => {
        const id = await make('fast', PAYLOAD, '--runtime', runtime);
        const folder = '/run/systemd/system/berth-fast.service.d';
        await hold(folder, id);
        await berth(bed, 'start', 'fast');
        await berth(bed, 'stop', 'fast');
        for (const entry of ['berth-stop', 'berth-cleanup'])
          await script(
            bed,
            `[ -s /run/seen-${entry} ] && ! grep '"/usr/lib/berth/berth"' /run/seen-${entry}`,
          );
        const { State } = await inspect(bed, 'fast');
        assert.deepEqual([State.Status, State.ExitCode, State.StoppedByUser], ['exited', 3, true]);
        const { ActiveState, Result } = await showUnit(bed, 'fast');
        assert.deepEqual([ActiveState, Result], ['inactive', 'success']);
        assert.deepEqual(await terms(), ['term']);
        assert.deepEqual((await statuses('fast')).slice(-4), ['start', 'stop', 'died', 'cleanup']);
        await script(bed, `[ ! -e /run/berth/containers/${id}.ended ]`);
        await remove(bed, 'fast');
        await script(bed, `rm -r ${folder} /run/held /run/seen-* /notes; systemctl daemon-reload`);
      }));
  }

  for (const [code, result] of [
    [0, 'inactive'],
    [4, 'failed'],
  ] as const) {
    test(`is the cleanup after an end with ${code}, which the unit ends with too`, () =>
      leavingNothing(bed, async () => {
        const id = await make('ending', `exit ${code}`);
        const folder = '/run/systemd/system/berth-ending.service.d';
        await hold(folder, id);
        const { code: told } = await bed.run(['berth', 'start', '--attach', 'ending']);
        assert.equal(told, code);
        await assertNothingRan('berth-stop', 'berth-cleanup');
        const { State } = await inspect(bed, 'ending');
        assert.deepEqual([State.Status, State.ExitCode], ['exited', code]);
        assert.equal((await showUnit(bed, 'ending')).ActiveState, result);
        await remove(bed, 'ending');
        await script(bed, `rm -r ${folder} /run/held /run/seen-* /notes; systemctl daemon-reload`);
      }));
  }

  test('is the removal after run --rm, also one after the other, of one name, with any exit code', () =>
    leavingNothing(bed, async () => {
      const command = 'timeout 60 berth run --rm --name once --network none busybox sh -c';
      await script(
        bed,
        `for turn in 1 2 3 4 5 6 7 8 9 10; do ${command} "exit $turn" || [ $? = $turn ]; done`,
      );
      await script(bed, '! ls /run/berth/containers/*.ended');
    }));

  /** An attached start that has not ended by itself half a second after its receipt or its record is there waits for the unit. */
  const waits = async (ended: Promise<unknown>): Promise<boolean> =>
    (await Promise.race([ended.then(() => 'over'), delay(500, 'waits')])) === 'waits';

  test('leaves a command that has waited for an end waiting for that of the unit', () =>
    leavingNothing(bed, async () => {
      const id = await make('over', 'until [ -e /notes/go ]; do sleep 0.05; done; exit 4');
      const ended = bed.nsenter(['berth', 'start', '--attach', 'over']);
      await until(
        'it runs',
        async () => (await inspect(bed, 'over')).State.Status === 'running' || undefined,
      );
      // A systemd that does not get to it: the cgroup is empty, and ExecStop= has not begun.
      process.kill(bed.pid, 'SIGSTOP');
      try {
        await bed.nsenter(['touch', '/notes/go']);
        const receipt = `/run/berth/containers/${id}.ended`;
        await until('all is cleaned up', async () =>
          (await bed.nsenter(['test', '-e', receipt])).code === 0 ? true : undefined,
        );
        assert.ok(await waits(ended), 'it is over before its unit');
      } finally {
        process.kill(bed.pid, 'SIGCONT');
      }
      assert.equal((await ended).code, 4);
      assert.equal((await showUnit(bed, 'over')).ActiveState, 'failed');
      await remove(bed, 'over');
      await script(bed, 'rm -r /notes');
    }));

  test('removes what was made with --rm when the unit has come to ExecStopPost=, not before', () =>
    leavingNothing(bed, async () => {
      await make('brief', 'exit 4', '--rm');
      const folder = '/run/systemd/system/berth-brief.service.d';
      await script(
        bed,
        `mkdir -p ${folder}
printf '[Service]\nExecStop=/bin/sh -c "until [ -e /notes/go ]; do sleep 0.05; done"\n' >${folder}/slow.conf
systemctl daemon-reload`,
      );
      const ended = bed.nsenter(['berth', 'start', '--attach', 'brief']);
      await until(
        'its end is recorded',
        async () => (await inspect(bed, 'brief')).State.Status === 'exited' || undefined,
      );
      assert.ok(await waits(ended), 'it is over before its unit');
      assert.equal((await inspect(bed, 'brief')).State.Status, 'exited');
      await bed.nsenter(['touch', '/notes/go']);
      assert.equal((await ended).code, 4);
      assert.equal((await bed.nsenter(['berth', 'container', 'exists', 'brief'])).code, 1);
      await script(bed, `rm -r ${folder} /notes; systemctl daemon-reload`);
    }));

  test('is nothing where a restart follows', () =>
    leavingNothing(bed, async () => {
      await make(
        'again',
        '[ -e /notes/terms ] || { echo x >/notes/terms; exit 3; }; sleep 1000',
        '--restart',
        'always',
      );
      const { code } = await bed.run(['berth', 'start', '--attach', 'again']);
      assert.equal(code, 3);
      await until(
        'it runs again',
        async () => (await inspect(bed, 'again')).State.Status === 'running' || undefined,
      );
      await berth(bed, 'rm', '--force', '--time', '0', 'again');
      await script(bed, 'rm -r /notes');
    }));

  test('sends the stop signal once, and leaves the end of the grace to berth-stop', () =>
    leavingNothing(bed, async () => {
      await make('stubborn', STUBBORN);
      await berth(bed, 'start', 'stubborn');
      const { stderr } = await bed.run(['berth', 'stop', '--time', '2', 'stubborn']);
      assert.match(stderr, /StopSignal SIGTERM failed to stop container stubborn in 2 seconds/);
      assert.deepEqual(await terms(), ['term']);
      assert.equal((await inspect(bed, 'stubborn')).State.ExitCode, 137);
      assert.deepEqual(
        (await statuses('stubborn')).filter((status) => status === 'stop' || status === 'died'),
        ['stop', 'died'],
      );
      await remove(bed, 'stubborn');
      await script(bed, 'rm -r /notes');
    }));

  test('kills at once with --time 0, and what waits to be started too', () =>
    leavingNothing(bed, async () => {
      await make('stubborn', STUBBORN);
      await berth(bed, 'start', 'stubborn');
      await berth(bed, 'stop', '--time', '0', 'stubborn');
      assert.equal((await inspect(bed, 'stubborn')).State.ExitCode, 137);
      await berth(bed, 'init', 'stubborn');
      await berth(bed, 'stop', 'stubborn');
      assert.deepEqual(await terms(), []);
      assert.equal((await showUnit(bed, 'stubborn')).ActiveState, 'inactive');
      await remove(bed, 'stubborn');
      await script(bed, 'rm -r /notes');
    }));

  test('wakes what is paused, with the stop signal first', () =>
    leavingNothing(bed, async () => {
      await make('frozen', PAYLOAD);
      await berth(bed, 'start', 'frozen');
      await berth(bed, 'pause', 'frozen');
      await systemctl(bed, 'stop', 'berth-frozen');
      assert.deepEqual(await terms(), ['term']);
      assert.equal((await inspect(bed, 'frozen')).State.ExitCode, 3);
      await berth(bed, 'start', 'frozen');
      await berth(bed, 'pause', 'frozen');
      await berth(bed, 'rm', '--force', 'frozen');
      assert.deepEqual(await terms(), ['term', 'term']);
      await script(bed, 'rm -r /notes');
    }));

  test('waits while systemd lets the unit wait: for those that need it, which stop first', () =>
    leavingNothing(bed, async () => {
      await make('base', 'trap "echo base >>/notes/terms; exit 0" TERM; sleep 1000 & wait');
      await make('user', 'trap "sleep 1; echo user >>/notes/terms; exit 0" TERM; sleep 1000 & wait');
      const folder = '/run/systemd/system/berth-user.service.d';
      await script(
        bed,
        `mkdir -p ${folder}
printf '[Unit]\\nRequires=berth-base.service\\nAfter=berth-base.service\\n' >${folder}/needs.conf
systemctl daemon-reload`,
      );
      await berth(bed, 'start', 'user');
      await berth(bed, 'stop', 'base');
      assert.deepEqual(await terms(), ['user', 'base']);
      await remove(bed, 'user', 'base');
      await script(bed, `rm -r ${folder} /notes; systemctl daemon-reload`);
    }));

  test('or by systemctl is recorded as one, also while berth-start is still the main process', () =>
    leavingNothing(bed, async () => {
      await make('quick', PAYLOAD, '--health-cmd', 'true', '--health-interval', '1h');
      await script(
        bed,
        'for turn in 1 2 3 4 5 6 7 8 9 10; do berth start quick && systemctl stop berth-quick || exit 1; done',
      );
      assert.equal((await statuses('quick')).filter((status) => status === 'stop').length, 10);
      assert.equal((await terms()).length, 10);
      await remove(bed, 'quick');
      await script(bed, 'rm -r /notes');
    }));

  test('leaves it all to the unit from another mount namespace, whose unmounting would not be the host’s', () =>
    leavingNothing(bed, async () => {
      const id = await make('apart', PAYLOAD);
      await berth(bed, 'start', 'apart');
      await script(bed, 'unshare --mount berth stop apart');
      await script(bed, `! grep ${id} /proc/self/mountinfo`);
      const { State } = await inspect(bed, 'apart');
      assert.deepEqual([State.Status, State.ExitCode], ['exited', 3]);
      await remove(bed, 'apart');
      await script(bed, 'rm -r /notes');
    }));

  test('is part of restart and of rm --force, each of the run that was meant', () =>
    leavingNothing(bed, async () => {
      await make('again', PAYLOAD);
      await berth(bed, 'start', 'again');
      const first = (await inspect(bed, 'again')).State.Pid;
      await berth(bed, 'restart', 'again');
      const { State } = await inspect(bed, 'again');
      assert.equal(State.Status, 'running');
      assert.notEqual(State.Pid, first);
      assert.deepEqual(await terms(), ['term']);
      await berth(bed, 'rm', '--force', 'again');
      assert.deepEqual(await terms(), ['term', 'term']);
      await script(bed, 'rm -r /notes');
    }));
});
