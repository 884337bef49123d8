import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import type { ImageName } from '../../bed/images.ts';
import { bootInstalled } from '../../bed/installed.ts';
import { berth, leavingNothing, RUNTIMES, remove } from '../../support/machine.ts';
import { preparePodman } from '../../support/peer.ts';

const IMAGES: ImageName[] = ['busybox', 'redis', 'layers', 'odd', 'hidden', 'many', 'ping'];

/**
 * Everything there is to say about what lies in a tree: kinds, owners, modes, links, sizes, times to the nanosecond, which
 * names are one file, attributes, content. Of the root itself Podman makes one of mode 0555 and its own time.
 */
const TREE = `
tree() {
  cd "$1"
  export LC_ALL=C
  find . -mindepth 1 \\( -type d -printf '%P\\0%y %m %U:%G %T@\\n\\0' -o -type l -printf '%P\\0%y %U:%G %T@ %l\\n\\0' -o -type b -printf '%P\\0%y %m %U:%G %n %T@\\n\\0' -o -type c -printf '%P\\0%y %m %U:%G %n %T@\\n\\0' -o -printf '%P\\0%y %m %U:%G %n %s %T@\\n\\0' \\) | paste -zd ' ' - - | sort -z | tr '\\0' '\\n'
  find . \\( -type b -o -type c \\) -print0 | sort -z | xargs -0r stat --format='%n %Hr %Lr'
  find . -type f -links +1 -printf '%i %P\\n' | sort -k2 | awk '!($1 in first) { first[$1] = $2 } { print $2, "is", first[$1] }'
  find . -type f -print0 | sort -z | xargs -0 sha256sum
  find . -print0 | sort -z | xargs -0 getfattr --absolute-names --no-dereference --dump --encoding=hex --match='^(user|security|trusted[.][^o])' 2>/dev/null
  cd /
}`;

describe('what Podman shows of an image', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootInstalled({ name: 'identity', images: IMAGES });
    await preparePodman(bed, IMAGES);
    for (const name of IMAGES) await berth(bed, 'load', '--quiet', '-i', `/images/${name}.tar`);
  });
  after(() => bed.close());

  for (const image of IMAGES) {
    test(`a container of ${image} sees, byte for byte and attribute for attribute`, async () => {
      await leavingNothing(bed, async () => {
        const program = `${TREE}
          berth create --name same --entrypoint "" ${image} true >/dev/null
          tree "$(berth mount same)" >/tmp/mine
          tree "$(podman image mount localhost/${image})" >/tmp/peers
          podman image unmount localhost/${image} >/dev/null
          wc -l </tmp/mine
          diff /tmp/peers /tmp/mine | head -40`;
        const [lines, ...differences] = (await bed.sh(program)).trim().split('\n');
        assert.deepEqual(differences, []);
        assert.ok(Number(lines) > 50, `only ${lines} lines`);
        await remove(bed, 'same');
      });
    });
  }

  for (const runtime of RUNTIMES) {
    test(`an ordinary user's ping works by its file capability, with ${runtime}`, async () => {
      await leavingNothing(bed, async () => {
        const run = (...flags: string[]) =>
          bed.run([
            ...['berth', 'run', '--rm', '--runtime', runtime, '--sysctl', 'net.ipv4.ping_group_range=1 0'],
            ...[...flags, 'ping', 'ping', '-c', '1', '-W', '5', '127.0.0.1'],
          ]);
        const { stdout, stderr } = await run('--cap-add', 'NET_RAW');
        assert.match(stdout, /1 packets transmitted, 1 received/, stderr);
        // It is the capability: no group may ping without one here.
        const without = await run('--cap-drop', 'all');
        assert.notEqual(without.code, 0);
      });
    });
  }
});
