/** Where systemd acts while Berth does: a start that waits behind an rm, a restart with --rm, a systemd that executes itself anew. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree, inspect } from '../../support/agree.ts';
import {
  berth,
  bootWith,
  createShell,
  leavingNothing,
  script,
  systemctl,
  until,
} from '../../support/machine.ts';

/** The first process of a pid namespace has no default for SIGTERM. */
const DEAF_FOR_A_DAY = ['--stop-timeout', '86400', 'busybox', 'sleep', '100000'];

/** Two verbs on the same container at once, from a container that runs or does not. */
const AT_ONCE: [running: boolean, one: string, other: string][] = [
  [false, 'start', 'stop'],
  [false, 'start', 'rm'],
  [false, 'start', 'rename %-new'],
  [false, 'start', 'update --restart on-failure'],
  [true, 'stop', 'rm --force'],
  [true, 'stop', 'pause'],
  [true, 'stop', 'kill'],
  [true, 'stop', 'restart'],
];

describe('life: races', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('races');
  });
  after(() => bed.close());

  test('a start that waits for the lock of an rm ends with the container, and is not tried again', () =>
    leavingNothing(bed, async () => {
      // rm is held up while it has the lock and the unit is still there: an rm that was too quick for that has its place
      // taken by the next one. proc_locks(5) tells who holds a lock, and on which inode.
      await script(
        bed,
        `held() { grep -q " WRITE $rm [^ ]*:$inode " /proc/locks; }
         for round in $(seq 200); do
           id=$(berth create --name late --restart always busybox sleep 1000)
           inode=$(stat -c %i /run/berth/locks/$id.lock)
           berth rm late >/dev/null & rm=$!
           until held || ! kill -0 $rm 2>/dev/null; do :; done
           kill -STOP $rm 2>/dev/null || true
           if held && test -e /usr/local/lib/systemd/system/berth-late.service; then break; fi
           kill -CONT $rm 2>/dev/null || true
           wait $rm
         done
         systemctl start --no-block berth-late
         until journalctl -q -u berth-late | grep -q "waiting for the lock of .*, held by process $rm (berth rm) since"; do sleep 0.05; done
         kill -CONT $rm
         wait $rm`,
      );
      const { stdout } = await bed.nsenter(['systemctl', 'list-units', '--all', '--plain', 'berth-late*']);
      assert.match(stdout, /^0 loaded units listed/m);
    }));

  test('a stop with a shorter grace than the one that is under way ends that one', () =>
    leavingNothing(bed, async () => {
      for (const argv of [
        ['berth', 'stop', '-t', '0', 'patient'],
        ['berth', 'restart', '-t', '1', 'patient'],
        ['berth', 'rm', '-f', '-t', '0', 'patient'],
      ]) {
        // Nobody can wait for the grace of the first one.
        await berth(bed, 'create', '--replace', '--name', 'patient', ...DEAF_FOR_A_DAY);
        await berth(bed, 'start', 'patient');
        await systemctl(bed, 'stop', '--no-block', 'berth-patient');
        await until(
          'it is stopping',
          async () => (await inspect(bed, 'patient')).State.Status === 'stopping' || undefined,
        );
        await bed.ok(argv, { quick: true });
        if (argv[1] === 'restart') await berth(bed, 'rm', '-f', '-t', '0', 'patient');
      }
    }));

  test('of two stops that are asked for at once the shorter grace counts, whichever comes first', () =>
    leavingNothing(bed, async () => {
      await berth(bed, 'create', '--name', 'patient', ...DEAF_FOR_A_DAY);
      for (const graces of [
        ['0', '90000'],
        ['90000', '0'],
        ['-1', '1'],
      ]) {
        await berth(bed, 'start', 'patient');
        await script(
          bed,
          graces.map((grace) => `berth stop -t ${grace} patient 2>/dev/null & `).join('') +
            'wait %1; wait %2',
        );
        assert.equal((await inspect(bed, 'patient')).State.Status, 'exited', graces.join());
      }
      await berth(bed, 'rm', 'patient');
    }));

  test('a container made with --rm outlives its restart, by berth or by systemctl, and not its stop', () =>
    leavingNothing(bed, async () => {
      const id = await createShell(bed, 'again', 'exec sleep 1000', ['--rm', '--stop-timeout', '0']);
      await berth(bed, 'start', 'again');
      for (const argv of [
        ['berth', 'restart', 'again'],
        ['systemctl', 'restart', 'berth-again'],
      ]) {
        await bed.ok(argv, { quick: true });
        const { Id, State } = await inspect(bed, 'again');
        assert.deepEqual([Id, State.Status], [id, 'running'], argv.join(' '));
      }
      await systemctl(bed, 'stop', 'berth-again');
      assert.equal(await berth(bed, 'ps', '--all', '--quiet'), '');
    }));

  for (const [running, one, other] of AT_ONCE) {
    test(`${one} and ${other} at once leave what one after the other leaves, and nobody hangs`, () =>
      leavingNothing(bed, async () => {
        const orders = [
          [one, other],
          [other, one],
        ].map((verbs) =>
          verbs.map((verb) => `berth ${verb.replace(/^\S+/, '$& $name')}`.replace('%', '$name')),
        );
        /** Which state `line` leaves; the container answers to its ID, whatever its name is. */
        const outcome = async (line: string): Promise<string> => {
          const id = await berth(
            bed,
            'create',
            '--name',
            'r',
            '--stop-timeout',
            '0',
            'busybox',
            'sleep',
            '1000',
          );
          if (running) await berth(bed, 'start', 'r');
          const said = await script(
            bed,
            `name=r
             try() { code=0; timeout 120 "$@" >/dev/null 2>&1 || code=$?; [ $code -ne 124 ] || echo "hangs: $*"; }
             ${line}`,
          );
          assert.equal(said, '', line);
          const { code, stdout } = await bed.nsenter([
            'berth',
            'inspect',
            '--format',
            '{{.State.Status}} {{.Name}}',
            id,
          ]);
          if (code !== 0) return 'gone';
          const [state = '', name = ''] = stdout.trim().split(' ');
          await assertAgree(bed, name);
          if (state === 'paused') await berth(bed, 'unpause', id);
          await script(bed, `berth start ${id}; berth stop ${id}; berth start ${id}; berth rm --force ${id}`);
          // A start that the stop has canceled before it began has left no run.
          return `${state === 'created' ? 'exited' : state} ${name}`;
        };
        const serial: string[] = [];
        for (const [first, second] of orders) serial.push(await outcome(`try ${first}; try ${second}`));
        for (const [first, second] of orders) {
          const left = await outcome(`try ${first} & try ${second} & wait`);
          assert.ok(serial.includes(left), `${left}, and not ${serial.join(' or ')}: ${first} & ${second}`);
        }
      }));
  }

  test('of two who pause one at once, one has paused it, and it stays so', () =>
    leavingNothing(bed, async () => {
      await createShell(bed, 'cold', 'exec sleep 1000', ['--stop-timeout', '0']);
      // Both have seen it running, and wait for its lock.
      const seen = await script(
        bed,
        `berth start cold >/dev/null; id=$(berth inspect cold --format '{{.Id}}')
         mkfifo /run/statements; sqlite3 /run/berth/locks/$id.lock </run/statements >/dev/null & exec 9>/run/statements
         echo 'BEGIN EXCLUSIVE; SELECT 1;' >&9
         until grep -q ":$(stat -c %i /run/berth/locks/$id.lock) " /proc/locks; do :; done
         for one in 1 2; do berth pause cold >/run/pause-$one 2>&1 9>&- & done
         for one in 1 2; do until grep -q 'waiting for the lock' /run/pause-$one; do sleep 0.05; done; done
         exec 9>&-; wait; rm /run/statements
         grep -ho -e '^cold' -e 'already paused' /run/pause-[12] | sort; rm /run/pause-[12]
         berth inspect cold --format '{{.State.Status}}'; berth rm -f cold >/dev/null`,
      );
      assert.deepEqual(seen.trim().split('\n'), ['already paused', 'cold', 'paused']);
    }));

  test('that a job has ended is believed of systemd alone', () =>
    leavingNothing(bed, async () => {
      await script(
        bed,
        `berth create --name deaf --stop-timeout 3 ${DEAF_FOR_A_DAY.slice(2).join(' ')} >/dev/null; berth start deaf >/dev/null
         berth stop deaf >/dev/null 2>&1 & stop=$!
         until job=$(systemctl list-jobs --no-legend berth-deaf.service | awk '{print $1}') && [ -n "$job" ]; do :; done
         for round in 1 2 3; do
           for name in $(busctl list --unique --no-legend | awk '{print $1}'); do
             runuser -u tester -- busctl emit --destination=$name /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager \
               JobRemoved uoss $job /org/freedesktop/systemd1/job/$job berth-deaf.service done
           done
         done
         kill -0 $stop; wait $stop
         [ "$(systemctl show -P ActiveState berth-deaf)" = inactive ]
         berth rm deaf >/dev/null`,
      );
    }));

  test('jobs are asked for and waited for while systemd executes itself anew, again and again', () =>
    leavingNothing(
      bed,
      async () => {
        await createShell(bed, 'steady', 'exec sleep 1000', ['--stop-timeout', '1']);
        await script(
          bed,
          `(while ! test -e /tmp/enough; do systemctl daemon-reexec 2>/dev/null || true; sleep 0.2; done) & loop=$!
         trap 'touch /tmp/enough; wait $loop; rm /tmp/enough' EXIT
         for round in $(seq 6); do
           timeout 300 berth start steady
           timeout 300 berth stop steady
         done
         timeout 300 berth rm steady`,
        );
      },
      /* the same PID 1, by another command line */ [/^process: 1, /],
    ));
});
