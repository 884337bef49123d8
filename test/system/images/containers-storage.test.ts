/** Images that Podman has on the same host, used where they are. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { bootInstalled } from '../../bed/installed.ts';
import { answer, berth, leavingNothing, RUNTIMES, remove, script } from '../../support/machine.ts';
import { preparePodman } from '../../support/peer.ts';

describe('an image of containers/storage', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootInstalled({ name: 'containers-storage', images: ['busybox', 'layers'] });
    await preparePodman(bed);
    await script(
      bed,
      'for name in layers busybox; do podman load --quiet -i /images/$name.tar; done; berth ps',
    );
  });
  after(() => bed?.close());

  /** Three layers, with whiteouts; and one whose commands can be run. */
  const LAYERS = 'containers-storage:localhost/layers';
  const BUSYBOX = 'containers-storage:localhost/busybox';
  const layers = (): Promise<string> =>
    script(bed, 'find /var/lib/berth/layers -mindepth 2 -maxdepth 2 -name diff -printf "%y\\n" | sort -u');
  const forget = (): Promise<string> => script(bed, 'berth rmi --all --force >/dev/null 2>&1 || true');

  test('is the same image, with the layers of the other tool and no copy of them', () =>
    leavingNothing(bed, async () => {
      const id = (await berth(bed, 'pull', '--quiet', LAYERS)).trim();
      assert.equal(await layers(), 'l', 'every layer is a link');
      const [mine, theirs] = await Promise.all(
        ['berth', 'podman'].map((engine) =>
          script(
            bed,
            `${engine} image inspect --format '{{.Id}} {{.Digest}} {{.RepoTags}} {{.RootFS.Layers}}' ${id}`,
          ),
        ),
      );
      assert.equal(mine, theirs);
      const trees = await Promise.all(
        ['berth', 'podman'].map((engine) =>
          script(
            bed,
            `cd "$(${engine} image mount ${id} | awk '{ print $NF }')" && find . -mindepth 1 -printf '%p %y %m %U %G %T@ %l\\n' | sort | sha256sum; cd /; ${engine} image unmount ${id} >/dev/null`,
          ),
        ),
      );
      assert.equal(trees[0], trees[1]);
      await forget();
      assert.equal(await script(bed, `podman image exists ${id} && echo there`), 'there');
    }));

  for (const runtime of RUNTIMES)
    test(`is what a container runs on, which writes into a layer of its own, with ${runtime}`, () =>
      leavingNothing(bed, async () => {
        const before = await script(
          bed,
          'find /var/lib/containers/storage/overlay/*/diff | sort | sha256sum',
        );
        await berth(
          bed,
          'run',
          '-d',
          '--runtime',
          runtime,
          '--name',
          'c',
          '--stop-timeout',
          '0',
          BUSYBOX,
          'sleep',
          '1000',
        );
        assert.equal(await berth(bed, 'exec', 'c', 'sh', '-c', 'echo mine >/new; cat /new'), 'mine');
        assert.match(await berth(bed, 'diff', 'c'), /^A \/new$/m);
        assert.equal(
          await script(bed, 'find /var/lib/containers/storage/overlay/*/diff | sort | sha256sum'),
          before,
          'nothing is written there',
        );
        await remove(bed, 'c');
        await forget();
      }));

  for (const runtime of RUNTIMES)
    test(`runs in a user namespace, and its files stay whose they were, with ${runtime}`, () =>
      leavingNothing(bed, async () => {
        const owners = () =>
          script(
            bed,
            "find /var/lib/containers/storage/overlay/*/diff -printf '%p %U:%G %m %C@\\n' | sort | sha256sum",
          );
        const before = await owners();
        const mapped = ['--uidmap', '0:100000:2000', '--gidmap', '0:100000:2000'];
        const flags = ['--runtime', runtime, '--name', 'c', '--stop-timeout', '0', ...mapped];
        await berth(bed, 'run', '-d', ...flags, BUSYBOX, 'sleep', '1000');
        const look = 'echo mine >/bin/new; stat -c %u:%g /bin/busybox /bin/new; cat /proc/self/uid_map';
        assert.deepEqual((await berth(bed, 'exec', 'c', 'sh', '-c', look)).replace(/ +/g, ' ').split('\n'), [
          '0:0',
          '0:0',
          ' 0 100000 2000',
        ]);
        assert.equal(await owners(), before);
        assert.equal(await layers(), 'l', 'no layer is copied into the store');
        await remove(bed, 'c');
        await forget();
      }));

  test('that the other tool removes is missed with a word of what to do, and works again once it is back', () =>
    leavingNothing(bed, async () => {
      await berth(bed, 'create', '--name', 'c', '--stop-timeout', '0', BUSYBOX, 'sleep', '1000');
      await script(bed, 'podman rmi --all --force');
      const failed = await answer(bed, 'start', 'c');
      assert.equal(failed.code, 125);
      assert.match(
        failed.stderr,
        /another tool has removed the image from containers\/storage: let it pull the image again$/,
      );
      await script(bed, 'podman load --quiet -i /images/busybox.tar');
      await berth(bed, 'start', 'c');
      await berth(bed, 'stop', 'c');
      // Loaded into Berth, it does not depend on the other tool any more.
      await script(bed, 'podman rmi --all --force; berth load --quiet -i /images/busybox.tar');
      assert.equal(await layers(), 'd');
      await berth(bed, 'start', 'c');
      await remove(bed, 'c');
      await forget();
      await script(bed, 'podman load --quiet -i /images/busybox.tar');
    }));

  test('that the other tool removes under a running container is gone for it; what it wrote is kept for a start with the image back', () =>
    leavingNothing(bed, async () => {
      const once = ['--stop-timeout', '0', 'containers-storage:localhost/once'];
      await script(bed, 'podman tag localhost/busybox localhost/once');
      await script(bed, 'podman untag localhost/busybox localhost/busybox');
      await berth(bed, 'run', '-d', '--name', 'c', ...once, 'sh', '-c', 'echo mine >/mine; exec sleep 1000');
      await berth(bed, 'exec', 'c', 'cat', '/mine');
      await script(bed, 'podman rmi localhost/once');
      const { state } = JSON.parse(
        await berth(bed, 'inspect', '--format', '{"state":"{{.State.Status}}"}', 'c'),
      );
      assert.equal(state, 'running');
      // overlayfs lists nothing where a lower directory is gone.
      assert.doesNotMatch(await script(bed, 'ls "$(berth mount c)" || true; berth unmount c'), /bin/);
      assert.match(await berth(bed, 'stop', 'c'), /^c$/);
      assert.match((await answer(bed, 'start', 'c')).stderr, /let it pull the image again$/);
      await script(bed, 'podman load --quiet -i /images/busybox.tar');
      await berth(bed, 'start', 'c');
      assert.equal(
        await berth(bed, 'exec', 'c', 'sh', '-c', 'cat /mine; ls /bin/busybox'),
        'mine\n/bin/busybox',
      );
      await remove(bed, 'c');
      await forget();
    }));

  test('stays there as long as a container of the other tool has it, which is the hold that can be had', () =>
    leavingNothing(bed, async () => {
      await berth(bed, 'create', '--name', 'c', '--stop-timeout', '0', BUSYBOX, 'sleep', '1000');
      await script(bed, 'podman create --name hold localhost/busybox true');
      const removal = await script(bed, 'podman rmi localhost/busybox 2>&1 || echo "exit $?"');
      assert.match(removal, /in use by a container.*\nexit 2$/s);
      await script(bed, 'podman image prune --all --force');
      await berth(bed, 'start', 'c');
      await remove(bed, 'c');
      await forget();
      await script(bed, 'podman rm hold');
    }));

  test('that is not there is an error with the exit code of a missing image', async () => {
    const { code, stderr } = await answer(bed, 'create', 'containers-storage:nosuch', 'true');
    assert.equal(code, 125);
    assert.match(stderr, /containers-storage:nosuch: image not known in \/var\/lib\/containers\/storage$/);
  });
});
