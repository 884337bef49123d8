import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import {
  cgroupProcesses,
  isPopulated,
  killCgroup,
  removeCgroup,
  waitUntilEmpty,
  wasOomKilled,
} from '../../../src/sys/cgroup.ts';
import { devicesAt } from '../../../src/sys/devices.ts';
import { readFileIfAny, writeFileAtomic } from '../../../src/sys/files.ts';
import { host } from '../../../src/sys/host.ts';
import {
  bootId,
  capabilityBoundingMask,
  isAlive,
  processRef,
  readLimits,
  signalProcess,
} from '../../../src/sys/proc.ts';
import { run, runAtOnce } from '../../../src/sys/spawn.ts';

/** Looks until it is so; nothing announces the state of a process. */
async function becomes(what: string, isSo: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 60_000; !isSo(); await setImmediate())
    assert.ok(performance.now() < deadline, `not within a minute: ${what}`);
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'berth-sys-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('writeFileAtomic', () => {
  it('replaces the whole file, with the mode asked for whatever the umask', (t) => {
    const file = path.join(temporaryFolder(t), 'f');
    const before = process.umask(0o077);
    t.after(() => process.umask(before));
    writeFileSync(file, 'a much longer text than the new one');
    writeFileAtomic(file, 'new', { mode: 0o644, durable: true });
    assert.equal(readFileSync(file, 'utf8'), 'new');
    assert.equal(statSync(file).mode & 0o777, 0o644);
    writeFileAtomic(file, new Uint8Array([0xff, 0]));
    assert.deepEqual([...readFileSync(file)], [0xff, 0]);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('keeps the old file, and nothing beside it, when the new one cannot be written whole', (t) => {
    const folder = temporaryFolder(t);
    const file = path.join(folder, 'f');
    writeFileSync(file, 'old');
    const script = `
      const { writeFileAtomic } = await import(${JSON.stringify(path.resolve(import.meta.dirname, '../../../src/sys/files.ts'))});
      try { writeFileAtomic(${JSON.stringify(file)}, 'x'.repeat(1_000_000)); } catch (error) { console.log(error.code); }`;
    // A limit on file sizes stops a write half way, as a full disk does (setrlimit(2), RLIMIT_FSIZE).
    const { stdout } = spawnSync(
      'sh',
      ['-c', 'trap "" XFSZ; ulimit -f 8; exec "$0" --input-type=module -e "$1"', process.execPath, script],
      { encoding: 'utf8' },
    );
    assert.equal(stdout, 'EFBIG\n');
    assert.equal(readFileSync(file, 'utf8'), 'old');
    assert.deepEqual(readdirSync(folder), ['f']);
  });

  it('leaves nothing beside a target that cannot be replaced', (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(path.join(folder, 'taken/full'), { recursive: true });
    assert.throws(() => writeFileAtomic(path.join(folder, 'taken'), 'x'), { code: 'EISDIR' });
    assert.deepEqual(readdirSync(folder), ['taken']);
  });
});

describe('readFileIfAny', () => {
  it('is undefined only where there is no file', (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(path.join(folder, 'f'), 'text');
    assert.equal(readFileIfAny(path.join(folder, 'f')), 'text');
    assert.equal(readFileIfAny(path.join(folder, 'none')), undefined);
    assert.equal(readFileIfAny(path.join(folder, 'f/below')), undefined);
    assert.throws(() => readFileIfAny(folder), { code: 'EISDIR' });
  });
});

describe('run', () => {
  it('passes input, folder and environment on', async (t) => {
    const folder = temporaryFolder(t);
    const { stdout } = await run('sh', ['-c', 'cat; pwd; echo $WORD'], {
      input: 'in\n',
      cwd: folder,
      env: { PATH: process.env.PATH, WORD: 'word' },
    });
    assert.equal(stdout, `in\n${folder}\nword\n`);
  });

  it('does not mind a program that ends without reading its input', async () => {
    assert.equal((await run('true', [], { input: 'x'.repeat(1_000_000) })).code, 0);
  });
});

