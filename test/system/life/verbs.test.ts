/** kill, pause, unpause, wait and prune: what each leaves in every state, and that systemd and Berth agree about it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree, inspect, showUnit } from '../../support/agree.ts';
import {
  answer,
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

const DEAF = 'exec sleep 1000';

describe('life: verbs', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('verbs');
  });
  after(() => bed.close());

  for (const runtime of RUNTIMES) {
    test(`with ${runtime}, a container is paused, killed and stopped in any order, and no one disagrees`, () =>
      leavingNothing(bed, async () => {
        await createShell(bed, 'x', DEAF, ['--runtime', runtime, '--stop-timeout', '1']);
        const steps: [command: string, status: string][] = [
          ['berth start x', 'running'],
          ['berth pause x', 'paused'],
          ['berth kill -s USR1 x', 'paused'],
          ['berth unpause x', 'running'],
          ['berth pause --all', 'paused'],
          ['systemctl stop berth-x', 'exited'],
          ['berth start --latest', 'running'],
          ['berth pause --filter name=x', 'paused'],
          ['berth kill x', 'exited'],
          ['systemctl start berth-x', 'running'],
          ['systemctl freeze berth-x', 'paused'],
          ['berth unpause --all', 'running'],
          ['systemctl freeze berth-x', 'paused'],
          ['systemctl thaw berth-x', 'running'],
          ['systemctl freeze berth-x', 'paused'],
          ['berth kill -s 9 x', 'exited'],
          ['berth restart x', 'running'],
          ['berth kill --all --signal sigkill', 'exited'],
        ];
        for (const [command, status] of steps) {
          await script(bed, command);
          const [facts] = await assertAgree(bed, 'x');
          assert.equal(facts?.container.State.Status, status, command);
          if (status === 'exited') {
            assert.equal(facts.unit.ActiveState, 'inactive', `${command} was asked for`);
            assert.equal(facts.container.State.StoppedByUser, true, command);
          }
        }
        await script(bed, 'berth start x; systemctl freeze berth-x; berth rm --force --time 0 x');
      }));
  }

  /** How a state is reached → the verbs that are refused in it, with Podman's words: Podman 5.4 in a bed said the same. */
  const REFUSED: Record<string, Record<string, string>> = {
    true: {
      kill: 'can only kill running containers. ID is in state created',
      pause: '"created" is not running, can\'t pause',
      unpause: '"ID" is not paused, can\'t unpause',
    },
    'berth init': {
      kill: 'can only kill running containers. ID is in state initialized',
      pause: '"initialized" is not running, can\'t pause',
    },
    'berth start': { unpause: '"ID" is not paused, can\'t unpause' },
    'berth pause': {
      pause: '"ID" is already paused',
      stop: 'container ID is running or paused, refusing to clean up',
      start: 'unable to start container "ID": container ID must be in Created or Stopped state to be started',
      restart: 'unable to restart a container in a paused or unknown state',
      rm: 'cannot remove container ID as it is paused - running or paused containers cannot be removed without force',
    },
  };

  test('a verb that the state forbids is refused with Podman’s words, and changes nothing', () =>
    leavingNothing(bed, async () => {
      const id = await createShell(bed, 'v', DEAF);
      for (const [reach, refused] of Object.entries(REFUSED)) {
        await script(bed, `${reach} v`);
        const before = (await inspect(bed, 'v')).State;
        for (const [verb, words] of Object.entries(refused)) {
          const { code, stdout, stderr } = await answer(bed, verb, 'v');
          assert.deepEqual(
            [code, stdout, stderr.replaceAll(id, 'ID')],
            [verb === 'rm' ? 2 : 125, '', `Error: ${words}: container state improper`],
            `${verb} after ${reach}`,
          );
        }
        assert.deepEqual((await inspect(bed, 'v')).State, before, `after ${reach}`);
      }
      await remove(bed, 'v');
    }));

  test('a kill that ends the container is not answered by its restart policy, one that it survives changes nothing', () =>
    leavingNothing(bed, async () => {
      await createShell(bed, 'k', 'trap : USR1; while :; do sleep 0.1; done', ['--restart', 'always']);
      await script(bed, 'berth start k; berth kill k');
      const [killed] = await assertAgree(bed, 'k');
      assert.deepEqual(
        [killed?.unit.ActiveState, killed?.container.State.ExitCode, killed?.container.State.StoppedByUser],
        ['inactive', 137, true],
      );
      await script(bed, 'berth start k; berth kill --signal USR1 k');
      const { State } = await inspect(bed, 'k');
      assert.deepEqual([State.Status, State.StoppedByUser], ['running', false]);
      await script(bed, `kill -9 ${State.Pid}`);
      await until('the policy has restarted it', async () => {
        const now = await inspect(bed, 'k');
        return now.State.Status === 'running' && now.RestartCount === 1 ? true : undefined;
      });
      await berth(bed, 'stop', '--time', '0', 'k');
      assert.equal((await inspect(bed, 'k')).RestartCount, 1, 'kept after the stop');
      await remove(bed, 'k');
    }));

  test('while a payload ignores its stop signal everybody answers, a second stop joins, and a kill ends it', () =>
    leavingNothing(bed, async () => {
      await createShell(bed, 's', DEAF, ['--stop-timeout', '3600']);
      await berth(bed, 'start', 's');
      const stops = [0, 1].map(() => answer(bed, 'stop', 's'));
      await until('it is stopping', async () =>
        (await inspect(bed, 's')).State.Status === 'stopping' ? true : undefined,
      );
      assert.equal((await showUnit(bed, 's')).ActiveState, 'deactivating');
      assert.match(await berth(bed, 'ps', '--all'), /Stopping/);
      assert.equal(await berth(bed, 'logs', 's'), '');
      assert.equal(await berth(bed, 'kill', '--signal', 'USR1', 's'), 's');
      assert.match(
        await berth(bed, 'events', '--stream=false', '--filter', 'container=s'),
        / container kill /,
      );
      assert.equal(await berth(bed, 'kill', 's'), 's');
      for (const { code, stdout } of await Promise.all(stops)) assert.deepEqual([code, stdout], [0, 's']);
      const [facts] = await assertAgree(bed, 's');
      assert.deepEqual([facts?.unit.ActiveState, facts?.container.State.ExitCode], ['inactive', 137]);
      await remove(bed, 's');
    }));

  test('wait tells the exit code of the run it found, before its end, after it, when it was restarted and when it was removed', () =>
    leavingNothing(bed, async () => {
      assert.equal(
        await script(
          bed,
          `berth create --name never busybox true >/dev/null; berth wait never; berth wait --condition created never
           berth wait --ignore nobody; berth rm never >/dev/null`,
        ),
        '0\n-1\n-1',
      );
      const untilTold = 'while [ ! -e /in/go ]; do sleep 0.02; done; exit 5';
      await script(bed, 'mkdir -p /srv/w');
      const id = await createShell(bed, 'w', untilTold, ['--rm', '--volume', '/srv/w:/in']);
      await berth(bed, 'start', 'w');
      const waits = ['wait w', `wait ${id}`, 'wait --condition exited --condition paused w'].map((line) =>
        answer(bed, ...line.split(' ')),
      );
      await until('each of them looks', async () => {
        const watching =
          'for p in $(pgrep -f "berth.* wait "); do ls -l /proc/$p/fd; done | grep -c inotify || true';
        return (await script(bed, watching)) === `${waits.length}` || undefined;
      });
      await script(bed, ': >/srv/w/go');
      for (const { code, stdout, stderr } of await Promise.all(waits))
        assert.deepEqual([code, stdout, stderr], [0, '5', '']);
      await until('--rm has removed it', async () =>
        (await berth(bed, 'ps', '--all', '--quiet')) === '' ? true : undefined,
      );
      assert.equal(await berth(bed, 'wait', id), '5');
      const { code, stderr } = await answer(bed, 'wait', 'w');
      assert.deepEqual(
        [code, stderr],
        [125, 'Error: no container with name or ID "w" found: no such container'],
      );
      await script(bed, 'rm -r /srv/w');
    }));

  test('each of many short containers has its own exit code, whoever asks for it when', () =>
    leavingNothing(bed, async () => {
      const codes = Array.from({ length: 12 }, (_, index) => (index * 37) % 256);
      const name = (index: number): string => `short-${index}`;
      for (const [index, code] of codes.entries()) await createShell(bed, name(index), `exit ${code}`);
      const told = await Promise.all(
        codes.map(async (_, index) => {
          const start = bed.nsenter(['berth', 'start', name(index)]);
          await until('it is not what it was before its start', async () =>
            (await inspect(bed, name(index))).State.Status === 'created' ? undefined : true,
          );
          const during = await berth(bed, 'wait', name(index));
          assert.equal((await start).code, 0);
          return [during, await berth(bed, 'wait', name(index))];
        }),
      );
      assert.deepEqual(
        told,
        codes.map((code) => [`${code}`, `${code}`]),
      );
      await remove(bed, ...codes.keys().map(name));
    }));

  test('pause ends the health check, unpause begins it anew, and wait sees both', () =>
    leavingNothing(bed, async () => {
      await createShell(bed, 'h', DEAF, ['--health-cmd', 'true', '--health-interval', '1s']);
      await berth(bed, 'start', 'h');
      assert.equal(await berth(bed, 'wait', '--condition', 'healthy', 'h'), '-1');
      const timers = (): Promise<string> =>
        systemctl(bed, 'list-units', '--no-legend', '--plain', '--state=active', 'berth-health@h.timer');
      assert.match(await timers(), /^berth-health@h\.timer/);
      const paused = answer(bed, 'wait', '--condition', 'paused', 'h');
      await berth(bed, 'pause', 'h');
      assert.equal((await paused).stdout, '-1');
      assert.equal(await timers(), '');
      await berth(bed, 'unpause', 'h');
      assert.match(await timers(), /^berth-health@h\.timer/);
      assert.equal(await berth(bed, 'wait', '--condition', 'healthy', 'h'), '-1');
      await remove(bed, 'h');
    }));

  test('wait sees what was written before it came and becomes visible after it has looked', () =>
    leavingNothing(bed, async () => {
      await createShell(bed, 'slow', DEAF, ['--health-cmd', 'true', '--health-interval', 'disable']);
      await berth(bed, 'start', 'slow');
      // The disk takes two seconds to sync what the check has written to the WAL: wait begins in between.
      const seen = await script(
        bed,
        `touch /run/before; sleep 0.1
         strace -f -qq -o /dev/null -e trace=fdatasync,fsync -e inject=fdatasync,fsync:delay_enter=2000000:when=1 \
           berth healthcheck run slow & check=$!
         until [ /var/lib/berth/berth.db-wal -nt /run/before ]; do :; done
         berth inspect slow --format '{{.State.Health.Status}}'
         timeout 60 berth wait --condition healthy slow; wait $check; rm /run/before`,
      );
      assert.deepEqual(seen.trim().split('\n'), ['starting', '-1']);
      await remove(bed, 'slow');
    }));

  test('the graces of several containers pass side by side, with stop and with rm --force', () =>
    leavingNothing(bed, async () => {
      const names = ['left', 'right'];
      // Each ends only when the other one has got its signal too.
      const meet = (name: string): string =>
        `trap "touch /meet/${name}; while ! test -e /meet/left -a -e /meet/right; do sleep 0.02; done; exit 5" TERM; sleep 1000 & wait`;
      const flags = ['--stop-timeout', '60', '--volume', '/run/meet:/meet'];
      for (const verb of [
        ['stop', '--all'],
        ['rm', '--force', ...names],
      ]) {
        await script(bed, 'mkdir /run/meet');
        for (const name of names) await createShell(bed, name, meet(name), [...flags, '--replace']);
        await berth(bed, 'start', ...names);
        const { code, stdout, stderr } = await answer(bed, ...verb);
        // Killing one would be said.
        assert.deepEqual([code, stdout.split('\n').length, stderr], [0, 2, ''], verb.join(' '));
        const codes = await script(
          bed,
          "berth events --stream=false --filter event=died --format '{{.ContainerExitCode}}' | tail -n 2",
        );
        assert.equal(codes, '5\n5');
        await script(bed, 'rm -r /run/meet');
      }
    }));

  test('a name that is not there keeps a verb from touching any other, unless it is to be ignored', () =>
    leavingNothing(bed, async () => {
      await createShell(bed, 'there', DEAF);
      await berth(bed, 'start', 'there');
      for (const line of [
        'stop there nope',
        'kill there nope',
        'pause there nope',
        'rm -i=false there nope',
      ]) {
        const { code, stdout } = await answer(bed, ...line.split(' '));
        assert.deepEqual([code, stdout], [line.startsWith('rm') ? 1 : 125, ''], line);
        assert.equal((await inspect(bed, 'there')).State.Status, 'running', line);
      }
      assert.equal(await berth(bed, 'stop', '--time', '0', '--ignore', 'there', 'nope'), 'there');
      await script(bed, 'berth inspect --format {{.Id}} there >/run/there.cid');
      assert.equal(
        await berth(bed, 'start', '--filter', 'name=ther'),
        await berth(bed, 'kill', '--cidfile', '/run/there.cid'),
      );
      await script(bed, 'rm /run/there.cid');
      await remove(bed, 'there', 'nope');
    }));

  test('prune asks, removes what does not run, and a refresh that many ask for is done once', () =>
    leavingNothing(bed, async () => {
      const kept = await createShell(bed, 'kept', DEAF, ['--label', 'keep=1']);
      const gone = await createShell(bed, 'gone', DEAF);
      const runs = await createShell(bed, 'runs', DEAF);
      await berth(bed, 'start', 'runs');
      assert.doesNotMatch(await script(bed, 'echo n | berth container prune'), /[0-9a-f]{64}/);
      const eof = await bed.nsenter(['sh', '-c', 'berth container prune </dev/null']);
      assert.deepEqual([eof.code, eof.stderr], [125, 'Error: EOF\n']);
      assert.match(
        await script(bed, 'echo y | berth container prune --filter label!=keep'),
        new RegExp(`\\[y/N\\] ${gone}$`),
      );
      assert.equal(
        await berth(bed, 'system', 'prune', '--force'),
        `Deleted Containers\n${kept}\nTotal reclaimed space: 0B`,
      );
      assert.equal(await berth(bed, 'ps', '--all', '--quiet', '--no-trunc'), runs);
      const refreshes = (): Promise<string> =>
        script(bed, 'berth events --stream=false --filter type=system | grep -c refresh || true');
      const before = Number(await refreshes());
      await script(bed, 'for i in $(seq 8); do berth system refresh & done; wait');
      const done = Number(await refreshes()) - before;
      assert.ok(done >= 1 && done < 8, `${done} of 8 that were asked for at about the same time`);
      await assertAgree(bed, 'runs');
      await remove(bed, 'runs');
    }));
});
