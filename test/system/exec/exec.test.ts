import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { query } from '../../support/database.ts';
import { berth, bootWith, leavingNothing, RUNTIMES, remove, script, until } from '../../support/machine.ts';
import { preparePodman, quote } from '../../support/peer.ts';

interface Own {
  code: number;
  stdout?: string;
  stderr?: string;
  why: string;
}

/** What follows `exec`; C stands for the container. Podman must answer the same unless `own`, or with runc `runc`, says what Berth does and why. */
const CALLS: { words: string[]; own?: Own; runc?: Own }[] = [
  { words: ['C', 'sh', '-c', 'echo out; echo err >&2; exit 7'] },
  { words: ['C', 'sh', '-c', 'kill -9 $$'] },
  { words: ['C', 'sh', '-c', 'exit 255'] },
  { words: ['C', 'nosuch'] },
  { words: ['C', '/nosuch/program'] },
  { words: ['C', '/etc/passwd'] },
  {
    words: ['C', '/etc'],
    runc: {
      code: 126,
      stderr:
        'Error: runc: exec failed: unable to start container process: exec: "/etc": is a directory: OCI permission denied\n',
      why: 'Podman knows crun’s words for it but not runc’s, and says 255',
    },
  },
  { words: ['-w', '/tmp', 'C', 'pwd'] },
  { words: ['-w', '/nosuch', 'C', 'true'] },
  { words: ['C'] },
  { words: ['nosuch', 'true'] },
  { words: ['-u', '1000:1000', 'C', 'sh', '-c', 'id -u; id -g; echo $HOME'] },
  { words: ['-u', 'nobody', 'C', 'id', '-un'] },
  {
    words: ['-u', 'app', 'C', 'id'],
    own: {
      code: 0,
      stdout: 'uid=1000(app) gid=1000(app) groups=1000(app),2000(extra)\n',
      why: 'as login(1): the own group is among them, for Podman only in the container’s first process',
    },
  },
  {
    words: ['-u', 'nosuch', 'C', 'true'],
    own: {
      code: 126,
      stderr: 'Error: unable to find user nosuch: no matching entries in passwd file\n',
      why: 'Podman says 255, which is also what a command may say; create with such a user says 126 in both',
    },
  },
  { words: ['-e', 'A=1', '-e', 'B=x y', '--env', 'A=2', 'C', 'sh', '-c', 'echo "$A|$B|$PATH"'] },
  { words: ['--env-file', '/tmp/exec.env', 'C', 'sh', '-c', 'echo "$FROM_FILE"'] },
  { words: ['C', 'grep', 'Cap', '/proc/self/status'] },
  { words: ['--privileged', 'C', 'grep', 'Cap', '/proc/self/status'] },
  { words: ['--privileged', '-u', 'app', 'C', 'grep', 'Cap', '/proc/self/status'] },
  { words: ['C', 'sh', '-c', 'cat; echo end'] },
  { words: ['-i', 'C', 'cat'] },
  { words: ['C', 'sh', '-c', 'echo "$0" "$@"', '-x', '%n', '$HOME', ''] },
  {
    words: ['--bogus', 'C', 'true'],
    own: { code: 125, stderr: 'Error: unknown flag: --bogus: see berth exec --help\n', why: 'one line' },
  },
];

const INPUT = 'from standard input\n';