for (const runner of [run, runAtOnce])
  describe(runner.name, () => {
    it('returns output, errors and exit code', async () => {
      assert.deepEqual(await runner('sh', ['-c', 'echo out; echo err >&2; exit 3']), {
        code: 3,
        stdout: 'out\n',
        stderr: 'err\n',
        timedOut: false,
      });
    });

    it('keeps systemd’s notify socket to itself', async (t) => {
      process.env.NOTIFY_SOCKET = '/run/systemd/notify';
      t.after(() => delete process.env.NOTIFY_SOCKET);
      const { stdout } = await runner('env', []);
      assert.doesNotMatch(stdout, /NOTIFY_SOCKET/);
    });

    it('tells death by any signal as a shell does', async () => {
      for (const [signal, code] of [
        ['TERM', 143],
        ['KILL', 137],
        ['ILL', 132],
        ['USR1', 138],
      ] as const) {
        assert.equal((await runner('sh', ['-c', `kill -${signal} $$`])).code, code, signal);
      }
    });

    it('ends a program at its time-out and says so', async () => {
      let said = '';
      // Long enough for it to begin, on a machine of any speed.
      for (let timeoutMs = 200; said === ''; timeoutMs *= 2) {
        const { code, timedOut, stdout } = await runner('sh', ['-c', 'echo begun; exec sleep 1000'], {
          timeoutMs,
        });
        assert.deepEqual([code, timedOut], [137, true]);
        said = stdout;
      }
      assert.equal(said, 'begun\n');
    });

    it('says what to install, or that a program may not be run', async (t) => {
      await assert.rejects(async () => runner('/nonexistent/program', []), {
        code: 'missing-program',
        message: 'cannot run /nonexistent/program: no such program, install the package that has it',
      });
      const file = path.join(temporaryFolder(t), 'f');
      writeFileSync(file, '');
      chmodSync(file, 0o644);
      await assert.rejects(async () => runner(file, []), {
        code: 'permission',
        message: /^cannot run .*EACCES/,
      });
    });
  });

