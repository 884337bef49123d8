import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { type Bed, bootBed } from '../bed/bed.ts';
import { cacheDir } from '../bed/cache.ts';
import { baseRoot } from '../bed/rootfs.ts';
import { until } from '../support/machine.ts';

describe('a bed', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootBed({ name: 'first', layers: [await baseRoot()] });
  });
  after(() => bed.close());

  test('is a machine whose systemd has finished starting without a failed unit', async () => {
    assert.equal(bed.state, 'running', await bed.ok(['systemctl', 'list-units', '--failed']));
    assert.equal(await bed.ok(['cat', '/proc/1/comm']), 'systemd');
    assert.equal(await bed.ok(['hostname']), 'first');
    assert.notEqual(bed.bootId(), readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  });

  test('runs a command with its input, output, environment, folder and user', async () => {
    const script = 'cat; echo "$A" $(id -un) $(pwd) >&2; exit 7';
    const how = { input: 'in\nput', env: { A: '$B "%n"' }, cwd: '/usr', user: 'tester' };
    for (const quick of [false, true]) {
      const result = await bed.run(['sh', '-c', script], { ...how, quick });
      assert.deepEqual(result, { code: 7, stdout: 'in\nput', stderr: '$B "%n" tester /usr\n' });
    }
  });

  test('gives a command a unit and a cgroup of its own, and a quick one a cgroup beside the units', async () => {
    const own = ['sed', '-n', 's/^0:://p', '/proc/self/cgroup'];
    assert.match(await bed.ok(own), /^\/system\.slice\/bed-run-\d+-\d+\.service$/);
    assert.equal(await bed.ok(own, { quick: true }), '/bed-guest');
  });

  test('tells exit codes as a shell does', async () => {
    assert.equal((await bed.run(['true'])).code, 0);
    assert.equal((await bed.run(['no-such-command'])).code, 127);
    assert.deepEqual(await bed.run(['sh', '-c', 'kill -9 $$']), { code: 137, stdout: '', stderr: '' });
    assert.equal((await bed.nsenter(['sh', '-c', 'exit 3'])).code, 3);
  });

  test('shows a failed command with everything it printed', async () => {
    const failing = bed.sh('echo something; echo else >&2; false');
    await assert.rejects(failing, /exit code 1 of 'sh' .*\nstdout:\nsomething\n\nstderr:\nelse\n/s);
  });

  test('kills a command that takes too long, and says what it had printed', async () => {
    let timeoutMs = 350;
    for (const quick of [false, true]) {
      // Long enough for the command to begin, on a machine of any speed.
      await until('it was killed after it had begun', async () => {
        timeoutMs *= 2;
        const slow = bed.run(['sh', '-c', 'echo begun; sleep 987'], { timeoutMs, quick });
        const error = await slow.then(() => assert.fail('it was not killed'), String);
        assert.match(error, new RegExp(`more than ${timeoutMs} ms: `));
        return error.includes('begun\n') || undefined;
      });
    }
    await until(
      'none of them lives on',
      async () => (await bed.nsenter(['pgrep', '--full', 'sleep 987'])).code === 1 || undefined,
    );
  });

  test('runs a command in the background, talks to it and signals it', async () => {
    const cat = bed.spawn([
      'sh',
      '-c',
      'trap "echo bye; exit 4" TERM; while read -r x; do echo "got $x"; done',
    ]);
    cat.stdin.write('one\n');
    const lines = createInterface({ input: cat.stdout })[Symbol.asyncIterator]();
    assert.equal((await lines.next()).value, 'got one');
    await cat.kill('TERM');
    cat.stdin.end();
    assert.equal((await lines.next()).value, 'bye');
    assert.equal(await cat.exited, 4);
  });

  test('gives a command a terminal when asked', async () => {
    const plain = bed.spawn(['sh', '-c', 'test -t 1']);
    assert.equal(await plain.exited, 1);
    const terminal = bed.spawn(['sh', '-c', "test -t 0 && test -t 1 && echo 'it is'"], { pty: true });
    assert.equal(await text(terminal.stdout), 'it is\r\n');
    assert.equal(await terminal.exited, 0);
  });

  test('takes and gives files and folders, and shows them on the host', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bed-'));
    try {
      writeFileSync(join(folder, 'a file'), 'content', { mode: 0o640 });
      await bed.copyIn(folder, '/run/copied/in');
      await bed.copyIn(join(folder, 'a file'), '/srv/renamed');
      assert.equal(await bed.ok(['stat', '-c', '%a %U %s', '/run/copied/in/a file']), '640 root 7');
      assert.equal(readFileSync(bed.path('/run/copied/in/a file'), 'utf8'), 'content');
      assert.equal(readFileSync(bed.path('/srv/renamed'), 'utf8'), 'content');
      await bed.copyOut('/run/copied', join(folder, 'out'));
      assert.equal(readFileSync(join(folder, 'out/in/a file'), 'utf8'), 'content');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('can hold the upper side of a container’s overlay under /var/lib/berth', async () => {
    await bed.sh(`
      cd /var/lib/berth && mkdir lower upper work merged && echo below >lower/file
      mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged
      echo above >merged/file && umount merged`);
    assert.equal(await bed.ok(['cat', '/var/lib/berth/upper/file']), 'above');
  });

  for (const [how, off] of [
    ['a reboot', (b: Bed) => b.reboot()],
    ['a loss of power', (b: Bed) => b.powerLoss()],
  ] as const) {
    test(`comes back from ${how} with its disk, an empty /run and another boot id`, async () => {
      await bed.sh('for d in /run /var/lib/berth /etc; do echo kept >$d/mark; done');
      await bed.sh('systemd-run --quiet --unit=long.service sleep 1000; journalctl --sync');
      const earlier = bed.bootId();
      await off(bed);
      assert.notEqual(bed.bootId(), earlier);
      assert.equal(bed.state, 'running');
      assert.equal(await bed.ok(['cat', '/etc/mark', '/var/lib/berth/mark']), 'kept\nkept');
      assert.ok(!existsSync(bed.path('/run/mark')));
      assert.equal((await bed.nsenter(['pgrep', '--exact', 'sleep'])).code, 1);
      assert.match(await bed.journal('--boot=-1', '--unit=long.service'), /Started long\.service/);
    });
  }

  test('is one of several at the same time, each with units of its own', async () => {
    await using second = await bootBed({ name: 'second', layers: [await baseRoot()] });
    await second.ok(['systemd-run', '--quiet', '--unit=only-here.service', 'sleep', '1000']);
    assert.equal(await second.ok(['systemctl', 'is-active', 'only-here.service']), 'active');
    assert.equal((await bed.run(['systemctl', 'is-active', 'only-here.service'])).stdout, 'inactive\n');
    assert.ok(!existsSync(bed.path('/sys/fs/cgroup/system.slice/only-here.service')));
  });
});

describe('the end of a bed', () => {
  test('leaves no process, mount, cgroup or file on the host, and may come twice', async () => {
    const bed = await bootBed({ name: 'closing', layers: [await baseRoot()] });
    await bed.ok(['systemd-run', '--quiet', 'sleep', '1000']);
    assert.notDeepEqual(tracesOf(process.pid), []);
    await bed.close();
    await bed.close();
    assert.deepEqual(tracesOf(process.pid), []);
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`comes when its owner dies of ${signal}`, async () => {
      const owner = spawn(process.execPath, ['--input-type=module', '--eval', OWNER], {
        stdio: ['ignore', 'pipe', 'inherit'],
        cwd: import.meta.dirname,
      });
      const up = await Promise.race([once(owner.stdout, 'data'), once(owner, 'exit')]);
      assert.equal(String(up[0]), 'up\n');
      const pid = owner.pid ?? 0;
      assert.notDeepEqual(processesOf(pid), []);
      owner.kill(signal);
      await once(owner, 'exit');
      if (signal === 'SIGKILL') {
        // The kernel takes the processes down one after the other; the next bed clears the folder.
        await until('its processes are gone', async () => processesOf(pid).length === 0 || undefined);
        await (await bootBed({ name: 'next', layers: [await baseRoot()] })).close();
      }
      // Another bed that is booted meanwhile may be the one that clears it away.
      await until('nothing is left', async () => tracesOf(pid).length === 0 || undefined);
    });
  }
});

const OWNER = `
  import { bootBed } from '../bed/bed.ts';
  import { baseRoot } from '../bed/rootfs.ts';
import { until } from '../support/machine.ts';
  await bootBed({ name: 'orphan', layers: [await baseRoot()] });
  console.log('up');
  setInterval(() => undefined, 1000);
`;

/** Everything on the host that names a bed of that process. */
function tracesOf(owner: number): string[] {
  const form = `berth-bed-${owner}_`;
  const cgroups = execFileSync('find', ['/sys/fs/cgroup', '-type', 'd', '-name', `${form}*`], {
    encoding: 'utf8',
  });
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return [
    ...processesOf(owner),
    ...readdirSync(cacheDir('beds')).filter((name) => name.startsWith(form)),
    ...cgroups.split('\n').filter(Boolean),
    ...mounts.filter((line) => line.includes(form)),
  ];
}

/** Host processes in the cgroups of a bed of that process. */
function processesOf(owner: number): string[] {
  return readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && cgroupOf(pid).includes(`/berth-bed-${owner}_`),
  );
}

function cgroupOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return ''; // it has just ended
  }
}
