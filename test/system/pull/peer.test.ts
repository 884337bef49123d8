/** The same pulls by Podman and by Berth: exit codes, output, and what the images are then. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { bootInstalled } from '../../bed/installed.ts';
import { assertNoLeaks, leakSnapshot } from '../../bed/leaks.ts';
import { preparePodman } from '../../support/peer.ts';
import { agree, normalise } from '../peer/normalise.ts';
import { CLOSED, NOBODY, OPEN, startRegistries } from './registry.ts';

const OPENLY = '--tls-verify=false';
const ZEROS = `sha256:${'0'.repeat(64)}`;

/** A line after the engine's name, and why Berth answers otherwise, if it does: its standard error then. */
const CASES: [line: string, differs?: { why: string; stderr: RegExp }][] = [
  [`pull ${OPENLY} ${OPEN}/test/layers:v1`],
  [`pull ${OPENLY} ${OPEN}/test/layers:v1`],
  [`pull --quiet ${OPENLY} ${OPEN}/test/layers:v2`],
  [`image pull ${OPENLY} ${OPEN}/test/busybox`],
  [`pull ${OPENLY} docker://${OPEN}/test/busybox:oci`],
  [`pull ${OPENLY} ${OPEN}/test/busybox@$(digest test/busybox:oci)`],
  [`pull ${OPENLY} ${OPEN}/test/busybox:latest@$(digest test/busybox:oci)`],
  [`pull ${OPENLY} ${OPEN}/test/multi`],
  [`pull ${OPENLY} --arch s390x ${OPEN}/test/multi`],
  [`pull ${OPENLY} --platform linux/arm64 ${OPEN}/test/multi@$(digest test/multi)`],
  [`pull ${OPENLY} --arch arm64 ${OPEN}/test/busybox`],
  [`pull --quiet ${OPENLY} ${OPEN}/test/layers:v1 ${OPEN}/test/nosuch ${OPEN}/test/layers:v2`],

  [`pull ${OPENLY} ${OPEN}/test/nosuch`],
  [`pull ${OPENLY} ${OPEN}/test/layers:nosuch`],
  [`pull ${OPENLY} ${OPEN}/test/busybox@${ZEROS}`],
  [`pull ${OPENLY} ${OPEN}/test/busybox@sha256:00`],
  [`pull ${OPENLY} --retry 0 ${NOBODY}/test/layers`],
  [`pull --retry 0 ${OPEN}/test/layers:v1`],

  [`pull --retry 0 ${CLOSED}/test/layers:v1`],
  [`pull --cert-dir /srv/ca ${CLOSED}/test/layers:v1`],
  [`pull --cert-dir /srv/ca --creds me:wrong ${CLOSED}/test/layers:v1`],
  [`pull --cert-dir /srv/ca --creds me:secret ${CLOSED}/test/layers:v1`],
  [`pull ${OPENLY} --authfile /srv/auth.json ${CLOSED}/test/layers:v1`],
  [`pull --authfile /nosuch ${CLOSED}/test/layers:v1`],

  ['pull'],
  ["pull ''"],
  ['pull nosuch'],
  ['pull nosuch:tag'],
  ['pull docker:nosuch'],
  ['pull http://x'],
  [
    'pull UPPER/x',
    {
      why: 'says what is wrong with it',
      stderr: /^Error: parsing reference "UPPER\/x": repository name must be lowercase$/,
    },
  ],
  ['pull --retry x a'],
  ['pull --retry-delay x a'],
  ['pull --platform linux/arm64 --arch arm64 a'],
  ['pull --all-tags docker-archive:/images/busybox.tar'],

  ['pull docker-archive:/images/busybox.tar'],
  ['pull docker-archive:/images/busybox.tar:localhost/busybox:latest'],
  ['pull oci-archive:/srv/named.tar'],
  ['pull oci-archive:/srv/named.tar:box:1'],
  ['pull oci:/srv/layout:box'],
  ['pull oci:/srv/layout'],
  ['pull oci:/srv/layout:nosuch'],
  ['pull dir:/srv/dir'],

  // registries.conf.d/90-search.conf: first NOBODY, then OPEN; an alias.
  ['pull --retry 0 test/layers:v1'],
  ['pull --retry 0 boxalias:oci'],
  [
    'pull --retry 0 test/nosuch',
    {
      why: 'one line',
      stderr: /\nError: 2 errors occurred while pulling: initializing [^\n]*; initializing [^\n]*$/,
    },
  ],
  [`pull --all-tags ${OPEN}/test/layers`],
  [`pull --all-tags ${OPEN}/test/nosuch`],

  [`create ${OPENLY} --pull never ${OPEN}/test/layers:v1 true`],
  ['create nosuch true'],
  [`create ${OPENLY} ${OPEN}/test/nosuch true`],
  [`create --authfile /nosuch ${OPEN}/test/layers:v1 true`],
  [`run ${OPENLY} --rm --entrypoint '' ${OPEN}/test/layers:v1 cat /data/replaced`],
];