describe('a process reference', () => {
  it('is alive as long as its process is, and not when another one has its pid', async (t) => {
    const child = spawn('sleep', ['1000']);
    t.after(() => child.kill('SIGKILL'));
    await once(child, 'spawn');
    const ref = processRef(child.pid ?? 0);
    assert.ok(ref !== undefined);
    assert.equal(isAlive(ref), true);
    const reused = { ...ref, startTime: ref.startTime - 1 };
    assert.equal(isAlive(reused), false);
    assert.equal(signalProcess(reused, 9), false);
    assert.equal(isAlive(ref), true);
    assert.equal(signalProcess(ref, 15), true);
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM']);
    assert.equal(isAlive(ref), false);
    assert.equal(signalProcess(ref, 9), false);
    assert.equal(isAlive(undefined), false);
  });

  it('is none of a zombie', async (t) => {
    // The child ends once its parent is no longer a shell, which might reap it, but cat, which waits for nobody.
    const parent = spawn('sh', ['-c', 'read -r line <&3 & echo $!; exec cat 3<&-'], {
      stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
    });
    t.after(() => parent.kill('SIGKILL'));
    const [text] = (await once(parent.stdout as Readable, 'data')) as [Buffer];
    const pid = Number(text.toString());
    const stat = (of: number): string => readFileSync(`/proc/${of}/stat`, 'utf8');
    await becomes('cat has taken the place of the shell', () => stat(parent.pid ?? 0).includes('(cat)'));
    (parent.stdio[3] as Writable).end();
    await becomes('the child is a zombie', () => / Z /.test(stat(pid)));
    assert.equal(processRef(pid), undefined);
  });

  it('copes with a command name that looks like the rest of the line', async (t) => {
    const name = ') R 1 (';
    const folder = temporaryFolder(t);
    const program = path.join(folder, name);
    writeFileSync(program, readFileSync('/bin/sleep'));
    chmodSync(program, 0o755);
    const child = spawn(program, ['1000']);
    t.after(() => child.kill('SIGKILL'));
    await once(child, 'spawn');
    const self = processRef(process.pid)?.startTime ?? Number.NaN;
    const started = processRef(child.pid ?? 0)?.startTime ?? Number.NaN;
    assert.ok(started >= self && started < self + 100 * 3600, `${started} and ${self}`);
  });

  it('takes real-time signals', async (t) => {
    const child = spawn('sh', ['-c', 'trap "exit 7" 37; echo ready; while :; do sleep 0.01; done'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    t.after(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    const ref = processRef(child.pid ?? 0);
    assert.ok(ref !== undefined);
    assert.equal(signalProcess(ref, 37), true);
    assert.deepEqual(await once(child, 'exit'), [7, null]);
  });
});

describe('facts of /proc', () => {
  it('are this machine’s', () => {
    assert.match(bootId(), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.match(capabilityBoundingMask(), /^[0-9a-f]{16}$/);
    const { stdout } = spawnSync('sh', ['-c', 'ulimit -Sn; ulimit -Hn'], { encoding: 'utf8' });
    const [soft, hard] = stdout
      .split('\n')
      .map((text) => (text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text)));
    const nofile = readLimits()['open files'];
    // Node raises its own soft limit to the hard one.
    assert.equal(nofile?.hard, hard);
    assert.ok(nofile !== undefined && soft !== undefined && nofile.soft >= soft);
  });
});

describe('a cgroup that is not there', () => {
  const GONE = '/berth-test-nonexistent.slice';

  it('is empty, and ending or removing it is success', async () => {
    assert.equal(isPopulated(GONE), false);
    assert.deepEqual(cgroupProcesses(GONE), []);
    assert.equal(wasOomKilled(GONE), false);
    assert.equal(await waitUntilEmpty(GONE, 10), true);
    killCgroup(GONE);
    removeCgroup(GONE);
  });
});

describe('host', () => {
  it('finds programs in PATH and by path, and takes no folder or plain file for one', (t) => {
    const folder = temporaryFolder(t);
    const [program, plain] = [path.join(folder, 'program'), path.join(folder, 'plain')];
    for (const file of [program, plain]) writeFileSync(file, '#!/bin/sh\n');
    chmodSync(program, 0o755);
    mkdirSync(path.join(folder, 'sub'));
    const before = process.env.PATH;
    t.after(() => {
      process.env.PATH = before;
    });
    process.env.PATH = `/nonexistent:${plain}:${folder}`;
    assert.equal(host.findProgram('program'), program);
    assert.equal(host.findProgram(program), program);
    for (const name of ['none', 'plain', 'sub', '/nonexistent/x', folder, plain])
      assert.equal(host.findProgram(name), undefined, name);
  });

  it('knows the flags of the mount that a path lies on', () => {
    const flags = host.mountFlags(['/proc/self', '/']);
    const proc = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .findLast((line) => line.split(' ')[4] === '/proc');
    const options = proc?.split(' ')[5]?.split(',') ?? [];
    assert.deepEqual(
      flags['/proc/self']?.toSorted(),
      options.filter((word) => /^no(suid|dev|exec)$/.test(word)).sort(),
    );
    assert.deepEqual(host.mountFlags([]), {});
  });

  it('says when a file was changed, and of none that there is none', (t) => {
    const file = path.join(temporaryFolder(t), 'f');
    assert.equal(host.changedAt(file), undefined);
    writeFileSync(file, '');
    assert.equal(host.changedAt(file), statSync(file).ctime.toISOString());
    host.remove(file);
    host.remove(file);
    assert.equal(host.exists(file), false);
  });
});

describe('devices', () => {
  it('are known by type and number, also through a link; a directory has those below it', () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'berth-devices-'));
    try {
      const link = path.join(directory, 'link');
      symlinkSync('/dev/null', link);
      const found = devicesAt(link);
      assert.equal(found?.path, '/dev/null');
      const { type, major, minor } = found?.nodes[0] ?? {};
      assert.deepEqual([type, major, minor], ['c', 1, 3]);
      assert.deepEqual(devicesAt(directory)?.nodes, [], 'a link is no device of the directory');
      const below = devicesAt('/dev')?.nodes.map((node) => node.path) ?? [];
      assert.ok(below.includes('/dev/null') && !below.some((file) => file.startsWith('/dev/pts/')));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('are nowhere where there is nothing, and nothing but a device is one', () => {
    assert.equal(devicesAt('/nosuch'), undefined);
    assert.deepEqual(devicesAt('/etc/passwd'), { path: '/etc/passwd', nodes: [] });
  });
});
