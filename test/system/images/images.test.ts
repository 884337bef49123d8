import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { ensureImage } from '../../bed/images.ts';
import { bootInstalled } from '../../bed/installed.ts';
import { berth, leavingNothing, RUNTIMES, remove, script } from '../../support/machine.ts';
import { preparePodman } from '../../support/peer.ts';

/** How an archive reaches `berth load`. */
const WAYS: [how: string, line: string][] = [
  ['a docker-archive', 'berth load -i /images/layers.tar'],
  ['a docker-archive on standard input', 'berth load </images/layers.tar'],
  ['a docker-archive from a pipe', 'cat /images/layers.tar | berth load'],
  ['an OCI archive', 'berth load -i /images/layers-oci.tar'],
  ['an OCI archive on standard input', 'berth load </images/layers-oci.tar'],
  ['an archive packed with gzip', 'gzip --fast --stdout /images/layers.tar >/tmp/a; berth load -i /tmp/a'],
  ['an archive packed with zstd', 'zstd --quiet --fast --stdout /images/layers.tar | berth load'],
  ['an archive packed with xz', 'xz -0 --stdout /images/layers.tar >/tmp/a; berth load -i /tmp/a'],
  [
    'an unpacked OCI layout',
    'mkdir /tmp/layout; tar --extract --file=/images/layers-oci.tar --directory=/tmp/layout; berth load -i /tmp/layout',
  ],
];

/** Archives that must be refused, from the good ones. */
const BROKEN: [what: string, script: string, error: RegExp][] = [
  [
    'cut short',
    'head -c 3000000 /images/layers.tar >/tmp/bad',
    /not an image archive, or a broken one: Unexpected end of data/,
  ],
  ['cut short and packed', 'gzip --stdout /images/layers.tar | head -c 1000000 >/tmp/bad', /./],
  [
    'with another content than its config promises',
    `${'unpack docker; '}printf x >>extra; tar --append --file="$(jq --raw-output '.[0].Layers[-1]' manifest.json)" extra; rm extra; pack`,
    /does not have the content that the image config promises/,
  ],
  [
    'without a layer it names',
    `unpack docker; rm "$(jq --raw-output '.[0].Layers[1]' manifest.json)"; pack`,
    /the archive has no file /,
  ],
  ['whose manifest is no JSON', 'unpack docker; echo "[{" >manifest.json; pack', /./],
  [
    'whose OCI blob does not match its digest',
    'unpack oci; for f in $(ls -S blobs/sha256/* | head -1); do printf x | dd of=$f bs=1 seek=100 conv=notrunc status=none; done; pack',
    /./,
  ],
  [
    'that is something else',
    'tar --create --file=/tmp/bad --directory=/etc passwd',
    /not an image archive: it has neither manifest\.json/,
  ],
];

const TOOLS = `
unpack() { rm -rf /tmp/work; mkdir /tmp/work; cd /tmp/work; case $1 in docker) tar --extract --file=/images/layers.tar;; oci) tar --extract --file=/images/layers-oci.tar;; esac; }
pack() { tar --create --file=/tmp/bad *; cd /; }
`;

/** Everything there is to say about a tree. Times to the millisecond: Node sets them as a double, exact to 0.2 µs. */
const TREE = `LC_ALL=C find . -mindepth 1 \\( -type d -printf '%P %y %m %U:%G %T@\\n' -o -type l -printf '%P %y %m %U:%G %l\\n' -o -printf '%P %y %m %U:%G %n %s %T@\\n' \\) | sed -E 's/([.][0-9]{3})[0-9]+$/\\1/' | sort
  LC_ALL=C find . -type f | sort | xargs -d '\\n' sha256sum; find . -print0 | sort -z | xargs -0 getfattr --absolute-names --no-dereference --dump --match='^(user|security)' 2>/dev/null`;