const SEARCH = `unqualified-search-registries = [
  "${NOBODY}", # nobody
  '${OPEN}'
]
[[registry]]
location = "${OPEN}"
insecure = true
[[registry]]
location = "${NOBODY}"
insecure = true
[aliases]
"boxalias" = "${OPEN}/test/busybox"
`;

/** Of every image: what it is, its names and digests; sorted, as Podman's order is that of its tables. */
const IMAGES = `for id in $(ENGINE images --quiet --no-trunc | sort -u); do
  ENGINE image inspect $id | jq -cS '.[0] | {Id, RepoTags: (.RepoTags | sort), RepoDigests: (.RepoDigests | sort), Architecture, Os, Config, RootFS, Author}'
done
ENGINE images --digests --format '{{.Repository}} {{.Tag}} {{.Digest}} {{.ID}}' | sort`;

describe('pull beside podman pull', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootInstalled({ name: 'pull-peer', images: ['busybox', 'layers'] });
    await preparePodman(bed);
    await startRegistries(bed);
    await bed.sh(
      `skopeo copy --quiet docker-archive:/images/busybox.tar oci-archive:/srv/named.tar:box:1
       skopeo copy --quiet docker-archive:/images/busybox.tar oci:/srv/layout:box
       skopeo copy --quiet docker-archive:/images/busybox.tar dir:/srv/dir`,
    );
  });
  after(() => bed.close());

  async function ask(engine: 'berth' | 'podman', line: string) {
    const forget =
      engine === 'podman'
        ? 'podman rmi --all --force >/dev/null 2>&1'
        : 'rm -rf /var/lib/berth/* /run/berth/*';
    const { code, stdout, stderr } = await bed.run([
      'sh',
      '-c',
      `digest() { skopeo inspect ${OPENLY} --format '{{.Digest}}' docker://${OPEN}/$1; }
       ${forget}; ${engine} ${line}`,
    ]);
    const images = await bed.sh(IMAGES.replaceAll('ENGINE', engine));
    return {
      images,
      ...normalise({ code: String(code), stdout, stderr: inOrder(stderr), after: '' }, engine),
    };
  }

  for (const [line, differs] of CASES) {
    test(line, async () => {
      if (line.includes('test/layers:v1') && line.startsWith('pull --retry 0 test/'))
        await bed.sh('cat >/etc/containers/registries.conf.d/90-search.conf', { input: SEARCH });
      const leaks = await leakSnapshot(bed);
      const own = await ask('berth', line);
      const peers = await ask('podman', line);
      assert.equal(own.code, peers.code, own.stderr);
      assert.equal(own.stdout, peers.stdout);
      if (differs === undefined)
        assert.ok(agree('stderr', own.stderr, peers.stderr), `${own.stderr}\n${peers.stderr}`);
      else {
        assert.ok(!agree('stderr', own.stderr, peers.stderr), `differs no more: ${differs.why}`);
        assert.match(own.stderr.trimEnd(), differs.stderr);
      }
      assert.equal(own.images, peers.images);
      await assertNoLeaks(bed, leaks, {
        allow: [/^runtime file: \/run\/berth\//, /^mount: \/var\/lib\/containers\//],
      });
    });
  }
});

/** Podman copies several blobs at once and tells of them in any order. */
function inOrder(text: string): string {
  const lines = text.split('\n');
  const blobs = lines.filter((line) => line.startsWith('Copying blob')).sort();
  return lines.map((line) => (line.startsWith('Copying blob') ? (blobs.shift() ?? '') : line)).join('\n');
}
