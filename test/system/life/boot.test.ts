/** Reboots, clean and by loss of power: what was enabled runs, what was not is told truly, here and in a second instance. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { leakSnapshot } from '../../bed/leaks.ts';
import { assertAgree, type ContainerFacts, inspect } from '../../support/agree.ts';
import { query } from '../../support/database.ts';
import { berth, bootWith, createShell, RUNTIMES, script, systemctl, until } from '../../support/machine.ts';

const SECOND = '/srv/second';
const DEAF = 'exec sleep 1000';
const POLITE = 'trap "exit 5" TERM; sleep 1000 & wait';
const STOP_TIMEOUT = 2;
/** Enabled both, one of them stopped by a person. */
const UNLESS_STOPPED = ['rests', 'goes-on'];

describe('life: boot', () => {
  let bed: Bed;
  const enabled = RUNTIMES.map((runtime) => `on-${runtime}`);
  const seconds = RUNTIMES.map((runtime) => `second-${runtime}`);

  before(async () => {
    bed = await bootWith('boot');
    for (const runtime of RUNTIMES) await createShell(bed, `on-${runtime}`, POLITE, ['--runtime', runtime]);
    await createShell(bed, 'always', DEAF, ['--restart', 'always', '--stop-timeout', String(STOP_TIMEOUT)]);
    for (const name of UNLESS_STOPPED)
      await createShell(bed, name, DEAF, ['--restart', 'unless-stopped', '--stop-timeout', '1']);
    await systemctl(bed, 'enable', '--now', ...UNLESS_STOPPED.map((name) => `berth-${name}`));
    await berth(bed, 'stop', '--time', '0', 'rests');
    for (const name of ['runs', 'stopped']) await createShell(bed, name, POLITE);
    await createShell(bed, 'crashed', 'exit 7');
    for (const name of ['fleeting', 'fleeting-enabled'])
      await createShell(bed, name, POLITE, ['--rm', '--stop-timeout', '1']);
    await systemctl(bed, 'enable', 'berth-fleeting-enabled');
    // A disk of its own: the bed's root is an overlay, on which another overlay cannot be.
    await script(
      bed,
      `mkdir ${SECOND} /var/lib/containers/second
       cd /usr/lib/systemd/system; mkdir -p local-fs.target.wants; ln -s ../srv-second.mount local-fs.target.wants
       printf '%s\\n' '[Mount]' What=/var/lib/containers/second Where=${SECOND} Options=bind >srv-second.mount
       systemctl daemon-reload; systemctl start srv-second.mount`,
    );
    await berth(bed, '--root', SECOND, 'load', '--quiet', '-i', '/images/busybox.tar');
    for (const runtime of RUNTIMES)
      await berth(
        bed,
        '--root',
        SECOND,
        'create',
        '--name',
        `second-${runtime}`,
        '--runtime',
        runtime,
        '--stop-timeout',
        '1',
        'busybox',
        'sleep',
        '1000',
      );
    await systemctl(
      bed,
      'enable',
      '--now',
      ...[...enabled, 'always', ...seconds].map((name) => `berth-${name}`),
    );
    await berth(bed, 'start', 'runs', 'stopped', 'crashed');
    await trapped('stopped', 'runs', ...enabled);
    await berth(bed, 'stop', 'stopped');
    await until(
      'crashed has ended',
      async () => (await inspect(bed, 'crashed')).State.Status === 'exited' || undefined,
    );
  });
  after(() => bed.close());

  test('after a clean reboot enabled containers run, the others are exited with their own codes, and nothing was restarted on the way', async () => {
    const [crashed, stopped] = [await inspect(bed, 'crashed'), await inspect(bed, 'stopped')];
    const startsBefore = await starts('always');
    const boot = bed.bootId();
    await berth(bed, 'start', 'fleeting', 'fleeting-enabled');
    await bed.reboot();
    assert.notEqual(bed.bootId(), boot);
    // Nothing that systemd had to lose patience with.
    const shutdown = await bed.journal('--boot=-1', '--output=cat');
    assert.match(shutdown, /^Stopped berth-always\.service/m);
    assert.doesNotMatch(shutdown, /berth.*(timed out|Killing process)/);

    for (const { unit } of await assertAgree(bed, ...enabled, 'always'))
      assert.equal(unit.ActiveState, 'active');
    assert.equal(await starts('always'), startsBefore + 1, 'one start: that of the boot');
    await assertLeftOut();
    assert.deepEqual((await inspect(bed, 'crashed')).State, crashed.State);
    assert.deepEqual((await inspect(bed, 'stopped')).State, stopped.State);
    const { State } = await inspect(bed, 'runs');
    assert.deepEqual(
      [State.Status, State.ExitCode, State.StoppedByUser, State.Error],
      ['exited', 5, true, ''],
    );
    for (const name of seconds) assert.equal((await inspectSecond(name)).State.Status, 'running');
    assert.doesNotMatch(await berth(bed, 'ps', '--all'), /fleeting/, 'made with --rm, gone with the boot');
  });

  test('after a loss of power the same holds, what ran unsupervised is told as unknown, and the first commands agree', async () => {
    const crashed = await inspect(bed, 'crashed');
    await berth(bed, 'start', 'runs');
    await systemctl(bed, 'disable', ...seconds.map((name) => `berth-${name}`));
    await bed.powerLoss();

    const lists = await Promise.all(
      Array.from({ length: 20 }, () =>
        bed.nsenter(['berth', '--root', SECOND, 'ps', '--all', '--format', 'json']),
      ),
    );
    const states = lists.map(({ code, stdout, stderr }) => {
      assert.deepEqual([code, stderr], [0, '']);
      const rows = JSON.parse(stdout) as { Names: string[]; State: string; ExitCode: number }[];
      return rows.map(({ Names, State, ExitCode }) => [Names[0], State, ExitCode]);
    });
    for (const list of states)
      assert.deepEqual(
        list,
        seconds.map((name) => [name, 'exited', -1]),
      );

    for (const { unit } of await assertAgree(bed, ...enabled, 'always'))
      assert.equal(unit.ActiveState, 'active');
    await assertLeftOut();
    assert.deepEqual((await inspect(bed, 'crashed')).State, crashed.State);
    const [runs] = await assertAgree(bed, 'runs');
    for (const { State } of [
      runs?.container ?? assert.fail(),
      ...(await Promise.all(seconds.map(inspectSecond))),
    ]) {
      assert.deepEqual([State.Status, State.ExitCode, State.StoppedByUser], ['exited', -1, false]);
      assert.match(State.Error, /the machine went down while the container ran/);
    }
  });

  test('what a power loss left on a disk, the run directory of the second instance too, is in nobody’s way', async () => {
    await berth(bed, 'start', 'runs');
    await berth(bed, '--root', SECOND, 'start', ...seconds);
    for (const name of seconds) {
      assert.equal((await inspectSecond(name)).State.Status, 'running');
      assert.equal(await bed.ok(['berth', '--root', SECOND, 'exec', name, 'echo', 'here']), 'here');
    }
    await berth(bed, '--root', SECOND, 'rm', '--all', '--force', '--time', '0');
    await berth(bed, 'rm', '--all', '--force', '--time', '0');
    // What the bed and this test made themselves.
    const known = [
      /^runtime file: \/run\/berth\/(locks|containers|runc|crun(\/\.cache.*)?)$/,
      /^mount: \/(srv\/second|var\/lib\/berth) /,
      /^cgroup: \/system\.slice\/srv-second\.mount \(empty\)$/,
    ];
    const left = async () =>
      [...(await leakSnapshot(bed))].filter(
        (line) => /berth|second/.test(line) && !known.some((pattern) => pattern.test(line)),
      );
    let lines: string[] = [];
    await until('nothing is left', async () => {
      lines = await left();
      return lines.length === 0 || undefined;
    }).catch(() => assert.deepEqual(lines, []));
    const files = await script(
      bed,
      `find /var/lib/berth/containers ${SECOND}/containers ${SECOND}/run -mindepth 1 -not -path '*/.cache*'`,
    );
    assert.deepEqual(
      files.split('\n').sort(),
      ['crun', 'containers', 'locks', 'runc'].map((name) => `${SECOND}/run/${name}`).sort(),
    );
  });

  /** The boot has started the one and not the other; by hand that one starts as well, and is stopped again. */
  async function assertLeftOut(): Promise<void> {
    const states = await script(bed, 'systemctl is-active berth-rests berth-goes-on || true');
    assert.deepEqual(states.split('\n'), ['inactive', 'active']);
    const { State } = await inspect(bed, 'rests');
    assert.deepEqual([State.Status, State.StoppedByUser, State.Error], ['exited', true, '']);
    await systemctl(bed, 'start', 'berth-rests');
    await assertAgree(bed, ...UNLESS_STOPPED);
    await berth(bed, 'stop', '--time', '0', 'rests');
  }

  async function starts(name: string): Promise<number> {
    const [row] = await query<{ n: number }>(
      bed,
      `SELECT count(*) AS n FROM event WHERE name = '${name}' AND status = 'start'`,
    );
    return row?.n ?? 0;
  }

  async function inspectSecond(name: string): Promise<ContainerFacts> {
    const [facts] = JSON.parse(await berth(bed, '--root', SECOND, 'inspect', name)) as ContainerFacts[];
    return facts ?? assert.fail(`${name} is not in ${SECOND}`);
  }

  /** Their shells have set their traps: SIGTERM is bit 14 of SigCgt. */
  async function trapped(...names: string[]): Promise<void> {
    for (const name of names) {
      const { State } = await inspect(bed, name);
      await until(`${name} waits for its signal`, async () => {
        const mask = await script(bed, `sed -n 's/^SigCgt:\\t//p' /proc/${State.Pid}/status`);
        return (BigInt(`0x${mask}`) >> 14n) & 1n ? true : undefined;
      });
    }
  }
});
