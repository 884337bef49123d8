/** The same pulls by Podman and by Berth: exit codes, output, and what the images are then. */
import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { bootInstalled } from '../../bed/installed.ts';
import { assertNoLeaks, leakSnapshot } from '../../bed/leaks.ts';
import { preparePodman, quote } from '../../support/peer.ts';
import { agree, normalise } from '../peer/normalise.ts';
import { CLOSED, NOBODY, OPEN, startRegistries } from './registry.ts';

const OPENLY = '--tls-verify=false';
const ZEROS = `sha256:${'0'.repeat(64)}`;

/** A line after the engine's name, and where Berth answers otherwise: why, and what it says then. */
const CASES: [line: string, differs?: { why: string; stderr?: RegExp; images?: RegExp }][] = [
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
  ['pull docker:a:b'],
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

  [
    'pull docker-archive:/images/busybox.tar',
    { why: 'an archive without digests has none', images: /^localhost\/busybox latest {2}[0-9a-f]{12}$/m },
  ],
  ['pull docker-archive:/images/busybox.tar:localhost/busybox:latest'],
  ['pull oci-archive:/srv/named.tar'],
  ['pull oci-archive:/srv/named.tar:box:1'],
  ['pull oci:/srv/layout:box'],
  ['pull oci:/srv/layout'],
  ['pull oci:/srv/layout:nosuch'],
  ['pull dir:/srv/dir'],

  [`create ${OPENLY} --pull never ${OPEN}/test/layers:v1 true`],
  ['create nosuch true'],
  [`create ${OPENLY} ${OPEN}/test/nosuch true`],
  [`run ${OPENLY} --rm --entrypoint '' ${OPEN}/test/layers:v1 cat /data/replaced`],
];

const SEARCHING: typeof CASES = [
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

/** What a line answers, in fields that end in NUL; then, where it had success, what the images are: Podman's order is that of its tables. */
const ASK = `
digest() { skopeo inspect ${OPENLY} --format '{{.Digest}}' docker://${OPEN}/$1; }
ask() {
  if [ "$E" = podman ]; then podman rmi --all --force >/dev/null 2>&1; else rm -rf /var/lib/berth/* /run/berth/*; fi
  (eval "$E $1") >out 2>err </dev/null
  code=$?
  printf '%s\\0%s\\0%s\\0' "$code" "$(base64 -w0 out)" "$(base64 -w0 err)"
  if [ $code = 0 ]; then
    $E images --digests --format '{{.Repository}} {{.Tag}} {{.Digest}} {{.ID}}' | sort
    $E image inspect $($E images --quiet | sort -u) |
      jq -cS '.[] | {Id, RepoTags: (.RepoTags | sort), RepoDigests: (.RepoDigests | sort), Architecture, Os, Config, RootFS, Author}' | sort
  fi
  printf '\\0'
}
mkdir -p "/tmp/$E" && cd "/tmp/$E"
`;

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

  async function answers(engine: 'berth' | 'podman', lines: string[]) {
    const text = [`E=${engine}`, ASK, ...lines.map((line) => `ask ${quote(line)}`)].join('\n');
    const { stdout } = await bed.run(['sh', '-c', text]);
    const fields = stdout.split('\0');
    return lines.map((_, index) => {
      const [code = '', out = '', err = '', images = ''] = fields.slice(4 * index);
      const [stdoutText, stderrText] = [out, err].map((text) => Buffer.from(text, 'base64').toString());
      const stderr = inOrder(stderrText ?? '');
      return { images, ...normalise({ code, stdout: stdoutText ?? '', stderr, after: '' }, engine) };
    });
  }

  async function compare(cases: typeof CASES, t: TestContext): Promise<void> {
    const lines = cases.map(([line]) => line);
    const leaks = await leakSnapshot(bed);
    const [own, peers] = await Promise.all([answers('berth', lines), answers('podman', lines)]);
    await assertNoLeaks(bed, leaks, {
      allow: [/^runtime file: \/run\/berth\//, /^mount: \/var\/lib\/containers\//],
    });
    for (const [index, [line, differs]] of cases.entries()) {
      await t.test(line, () => assertSame(own[index], peers[index], differs));
    }
  }

  test('the same lines have the same answers, and leave the same images', (t) => compare(CASES, t));

  test('short names are looked for as registries.conf says', async (t) => {
    await bed.sh('cat >/etc/containers/registries.conf.d/90-search.conf', { input: SEARCH });
    await compare(SEARCHING, t);
  });
});

type Answer = { code: string; stdout: string; stderr: string; images: string };

function assertSame(
  own: Answer | undefined,
  peers: Answer | undefined,
  differs: (typeof CASES)[number][1],
): void {
  assert.ok(own && peers);
  assert.equal(own.code, peers.code, own.stderr);
  assert.equal(own.stdout, peers.stdout);
  if (differs?.stderr === undefined)
    assert.ok(agree('stderr', own.stderr, peers.stderr), `${own.stderr}\n${peers.stderr}`);
  else {
    assert.ok(!agree('stderr', own.stderr, peers.stderr), `differs no more: ${differs.why}`);
    assert.match(own.stderr.trimEnd(), differs.stderr);
  }
  if (differs?.images === undefined) assert.equal(own.images, peers.images);
  else {
    assert.notEqual(own.images, peers.images, `differs no more: ${differs.why}`);
    assert.match(own.images, differs.images);
  }
}

/** Podman copies several blobs at once and tells of them in any order. */
function inOrder(text: string): string {
  const lines = text.split('\n');
  const blobs = lines.filter((line) => line.startsWith('Copying blob')).sort();
  return lines.map((line) => (line.startsWith('Copying blob') ? (blobs.shift() ?? '') : line)).join('\n');
}
