import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { berth, bootWith, leavingNothing, remove, script, until } from '../../support/machine.ts';

/** Every byte but the end of a line, twice over, so that pieces end anywhere. */
const BINARY = `for i in 1 2; do for o in $(seq 0 255); do [ $o = 10 ] || printf "\\\\$(printf %03o $o)"; done; done; echo`;

describe('logs', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('logs');
  });
  after(() => bed.close());

  /** Runs a container to its end. */
  async function runToEnd(name: string, payload: string, ...flags: string[]): Promise<void> {
    await berth(bed, 'create', '--name', name, ...flags, 'busybox', 'sh', '-c', payload);
    await berth(bed, 'start', name);
    await ended(name);
  }

  /** Waits until a container has ended and all of its output is in the journal. */
  async function ended(name: string): Promise<void> {
    await script(
      bed,
      `until systemctl show -P ActiveState berth-${name} | grep -qE '^(inactive|failed)$'; do sleep 0.02; done; journalctl --sync`,
    );
  }

  /** The payload goes on, and may end and take the shell along before that has ended by itself. */
  async function letGo(name: string): Promise<void> {
    const { code } = await bed.nsenter(['berth', 'exec', name, 'sh', '-c', 'echo >/go']);
    assert.ok([0, 137].includes(code), String(code));
  }

  const DRIVERS = ['journald', 'k8s-file'];
  for (const driver of DRIVERS) {
    test(`shows standard output and error apart, each line once, with ${driver}`, async () => {
      await leavingNothing(bed, async () => {
        await runToEnd(
          'apart',
          'for i in $(seq 200); do echo out $i; echo err $i >&2; done; printf tail',
          '--log-driver',
          driver,
        );
        const { stdout, stderr } = await bed.nsenter(['berth', 'logs', 'apart']);
        const lines = (word: string) => Array.from({ length: 200 }, (_, i) => `${word} ${i + 1}\n`).join('');
        assert.equal(stdout, `${lines('out')}tail`);
        assert.equal(stderr, lines('err'));
        await remove(bed, 'apart');
      });
    });

    test(`shows lines of 20,000 bytes whole and any byte as it was, with ${driver}`, async () => {
      await leavingNothing(bed, async () => {
        await runToEnd(
          'bytes',
          `head -c 20000 /dev/zero | tr '\\0' x; echo; head -c 19998 /dev/zero | tr '\\0' y; echo ü; ${BINARY}`,
          '--log-driver',
          driver,
        );
        await script(bed, 'berth logs bytes >/tmp/logged');
        assert.equal(
          await script(
            bed,
            'head -1 /tmp/logged | tr -d "\\n" | wc -c; head -2 /tmp/logged | tail -1 | tail -c 5; wc -l </tmp/logged',
          ),
          '20000\nyyü\n3',
        );
        const expected = Buffer.from([...Array(512).keys()].map((n) => n % 256).filter((n) => n !== 10));
        const logged = Buffer.from(await script(bed, 'tail -n +3 /tmp/logged | base64 -w0'), 'base64');
        assert.deepEqual(logged, Buffer.concat([expected, Buffer.from('\n')]));
        await remove(bed, 'bytes');
      });
    });

    test(`takes --tail, -t, --since and --until, with ${driver}`, async () => {
      await leavingNothing(bed, async () => {
        const logs = async (...flags: string[]) =>
          (await bed.nsenter(['berth', 'logs', ...flags, 'some'])).stdout;
        const payload =
          'mkfifo /go; echo one; echo two; read x </go; echo three; head -c 9000 /dev/zero | tr "\\0" z; echo';
        const flags = ['--log-driver', driver];
        await berth(bed, 'create', '--name', 'some', ...flags, 'busybox', 'sh', '-c', payload);
        await berth(bed, 'start', 'some');
        // The third line is written when the second is in the log, so that their times are apart.
        await until('two lines are there', async () => (await logs()) === 'one\ntwo\n' || undefined);
        await letGo('some');
        await ended('some');
        const long = `${'z'.repeat(9000)}\n`;
        assert.equal(await logs(), `one\ntwo\nthree\n${long}`);
        assert.equal(await logs('--tail', '2'), `three\n${long}`, 'a long line is one line');
        assert.equal(await logs('--tail', '0'), '');
        assert.equal(await logs('--since', '1h', '--tail', '-1'), `one\ntwo\nthree\n${long}`);
        assert.equal(await logs('--until', '-1h'), '', 'a duration of --until leads ahead, as in Podman');
        assert.equal(await logs('--until', '1h', '--tail', '4'), `one\ntwo\nthree\n${long}`);
        const stamped = (await logs('-t')).split('\n').map((line) => line.slice(0, 80));
        assert.match(stamped[0] ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d) one$/);
        const [, twoAt = ''] = /^(\S+) two$/.exec(stamped[1] ?? '') ?? [];
        const [, threeAt = ''] = /^(\S+) three$/.exec(stamped[2] ?? '') ?? [];
        const between = new Date((Date.parse(twoAt) + Date.parse(threeAt)) / 2).toISOString();
        assert.equal(await logs('--until', between), 'one\ntwo\n');
        assert.equal(await logs('--since', between), `three\n${long}`);
        await remove(bed, 'some');
      });
    });
  }

  for (const driver of DRIVERS) {
    test(`-f shows what comes and ends with the container, nothing missing, with ${driver}`, async () => {
      await leavingNothing(bed, async () => {
        const payload = 'mkfifo /go; echo first; read x </go; seq 5000; printf last';
        await berth(
          bed,
          'create',
          '--name',
          'follow',
          '--log-driver',
          driver,
          'busybox',
          'sh',
          '-c',
          payload,
        );
        await berth(bed, 'start', 'follow');
        const follower = bed.spawn(['berth', 'logs', '-f', 'follow']);
        let output = '';
        let told = false;
        for await (const chunk of follower.stdout) {
          output += String(chunk);
          if (told || !output.includes('first')) continue;
          told = true;
          await letGo('follow');
        }
        assert.equal(await follower.exited, 0);
        const numbers = Array.from({ length: 5000 }, (_, i) => `${i + 1}\n`).join('');
        assert.equal(output, `first\n${numbers}last`);
        await remove(bed, 'follow');
      });
    });
  }

  test('of several containers come in the order of time, each line with its container', async () => {
    await leavingNothing(bed, async () => {
      await runToEnd('left', 'echo l1; usleep 300000; echo l2; printf l3', '--log-driver', 'k8s-file');
      await runToEnd('right', 'echo r1');
      assert.equal(await berth(bed, 'logs', '--names', 'right', 'left'), 'left l1\nleft l2\nleft l3right r1');
      const [left, right] = JSON.parse(await berth(bed, 'inspect', 'left', 'right')) as { Id: string }[];
      assert.equal(
        await berth(bed, 'logs', '--tail', '1', 'left', 'right'),
        `${left?.Id.slice(0, 12)} l3${right?.Id.slice(0, 12)} r1`,
      );
      assert.equal(
        await berth(bed, 'logs', '--names', '-l'),
        'r1',
        'one container has no name before its lines',
      );
      assert.equal(await berth(bed, 'logs', '--color', 'right'), '\x1b[37mr1\x1b[0m');
      for (const [args, message] of [
        [['left', 'nope'], 'no container with name or ID "nope" found: no such container'],
        [['-l', 'left'], '--latest and containers cannot be used together'],
        [[], 'specify at least one container name or ID to log'],
        [['--since', 'foo', 'left'], 'parsing --since "foo": unable to interpret time value'],
      ] as const) {
        const { code, stdout, stderr } = await bed.nsenter(['berth', 'logs', ...args]);
        assert.deepEqual([code, stdout, stderr.startsWith(`Error: ${message}`)], [125, '', true], stderr);
      }
      await remove(bed, 'left', 'right');
    });
  });

  test('of a container without a log is an error; with passthrough it is what the unit’s journal has', async () => {
    await leavingNothing(bed, async () => {
      await runToEnd('none', 'echo x', '--log-driver', 'none');
      const none = await bed.nsenter(['berth', 'logs', 'none']);
      assert.deepEqual(none, {
        code: 125,
        stdout: '',
        stderr:
          "Error: this container is using the 'none' log driver, cannot read logs: this container is not logging output\n",
      });
      await runToEnd(
        'passed',
        'for i in $(seq 300); do echo "line $i"; done; echo bad >&2',
        '--log-driver',
        'passthrough',
      );
      const passed = (await berth(bed, 'logs', 'passed')).split('\n');
      assert.ok(passed.includes('bad'), 'standard error is there; the journal has it as a stream of its own');
      assert.deepEqual(
        passed.filter((line) => line.startsWith('line ')),
        Array.from({ length: 300 }, (_, i) => `line ${i + 1}`),
      );
      await remove(bed, 'none', 'passed');
    });
  });

  for (const driver of ['journald', 'passthrough']) {
    test(`are in the unit’s journal too, each line exactly once, with ${driver}`, async () => {
      await leavingNothing(bed, async () => {
        await runToEnd(
          `once-${driver}`,
          'for i in $(seq 1000); do echo "line $i"; done',
          '--log-driver',
          driver,
          '--user',
          'app',
        );
        const lines = (await script(bed, `journalctl -u berth-once-${driver} -o cat --no-pager`))
          .split('\n')
          .filter((line) => line.startsWith('line '));
        assert.deepEqual(
          lines,
          Array.from({ length: 1000 }, (_, i) => `line ${i + 1}`),
        );
        await remove(bed, `once-${driver}`);
      });
    });
  }

  test('of a container that was never started are empty', async () => {
    await leavingNothing(bed, async () => {
      await berth(bed, 'create', '--name', 'never', 'busybox', 'true');
      assert.deepEqual(await bed.nsenter(['berth', 'logs', '-f', 'never']), {
        code: 0,
        stdout: '',
        stderr: '',
      });
      await remove(bed, 'never');
    });
  });
});