for (const runtime of RUNTIMES) {
  describe(`exec, with ${runtime}`, () => {
    let bed: Bed;
    before(async () => {
      bed = await bootWith(`exec-${runtime}`);
      await preparePodman(bed);
      await script(bed, 'echo FROM_FILE=yes >/tmp/exec.env');
      await bed.ok([
        'podman',
        '--runtime',
        runtime,
        'run',
        '-d',
        '--network',
        'none',
        '--name',
        'c',
        'localhost/busybox',
        'sleep',
        '100000',
      ]);
      await berth(
        bed,
        'create',
        '--runtime',
        runtime,
        '--name',
        'c',
        '--stop-timeout',
        '0',
        'busybox',
        'sleep',
        '100000',
      );
      await berth(bed, 'start', 'c');
    });
    after(() => bed.close());

    const ids = (name: string) => berth(bed, 'inspect', '--format', '{{.ExecIDs}}', name);
    const exec = (...words: string[]) => bed.run(['berth', 'exec', ...words], { input: INPUT });

    test('answers as Podman does, with the same words and exit codes', async () => {
      const words = (call: string[]) => call.map((word) => quote(word === 'C' ? 'c' : word)).join(' ');
      const all = async (engine: string) => {
        const lines = CALLS.map(
          ({ words: call }) =>
            `${engine} exec ${words(call)} >/tmp/out-${engine} 2>/tmp/err-${engine} </tmp/in; printf '%s\\0' $? "$(cat /tmp/out-${engine}; echo .)" "$(cat /tmp/err-${engine}; echo .)"`,
        );
        const { stdout } = await bed.run(
          [
            'sh',
            '-c',
            `printf '${INPUT.trim()}\\n' >/tmp/in; cat >/tmp/exec-${engine}; exec sh /tmp/exec-${engine}`,
          ],
          {
            input: lines.join('\n'),
          },
        );
        const parts = stdout.split('\0');
        return CALLS.map((_, index) => ({
          code: Number(parts[index * 3]),
          stdout: parts[index * 3 + 1]?.slice(0, -1),
          stderr: parts[index * 3 + 2]?.slice(0, -1),
        }));
      };
      const own = await all('berth');
      const peers = await all('podman');
      for (const [index, call] of CALLS.entries()) {
        const what = `exec ${call.words.join(' ')}`;
        const deviation = call.own ?? call[runtime === 'runc' ? 'runc' : 'own'];
        if (deviation === undefined) assert.deepEqual(own[index], peers[index], what);
        else {
          const { why, ...expected } = deviation;
          assert.deepEqual(own[index], { stdout: '', stderr: '', ...expected }, what);
          assert.notDeepEqual(own[index], peers[index], `no difference any more: ${why}`);
        }
      }
    });

    test('passes a MiB through unchanged in both directions', async () => {
      const sums = await bed.sh(
        `head -c 1048576 /dev/urandom >/tmp/mib
         berth exec -i c sha256sum </tmp/mib | cut -d' ' -f1
         berth exec -i c cat </tmp/mib >/tmp/back; cat /tmp/back | sha256sum | cut -d' ' -f1
         cat /tmp/mib | berth exec -i c cat | sha256sum | cut -d' ' -f1
         sha256sum </tmp/mib | cut -d' ' -f1`,
      );
      const [first, ...others] = sums.split('\n');
      assert.match(first ?? '', /^[0-9a-f]{64}$/);
      assert.deepEqual(others, [first, first, first]);
    });

    test('leaves the owner of the files that its streams are redirected to', async () => {
      await script(bed, 'echo secret >/root/in; rm -f /root/out /root/err');
      await bed.sh('berth exec -i -u app c sh -c "cat; echo e >&2" </root/in >/root/out 2>/root/err');
      assert.equal(
        await script(bed, 'stat -c %u /root/in /root/out /root/err; cat /root/out /root/err'),
        '0\n0\n0\nsecret\ne',
      );
    });

    // runc copies the output itself and waits until nobody can write any more.
    const quiet = runtime === 'runc' ? '>/dev/null 2>&1' : '';
    test(`does not wait for what the command leaves running${quiet && ' with no hold on its output'}, and loses none of its output`, async () => {
      const { code, stdout } = await exec('c', 'sh', '-c', `sleep 77777 ${quiet} & seq 20000`);
      assert.equal(code, 0);
      assert.equal(stdout.trim().split('\n').length, 20_000);
      await exec('c', 'pkill', '-f', '77777');
    });

    test('gives a command a terminal with -t, in which Ctrl-C ends it', async () => {
      const shell = bed.spawn(
        [
          'berth',
          'exec',
          '-t',
          '-i',
          'c',
          'sh',
          '-c',
          'trap "echo caught; exit 33" INT; tty; test -t 0 && test -t 2 && echo terminal; while :; do sleep 0.05; done',
        ],
        { pty: true },
      );
      let output = '';
      for await (const chunk of shell.stdout) {
        const before = output.includes('terminal');
        output += String(chunk);
        if (!before && output.includes('terminal')) shell.stdin.write('\x03');
      }
      shell.stdin.end();
      assert.equal(await shell.exited, 33, output);
      assert.match(output, /\/dev\/pts\/\d+\r\n.*caught/s);
    });

    test('hands a signal on to the command, without a terminal', async () => {
      const call = bed.spawn([
        'berth',
        'exec',
        'c',
        'sh',
        '-c',
        'trap "echo caught; exit 34" TERM; echo ready; while :; do sleep 0.05; done',
      ]);
      let output = '';
      for await (const chunk of call.stdout) {
        const ready = output.includes('ready');
        output += String(chunk);
        if (!ready && output.includes('ready'))
          await script(bed, `kill -TERM $(pgrep -f '^/usr/lib/berth/berth.* exec c sh -c trap')`);
      }
      assert.equal(await call.exited, 34, output + (await text(call.stderr)));
    });

    test('refuses a container that does not run, in Podman’s words', async () => {
      await leavingNothing(bed, async () => {
        await berth(bed, 'create', '--name', 'idle', 'busybox', 'true');
        const { code, stdout, stderr } = await exec('idle', 'true');
        assert.deepEqual(
          { code, stdout, stderr },
          {
            code: 125,
            stdout: '',
            stderr: 'Error: can only create exec sessions on running containers: container state improper\n',
          },
        );
        await remove(bed, 'idle');
      });
    });

    test('with --detach prints its session, which inspect shows while it runs, and records its exit code', async () => {
      await leavingNothing(bed, async () => {
        const [{ begun } = { begun: 0 }] = await query<{ begun: number }>(
          bed,
          'SELECT max(seq) AS begun FROM event',
        );
        const { code, stdout } = await exec(
          '-d',
          'c',
          'sh',
          '-c',
          'while [ ! -e /go ]; do sleep 0.05; done; exit 3',
        );
        assert.equal(code, 0);
        const session = stdout.trim();
        assert.match(session, /^[0-9a-f]{64}$/);
        assert.equal(await ids('c'), `[${session}]`);
        await exec('c', 'touch', '/go');
        await until('it has ended', async () => ((await ids('c')) === '[]' ? true : undefined));
        const [last] = await query<{ status: string; detail: string }>(
          bed,
          `SELECT status, detail FROM event WHERE status LIKE 'exec%' AND detail LIKE '%"exitCode":3%' AND seq > ${begun}`,
        );
        assert.equal(last?.status, 'exec_died');
        await exec('c', 'rm', '/go');
      });
    });

    test('with --detach fails with 125 when the command cannot be run, and leaves no session', async () => {
      const { code, stderr } = await exec('-d', 'c', 'nosuchprogram');
      assert.equal(code, 125);
      assert.match(stderr, /not found/);
      assert.equal(await ids('c'), '[]');
    });

    test('sessions hold up neither stop nor rm, and those of killed callers are swept', async () => {
      await leavingNothing(bed, async () => {
        await berth(
          bed,
          'run',
          '-d',
          '--runtime',
          runtime,
          '--name',
          'held',
          '--stop-timeout',
          '0',
          'busybox',
          'sleep',
          '100000',
        );
        for (let count = 0; count < 3; count++) await exec('-d', 'held', 'sleep', '77777');
        const call = bed.spawn(['berth', 'exec', 'held', 'sh', '-c', 'echo in; sleep 66666']);
        for await (const chunk of call.stdout) if (String(chunk).includes('in')) break;
        assert.equal((await ids('held')).split(' ').length, 4);
        await script(bed, `kill -KILL $(pgrep -f '^/usr/lib/berth/berth.*exec held')`);
        await call.exited;
        assert.equal((await ids('held')).split(' ').length, 3, 'one whose caller is gone is none');
        await exec('held', 'true');
        assert.equal(
          (await query(bed, 'SELECT id FROM exec_session')).length,
          3,
          'and its row goes with the next exec',
        );
        await berth(bed, 'stop', 'held');
        assert.deepEqual(await query(bed, 'SELECT id FROM exec_session'), []);
        await berth(bed, 'start', 'held');
        await exec('-d', 'held', 'sleep', '77777');
        await remove(bed, 'held');
        assert.deepEqual(await query(bed, 'SELECT id FROM exec_session'), []);
      });
    });

    test('on a terminal is left with the keys to detach, and goes on', async () => {
      await leavingNothing(bed, async () => {
        await berth(
          bed,
          'run',
          '-d',
          '--runtime',
          runtime,
          '--name',
          'left',
          '--stop-timeout',
          '0',
          'busybox',
          'sleep',
          '100000',
        );
        const shell = bed.spawn(
          ['berth', 'exec', '-it', 'left', 'sh', '-c', 'echo ready; read x; echo got $x; sleep 77777'],
          {
            pty: true,
          },
        );
        let shown = '';
        for await (const chunk of shell.stdout) {
          const before = shown;
          shown += String(chunk);
          if (!before.includes('ready') && shown.includes('ready')) shell.stdin.write('word\r');
          if (!before.includes('got word') && shown.includes('got word')) shell.stdin.write('\x10\x11');
        }
        shell.stdin.end();
        assert.equal(await shell.exited, 0, shown);
        assert.match(await ids('left'), /^\[[0-9a-f]{64}\]$/);
        await remove(bed, 'left');
      });
    });

    test('hands on the file descriptors that --preserve-fds counts', async () => {
      assert.equal(
        await script(
          bed,
          'echo three >/tmp/three; berth exec --preserve-fds 1 c cat /proc/self/fd/3 3</tmp/three',
        ),
        'three',
      );
      const { code, stderr } = await exec('--preserve-fds', '1', 'c', 'true');
      assert.deepEqual([code, stderr.split(' - ')[0]], [125, 'Error: file descriptor 3 is not available']);
    });

    test('ends with the container, and leaves no process, cgroup or file', async () => {
      await leavingNothing(bed, async () => {
        await berth(
          bed,
          'create',
          '--runtime',
          runtime,
          '--name',
          'short',
          '--stop-timeout',
          '0',
          'busybox',
          'sleep',
          '100000',
        );
        await berth(bed, 'start', 'short');
        const session = bed.spawn(['berth', 'exec', 'short', 'sh', '-c', 'echo in; sleep 88888']);
        for await (const chunk of session.stdout) if (String(chunk).includes('in')) break;
        await berth(bed, 'stop', 'short');
        assert.equal(await session.exited, 137);
        await remove(bed, 'short');
      });
      assert.equal(await script(bed, 'ls /run/berth/containers/*/ | grep ^exec- || true'), '');
    });
  });
}
