/** berth mount and unmount: counted, over the ends of runs, crashes and reboots. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { berth, bootWith, createShell, leavingNothing, remove, script } from '../../support/machine.ts';

describe('mount', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('mount');
  });
  after(() => bed?.close());

  const mounted = async (name: string): Promise<boolean> =>
    (await berth(bed, 'mount', '--no-trunc')).includes(`/${await idOf(name)}/`);
  const idOf = async (name: string): Promise<string> =>
    (await berth(bed, 'inspect', '--format', '{{.Id}}', name)).trim();
  const fails = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await bed.run(['berth', ...args], { quick: true });
    assert.equal(code, 125, stderr);
    return stderr;
  };

  test('a mount is counted, and the last unmount takes it away', async () => {
    await leavingNothing(bed, async () => {
      await createShell(bed, 'counted', 'true');
      const where = (await berth(bed, 'mount', 'counted')).trim();
      assert.match(where, /^\/var\/lib\/berth\/containers\/[0-9a-f]{64}\/merged$/);
      assert.equal(await berth(bed, 'mount', '--all'), where);
      await script(bed, `echo from outside >${where}/tmp/note`);
      assert.equal(await berth(bed, 'mount'), `${(await idOf('counted')).slice(0, 12)}  ${where}`);
      assert.deepEqual(JSON.parse(await berth(bed, 'mount', '--format', 'json')), [
        { id: await idOf('counted'), Names: ['counted'], mountpoint: where },
      ]);
      assert.equal(await berth(bed, 'unmount', 'counted'), 'counted');
      assert.equal(await mounted('counted'), true);
      assert.equal(await berth(bed, 'umount', '--all'), await idOf('counted'));
      assert.equal(await mounted('counted'), false);
      assert.equal(await berth(bed, 'unmount', 'counted'), 'counted', 'not mounted is success');
      assert.equal(await berth(bed, 'unmount', '--all'), '');
      assert.equal(await berth(bed, 'mount', '--format', 'json'), '[]');
      await berth(bed, 'mount', 'counted');
      assert.equal(await script(bed, `cat ${where}/tmp/note`), 'from outside');
      await berth(bed, 'mount', 'counted');
      await berth(bed, 'unmount', '--force', 'counted');
      assert.equal(await mounted('counted'), false);
      await berth(bed, 'mount', 'counted');
      assert.equal(await berth(bed, 'rm', 'counted'), 'counted', 'rm takes what is mounted along');
    });
  });

  test('a mount made before a run outlives its end, also the end of a crash', async () => {
    await leavingNothing(bed, async () => {
      await createShell(bed, 'kept', 'echo run >>/runs; sleep 1000');
      const where = (await berth(bed, 'mount', 'kept')).trim();
      await berth(bed, 'start', 'kept');
      await berth(bed, 'stop', '--time', '0', 'kept');
      assert.equal(await mounted('kept'), true);
      await berth(bed, 'start', 'kept');
      await script(
        bed,
        'systemctl kill --signal=KILL berth-kept; while systemctl is-active --quiet berth-kept; do sleep 0.05; done',
      );
      assert.equal(await script(bed, `cat ${where}/runs`), 'run\nrun');
      await berth(bed, 'unmount', 'kept');
      assert.equal(await mounted('kept'), false);
      await remove(bed, 'kept');
    });
  });

  test('what a running container needs stays until its end, which leaves nothing', async () => {
    await leavingNothing(bed, async () => {
      await createShell(bed, 'busy', 'sleep 1000');
      await berth(bed, 'start', 'busy');
      assert.equal(await mounted('busy'), true);
      assert.match(
        await fails('unmount', 'busy'),
        /^Error: cannot unmount storage for container [0-9a-f]{64} as it is running or paused: container state improper\n$/,
      );
      assert.equal(await berth(bed, 'unmount', '--all'), '', 'all but what runs');
      await berth(bed, 'mount', 'busy');
      await berth(bed, 'unmount', 'busy');
      assert.equal(await mounted('busy'), true);
      await berth(bed, 'mount', 'busy');
      await berth(bed, 'mount', 'busy');
      assert.equal(await berth(bed, 'unmount', '--force', 'busy'), 'busy');
      assert.equal(await script(bed, 'berth exec --user nobody busy id -u'), '65534');
      await berth(bed, 'stop', '--time', '0', 'busy');
      assert.equal(await mounted('busy'), false);
      await berth(bed, 'start', 'busy');
      await berth(bed, 'mount', 'busy');
      await remove(bed, 'busy');
    });
  });

  test('an --rm container goes with what people have mounted of it', async () => {
    await leavingNothing(bed, async () => {
      await createShell(bed, 'passing', 'sleep 1000', ['--rm']);
      await berth(bed, 'start', 'passing');
      await berth(bed, 'mount', 'passing');
      await berth(bed, 'stop', '--time', '0', 'passing');
      assert.equal(await berth(bed, 'ps', '--all', '--quiet'), '');
    });
  });

  test('after a power loss nothing is mounted and nothing is counted', async () => {
    await createShell(bed, 'lost', 'true');
    await berth(bed, 'mount', 'lost');
    await berth(bed, 'mount', 'lost');
    await bed.powerLoss();
    assert.equal(await berth(bed, 'mount'), '');
    await berth(bed, 'mount', 'lost');
    await berth(bed, 'unmount', 'lost');
    assert.equal(await mounted('lost'), false, 'one mount, one unmount');
    await remove(bed, 'lost');
  });

  const refused: [title: string, args: string[], text: string][] = [
    ['a format that is not there', ['mount', '--format', 'x'], 'unknown --format argument: "x"'],
    ['--all with names', ['mount', '--all', 'x'], 'no arguments are needed with --all'],
    ['no container to unmount', ['unmount'], 'you must provide at least one name or id'],
    ['a name that is none', ['mount', 'no'], 'no container with name or ID "no" found: no such container'],
    ['one to unmount', ['umount', 'no'], 'no container with name or ID "no" found: no such container'],
  ];
  for (const [title, args, text] of refused) {
    test(`${title} is refused in Podman's words`, async () => {
      assert.ok((await fails(...args)).startsWith(`Error: ${text}`), text);
    });
  }
});