describe('images', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootInstalled({
      name: 'images',
      images: ['busybox', 'layers'],
      nspawnArgs: [`--bind-ro=${await ensureImage('layers', 'oci-archive')}:/images/layers-oci.tar`],
    });
    await preparePodman(bed, ['busybox', 'layers']);
  });
  after(() => bed.close());

  /** Forgets all images, as after a new installation. */
  const forget = () => script(bed, 'rm -rf /var/lib/berth/* /run/berth');
  const layers = () =>
    script(bed, 'ls /var/lib/berth/layers 2>/dev/null | sort; ls -A /var/lib/berth | sort');

  for (const [how, line] of WAYS) {
    test(`load ${how}: its names and ID are those Podman sees, and a second time nothing is unpacked`, async () => {
      await forget();
      const first = await bed.run(['sh', '-euc', line.replace('berth load', 'berth load')]);
      assert.equal(first.code, 0, first.stderr);
      const name = how.includes('OCI') ? '' : 'localhost/layers:latest';
      if (name !== '') assert.equal(first.stdout, `Loaded image: ${name}\n`);
      assert.match(first.stderr, /^(layer \d of 3 [0-9a-f]{12}: unpacked\n){3}$/);
      const stored = await layers();
      const again = await bed.run([
        'sh',
        '-euc',
        line.replace(
          'mkdir /tmp/layout; tar --extract --file=/images/layers-oci.tar --directory=/tmp/layout; ',
          '',
        ),
      ]);
      assert.equal(again.code, 0, again.stderr);
      assert.equal(again.stdout, first.stdout);
      assert.match(again.stderr, /^(layer \d of 3 [0-9a-f]{12}: already there\n){3}$/);
      assert.equal(await layers(), stored);
      const id = await script(bed, 'berth images --no-trunc --quiet | sort -u');
      if (name !== '')
        assert.equal(
          id,
          `sha256:${await script(bed, 'podman image inspect localhost/layers | jq -r .[0].Id')}`,
        );
      await script(bed, 'rm -rf /tmp/a /tmp/layout');
    });
  }

  test('loaded by two at once are stored once', async () => {
    await forget();
    const results = await Promise.all(
      [1, 2, 3].map(() => bed.run(['berth', 'load', '-i', '/images/layers.tar'])),
    );
    for (const { code, stdout, stderr } of results)
      assert.deepEqual([code, stdout], [0, 'Loaded image: localhost/layers:latest\n'], stderr);
    assert.equal((await script(bed, 'berth images --quiet')).split('\n').length, 1);
    assert.equal(await script(bed, 'ls /var/lib/berth/layers | grep -cE "^[0-9a-f]{64}$"'), '3');
  });

  for (const [what, make, error] of BROKEN) {
    test(`an archive ${what} is refused with one line, and nothing of it stays`, async () => {
      await forget();
      await berth(bed, 'load', '--quiet', '-i', '/images/busybox.tar');
      const stored = await layers();
      await bed.sh(`${TOOLS}${make}`);
      for (const line of ['berth load --quiet -i /tmp/bad', 'berth load --quiet </tmp/bad']) {
        const result = await bed.run(['sh', '-c', line]);
        assert.equal(result.code, 125);
        assert.match(result.stderr, /^Error: [^\n]+\n$/);
        assert.match(result.stderr, error);
        assert.equal(await layers(), stored);
        assert.equal(await script(bed, 'berth images --quiet | wc -l'), '1');
      }
      await script(bed, 'rm -rf /tmp/bad /tmp/work');
    });
  }

  test('are found by short name, full name, ID and prefix; an ambiguous prefix is refused', async () => {
    await forget();
    for (const name of ['busybox', 'layers'])
      await berth(bed, 'load', '--quiet', '-i', `/images/${name}.tar`);
    const ids = (await script(bed, 'berth images --no-trunc --quiet'))
      .split('\n')
      .map((id) => id.replace('sha256:', ''));
    const id = (await script(bed, 'berth inspect --type image layers | jq -r .[0].Id')).replace(
      'sha256:',
      '',
    );
    for (const name of [
      'layers',
      'layers:latest',
      'localhost/layers',
      'localhost/layers:latest',
      id,
      `sha256:${id}`,
      id.slice(0, 12),
    ]) {
      const found = await script(bed, `berth inspect --type image ${name} | jq -r .[0].Id`);
      assert.equal(found.replace('sha256:', ''), id, name);
    }
    let common = 0;
    while (ids[0]?.[common] === ids[1]?.[common]) common += 1;
    if (common > 0) {
      const ambiguous = await bed.nsenter(['berth', 'create', ids[0]?.slice(0, common) ?? '', 'true']);
      assert.equal(ambiguous.code, 125);
      assert.match(ambiguous.stderr, /^Error: more than one image has an ID beginning with [^\n]+\n$/);
    }
    const missing = await bed.nsenter(['berth', 'inspect', '--type', 'image', 'layers:other']);
    assert.deepEqual([missing.code, missing.stdout], [125, '[]\n']);
  });

  test('are listed and inspected as Podman lists and inspects them', async () => {
    await forget();
    for (const name of ['busybox', 'layers'])
      await berth(bed, 'load', '--quiet', '-i', `/images/${name}.tar`);
    const columns = `awk '{print $1, $2, $3}' | sort`;
    assert.equal(await script(bed, `berth images | ${columns}`), await bed.sh(`podman images | ${columns}`));
    const facts = `jq -S '.[0] | {Id, RepoTags, Architecture, Os, User, Config: (.Config | {Env, Cmd, Entrypoint, WorkingDir, Labels, User, StopSignal}), Layers: .RootFS.Layers}'`;
    assert.equal(
      await script(bed, `berth inspect --type image layers | ${facts}`),
      await bed.sh(`podman image inspect layers | ${facts}`),
    );
  });

  for (const runtime of RUNTIMES) {
    test(`a container sees the tree that podman image mount shows: owners, modes, links, sizes, times, attributes, content, with ${runtime}`, async () => {
      await forget();
      await berth(bed, 'load', '--quiet', '-i', '/images/layers.tar');
      await leavingNothing(bed, async () => {
        await bed.ok([
          'berth',
          'create',
          '--runtime',
          runtime,
          '--name',
          'tree',
          '--entrypoint',
          '',
          '--user',
          'root',
          '--stop-timeout',
          '0',
          'layers',
          'sleep',
          '1000',
        ]);
        await berth(bed, 'start', 'tree');
        // Seen through the payload's own root; what the runtime mounts or makes on top is taken off again.
        const own = await bed.sh(`cd /proc/$(berth inspect tree | jq .[0].State.Pid)/root/data && ${TREE}`);
        const peer = await bed.sh(
          `cd "$(podman image mount layers)/data" && ${TREE}; podman image unmount layers >/dev/null`,
        );
        assert.equal(own, peer);
        for (const path of ['bin', 'home', 'root', 'tmp', 'usr', 'var']) {
          const one = `cd ${path} && ${TREE}`;
          const mine = await bed.sh(`cd /proc/$(berth inspect tree | jq .[0].State.Pid)/root && ${one}`);
          const theirs = await bed.sh(
            `cd "$(podman image mount layers)" && ${one}; podman image unmount layers >/dev/null`,
          );
          assert.equal(mine, theirs, path);
        }
        await remove(bed, 'tree');
      });
    });
  }
});
