/** run, attach and start --attach: streams, signals, terminals and exit codes of containers in the foreground. */
import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree, inspect } from '../../support/agree.ts';
import {
  berth,
  bootWith,
  createShell,
  leavingNothing,
  RUNTIMES,
  remove,
  script,
  until,
} from '../../support/machine.ts';

describe('run', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('run');
    await script(bed, 'head -c 1500000 /dev/urandom >/tmp/binary');
  });
  after(() => bed.close());

  const run = (...words: string[]) => bed.nsenter(['berth', 'run', ...words]);
  const status = async (name: string) => (await inspect(bed, name)).State.Status;

  /** Resolves when so many are connected, all in all: conmon's socket, and its end of each connection, have one name. */
  const attachments = (count: number) =>
    until(`${count} are attached`, async () =>
      Number(await script(bed, 'grep -c "/attach$" /proc/net/unix || true')) === count + 1 ? true : undefined,
    );

  for (const runtime of RUNTIMES) {
    test(`is the container’s output and exit code, and with --rm nothing is left, with ${runtime}`, async () => {
      await leavingNothing(bed, async () => {
        const shell = 'echo out; echo err >&2; exit 7';
        const answer = await run('--rm', '--runtime', runtime, 'busybox', 'sh', '-c', shell);
        assert.deepEqual(answer, { code: 7, stdout: 'out\n', stderr: 'err\n' });
        assert.equal(await script(bed, 'ls /usr/local/lib/systemd/system'), '');
      });
    });

    /** A command that cannot be run: exit code and error of `run`, and whether the container stays. */
    for (const [command, code, error] of [
      [
        'nosuchprogram',
        127,
        /^Error: .*not found.*: OCI runtime attempted to invoke a command that was not found\n$/,
      ],
      ['/etc', 126, /^Error: .*: OCI permission denied\n$/],
    ] as const) {
      test(`has code ${code} of ${command} from ${runtime}; the container stays, but not with --rm`, async () => {
        await leavingNothing(bed, async () => {
          for (const flags of [[], ['--detach']]) {
            const gone = await run('--rm', '--runtime', runtime, ...flags, 'busybox', command);
            assert.equal(gone.code, code);
            assert.match(gone.stderr, error);
            assert.equal(await berth(bed, 'ps', '-aq'), '');
            const stays = await run('--name', 'stays', '--runtime', runtime, ...flags, 'busybox', command);
            assert.deepEqual({ ...stays, stderr: '' }, { code, stdout: '', stderr: '' });
            assert.equal(await status('stays'), 'created');
            await berth(bed, 'rm', 'stays');
          }
        });
      });
    }
  }

  test('leaves a container with --detach to its unit, and holds none of the caller’s streams', async () => {
    await leavingNothing(bed, async () => {
      // The shell reads until the last holder of the pipe is gone.
      const id = await script(bed, 'id=$(berth run -d --name back busybox sleep 100000 2>&1); echo $id');
      assert.match(id, /^[0-9a-f]{64}$/);
      await assertAgree(bed, 'back');
      await remove(bed, 'back');
    });
  });

  test('frees the name of a --rm container by the time it returns', async () => {
    await leavingNothing(bed, async () => {
      await script(bed, 'for i in 1 2 3 4 5; do berth run --rm --name again busybox sh -c "exit 0"; done');
    });
  });

  test('loses nothing and changes nothing of what goes through it in either direction', async () => {
    await leavingNothing(bed, async () => {
      const sums = await script(
        bed,
        `sum() { sha256sum | cut -d' ' -f1; }
         sum </tmp/binary
         berth run -i --rm busybox sha256sum </tmp/binary | cut -d' ' -f1
         berth run -i --rm busybox cat </tmp/binary | sum
         berth run -i --rm busybox sh -c 'cat >&2' </tmp/binary 2>&1 >/dev/null | sum
         berth run -i --rm busybox cat </tmp/binary | (sleep 1; sum)`,
      );
      const [first, ...others] = sums.split('\n');
      assert.match(first ?? '', /^[0-9a-f]{64}$/);
      assert.deepEqual(others, [first, first, first, first]);
    });
  });

  test('keeps the order of what comes on both streams, and begins with the first word', async () => {
    await leavingNothing(bed, async () => {
      const lines = await script(
        bed,
        'berth run --rm busybox sh -c "for i in 1 2 3 4 5; do echo o\\$i; sleep 0.02; echo e\\$i >&2; sleep 0.02; done" 2>&1',
      );
      assert.equal(lines.split('\n').join(' '), 'o1 e1 o2 e2 o3 e3 o4 e4 o5 e5');
    });
  });

  test('attaches only the streams that --attach names; with none to hear, it says the ID', async () => {
    await leavingNothing(bed, async () => {
      const shell = ['--rm', 'busybox', 'sh', '-c', 'echo out; echo err >&2'];
      assert.deepEqual(await run('-a', 'stdout', ...shell), { code: 0, stdout: 'out\n', stderr: '' });
      assert.deepEqual(await run('-a', 'STDERR', ...shell), { code: 0, stdout: '', stderr: 'err\n' });
      assert.match((await run('-a', 'stdin', ...shell)).stdout, /^[0-9a-f]{64}\n$/);
    });
  });

  test('ends when nobody reads its output; the container goes on', async () => {
    await leavingNothing(bed, async () => {
      assert.equal(await script(bed, 'berth run --name talk busybox yes | head -n 1'), 'y');
      await until('its helper has ended', async () =>
        (await bed.nsenter(['pgrep', '-f', 'berth-attach'])).code === 1 ? true : undefined,
      );
      assert.equal(await status('talk'), 'running');
      await remove(bed, 'talk');
    });
  });

  test('slows the container down, and not memory up, while its reader takes nothing', async () => {
    await leavingNothing(bed, async () => {
      const reader = bed.spawn(['berth', 'run', '--name', 'fast', 'busybox', 'yes']);
      reader.stdout.pause(); // execa reads, and drops, what nobody else does
      await until('the container runs', async () =>
        (await script(bed, 'berth ps -q')) === '' ? undefined : true,
      );
      // What the pipes between hold is all that can be written.
      const { Pid } = (await inspect(bed, 'fast')).State;
      let before = '';
      await until('it is stopped by its full pipe', async () => {
        const now = await script(bed, `awk '/^wchar/ {print $2}' /proc/${Pid}/io; sleep 0.5`);
        const full = now === before && now !== '0';
        before = now;
        return full ? true : undefined;
      });
      assert.ok(Number(before) < 10_000_000, `${before} bytes`);
      await remove(bed, 'fast');
      await Promise.all([text(reader.stdout), reader.exited]);
    });
  });

  test('hands signals to the container, which decides', async () => {
    await leavingNothing(bed, async () => {
      for (const signal of ['INT', 'TERM', 'HUP', 'USR1', 'USR2', 'QUIT']) {
        const shell = `trap "echo caught ${signal}; exit 33" ${signal}; echo ready; while :; do sleep 0.05; done`;
        const call = bed.spawn(['berth', 'run', '--rm', '--name', 'caught', 'busybox', 'sh', '-c', shell]);
        let output = '';
        for await (const chunk of call.stdout) {
          const ready = output.includes('ready');
          output += String(chunk);
          if (!ready && output.includes('ready'))
            await script(bed, `kill -${signal} $(pgrep -f '^/usr/lib/berth/berth.*run --rm --name caught')`);
        }
        assert.equal(await call.exited, 33, output);
        assert.match(output, new RegExp(`caught ${signal}\n$`));
      }
    });
  });

  test('undoes the start when a signal comes while it is created, or before its command runs', async () => {
    await leavingNothing(bed, async () => {
      const call = bed.spawn(['berth', 'run', '--rm', '--name', 'early', 'busybox', 'touch', '/ran']);
      await until('its row is there', async () =>
        (await berth(bed, 'ps', '-aq')) === '' ? undefined : true,
      );
      await script(bed, `kill -TERM $(pgrep -f '^/usr/lib/berth/berth.*run --rm --name early') || true`);
      const code = await call.exited;
      // It may have been too late: then the command has run to its end.
      assert.ok([0, 143].includes(code), String(code));
      assert.equal(await berth(bed, 'ps', '-aq'), '');
    });
  });

  /** Berth on a terminal: keys are sent when a text appears; all that was shown, and the exit code. */
  async function onTerminal(
    words: string[],
    keys: [after: RegExp, keys: string][],
  ): Promise<[string, number]> {
    const call = bed.spawn(
      ['sh', '-c', `stty rows 33 cols 77; ${words.join(' ')}; code=$?; stty -a; exit $code`],
      {
        pty: true,
      },
    );
    const waiting = [...keys];
    let shown = '';
    const answer = (): void => {
      while (waiting[0]?.[0].test(shown)) call.stdin.write(waiting.shift()?.[1] ?? '');
    };
    answer();
    for await (const chunk of call.stdout) {
      shown += String(chunk);
      answer();
    }
    call.stdin.end();
    const code = await call.exited;
    assert.deepEqual(waiting, [], shown);
    // Whatever happened, the terminal is as it was.
    assert.match(shown, / icanon .* echo /s);
    return [shown, code];
  }

  test('gives the container a terminal of the caller’s size, which it leaves as it was', async () => {
    await leavingNothing(bed, async () => {
      const [shown, code] = await onTerminal(
        ['berth run -it --rm busybox sh -c "stty size; echo go; read x; echo got \\$x; exit 6"'],
        [[/33 77\r\ngo/, 'hello\r']],
      );
      assert.match(shown, /got hello\r\n/);
      assert.equal(code, 6);
    });
  });

  test('is left with the keys to detach, and attach comes back to it', async () => {
    await leavingNothing(bed, async () => {
      const shell = 'echo one; while read x; do echo "got-$x"; [ "$x" = end ] && exit 9; done';
      await script(bed, `cat >/tmp/shell <<'EOF'\n${shell}\nEOF`);
      const first = await onTerminal(
        ['berth run -it --name keys --detach-keys ctrl-a,x busybox sh -c "$(cat /tmp/shell)"'],
        [
          [/one\r\n/, 'a\r'],
          [/got-a/, '\x01x'],
        ],
      );
      assert.equal(first[1], 0);
      assert.equal(await status('keys'), 'running');
      const second = await onTerminal(
        ['berth attach keys'],
        [
          [/^/, 'b\r'],
          [/got-b/, 'end\r'],
        ],
      );
      assert.equal(second[1], 9, second[0]);
      await berth(bed, 'rm', 'keys');
    });
  });

  test('attach: any number at once see the same, and have the exit code at the end', async () => {
    await leavingNothing(bed, async () => {
      await berth(bed, 'run', '-d', '-i', '--name', 'many', 'busybox', 'sh', '-c', 'read x; seq $x; exit 5');
      const viewers = [1, 2, 3].map(() => bed.nsenter(['berth', 'attach', '--no-stdin', 'many']));
      await attachments(3);
      await bed.nsenter(['berth', 'attach', 'many'], { input: '100000\n' });
      const expected = await script(bed, 'seq 100000');
      for (const viewer of await Promise.all(viewers)) {
        assert.equal(viewer.code, 5);
        assert.equal(viewer.stdout.trim() === expected, true, 'all of the output');
      }
      await berth(bed, 'rm', 'many');
    });
  });

  test('start --attach starts with the streams connected, as often as it is asked', async () => {
    await leavingNothing(bed, async () => {
      await createShell(bed, 'twice', 'cat; echo out; exit 4', ['--interactive']);
      for (const input of ['first\n', 'second\n']) {
        const answer = await bed.nsenter(['berth', 'start', '--attach', '--interactive', 'twice'], { input });
        assert.deepEqual(answer, { code: 4, stdout: `${input}out\n`, stderr: '' });
        await assertAgree(bed, 'twice');
      }
      await berth(bed, 'rm', 'twice');
    });
  });

  test('attach ends with the container however it ends', async () => {
    await leavingNothing(bed, async () => {
      for (const [end, code] of [
        ['berth stop -t 0 ends', 137],
        ['systemctl stop berth-ends', 137],
        ['berth kill ends', 137],
        ['systemctl kill -s KILL berth-ends', 255],
        ['berth rm -f -t 0 ends', 137],
      ] as const) {
        await berth(
          bed,
          'run',
          '-d',
          '--replace',
          '--stop-timeout',
          '0',
          '--name',
          'ends',
          'busybox',
          'sleep',
          '100000',
        );
        const attached = bed.nsenter(['berth', 'attach', 'ends']);
        await attachments(1);
        await script(bed, end);
        assert.equal((await attached).code, code, end);
      }
    });
  });
});
