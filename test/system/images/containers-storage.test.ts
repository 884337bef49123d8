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

  test('that is not there is an error with the exit code of a missing image', async () => {
    const { code, stderr } = await answer(bed, 'create', 'containers-storage:nosuch', 'true');
    assert.equal(code, 125);
    assert.match(stderr, /containers-storage:nosuch: image not known in \/var\/lib\/containers\/storage$/);
  });
});
