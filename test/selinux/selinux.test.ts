/** What only a kernel with SELinux can show: Berth and Podman side by side on one. `npm run selinux`. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { runWithSelinux } from './machine.ts';

/** Flags of `create`, with which both engines' containers get labels of the same kind. */
const FLAGS = [
  '',
  '--privileged',
  '--security-opt label=disable',
  '--security-opt label=type:spc_t',
  '--security-opt label=level:s0:c100,c200 --security-opt label=filetype:usr_t --security-opt label=user:root',
  '--systemd always',
  '--pid host',
  '--ipc host',
];

const LABELS = '{{.ProcessLabel}} {{.MountLabel}}';

/** Each part's output goes by its name; what a part makes stays for the next ones. */
const PARTS: Record<string, string> = {
  load: 'mkdir -p /run/berth; restorecon -RF /run/berth; berth load -q -i /images/busybox.tar; podman load -q -i /images/busybox.tar',
  ...Object.fromEntries(
    FLAGS.flatMap((flags, index) =>
      ['berth', 'podman'].map((engine) => [
        `${engine} ${flags}`,
        `${engine} create --name x${index} ${flags} busybox true >/dev/null; ${engine} inspect --format '${LABELS}' x${index}`,
      ]),
    ),
  ),
  'refused option': 'berth create --security-opt label=bogus busybox true; echo $?',
  'refused mount': 'berth create -v /etc:/x:z busybox true; berth create -v /root:/x:Z busybox true',
  enforcing: 'setenforce 1; getenforce',
  labels: `berth run -d --name a busybox sleep 10000 >/dev/null; berth inspect --format '${LABELS}' a`,
  process: "ps -p $(berth inspect --format '{{.State.Pid}}' a) -o label=",
  files:
    "for file in / /etc/hosts /etc/hostname /run/.containerenv /dev/shm /bin/busybox; do stat -c %C /proc/$(berth inspect --format '{{.State.Pid}}' a)/root$file; done",
  exec: 'berth exec a cat /proc/self/attr/current',
  joined: `berth create --name j --pid container:a busybox true >/dev/null; berth inspect --format '${LABELS}' j`,
  runc: `berth run --name rc --runtime runc busybox cat /proc/self/attr/current; echo; berth inspect --format '${LABELS}' rc`,
  'no label':
    'mkdir -p /srv/d /srv/z /srv/Z; for d in d z Z; do echo $d >/srv/$d/f; done; berth run --rm -v /srv/d:/d busybox cat /d/f',
  'no label podman': 'podman run --rm -v /srv/d:/d busybox cat /d/f',
  'with z and Z': "berth run --name m -v /srv/z:/z:z -v /srv/Z:/Z:Z busybox sh -c 'cat /z/f /Z/f'",
  relabelled: `berth inspect --format '{{.MountLabel}}' m; stat -c %C /srv/Z /srv/Z/f; stat -c %C /srv/z /srv/z/f`,
  'others’ Z': 'berth run --rm -v /srv/Z:/d busybox cat /d/f; podman run --rm -v /srv/Z:/d busybox cat /d/f',
  'others’ z': 'berth run --rm -v /srv/z:/d busybox cat /d/f; podman run --rm -v /srv/z:/d busybox cat /d/f',
  'not confined': 'berth run --rm --security-opt label=disable -v /srv/d:/d busybox cat /d/f',
  volume:
    "berth volume create v >/dev/null; for i in 1 2; do berth run --rm -v v:/v -v c:/etc busybox sh -c 'echo in >/v/$(hostname); cat /v/$(hostname); head -c 4 /etc/passwd; echo'; done",
  'volume labels':
    'podman volume create v >/dev/null; stat -c %C /var/lib/containers/storage/volumes/v/_data /var/lib/berth/volumes/v/_data /var/lib/berth/volumes/c/_data /var/lib/berth/volumes/c/_data/passwd',
  copied:
    'echo there >/tmp/there; berth cp /tmp/there a:/there; berth exec a cat /there; berth commit -q a im >/dev/null; berth run --rm im cat /there',
  mounted:
    "berth run --rm --ipc shareable --mount type=image,src=busybox,dst=/img -v /srv/z:/o:O busybox sh -c 'ls -d /img/bin; echo x >/o/w; cat /o/w; echo y >/dev/shm/y; cat /dev/shm/y'",
  again: `berth stop -t 0 a >/dev/null; berth start a >/dev/null; berth inspect --format '${LABELS}' a; berth exec a cat /proc/self/attr/current`,
  info: "berth info --format '{{.Host.Security.SELinuxEnabled}}'; podman info --format '{{.Host.Security.SELinuxEnabled}}'",
};

describe('on a kernel with SELinux', () => {
  const answers = new Map<string, string>();
  const linesOf = (part: string): string[] => (answers.get(part) ?? assert.fail(part)).split('\n');

  before(async () => {
    const script = Object.entries(PARTS).map(([name, part]) => `echo '@@ ${name}'\n${part}\n`);
    for (const text of (await runWithSelinux(`exec 2>&1\n${script.join('')}`)).split(/^@@ /m)) {
      const [name = '', ...lines] = text.trimEnd().split('\n');
      answers.set(name, lines.map((line) => line.replace(/\0/g, '').trimEnd()).join('\n'));
    }
  });

  for (const flags of FLAGS)
    it(`a container has labels of the same kind as Podman’s with ${flags || 'no flag'}`, () => {
      const kind = (engine: string): string =>
        (answers.get(`${engine} ${flags}`.trim()) ?? assert.fail(engine)).replaceAll(/c\d+,c\d+/g, (pair) =>
          ['c100,c200', 'c1022,c1023'].includes(pair) ? pair : 'cX,cY',
        );
      assert.equal(kind('berth'), kind('podman'));
    });

  it('no two containers have the same categories', () => {
    const levels = [...linesOf('berth'), ...linesOf('labels'), ...linesOf('berth --systemd always')];
    const pairs = levels.map((line) => /c\d+,c\d+/.exec(line)?.[0] ?? assert.fail(line));
    assert.equal(new Set(pairs).size, pairs.length);
  });

  it('what cannot be a label, and what must keep its own, is refused', () => {
    assert.match(answers.get('refused option') ?? '', /^Error: bad label option "bogus".*\n125$/);
    assert.match(linesOf('refused mount')[0] ?? '', /SELinux relabeling of \/etc is not allowed/);
    assert.match(linesOf('refused mount')[1] ?? '', /SELinux relabeling of \/root is not allowed/);
  });

  it('a payload, what is executed in it and what it sees have the labels that inspect tells', () => {
    assert.deepEqual(linesOf('enforcing'), ['Enforcing']);
    const [process = '', mount = ''] = (linesOf('labels')[0] ?? '').split(' ');
    assert.match(process, /^system_u:system_r:container_t:s0:c\d+,c\d+$/);
    assert.deepEqual(linesOf('process'), [process]);
    assert.deepEqual(linesOf('exec'), [process]);
    assert.deepEqual(
      linesOf('files'),
      Array.from({ length: 6 }, () => mount),
    );
    assert.deepEqual(linesOf('again'), [`${process} ${mount}`, process]);
    assert.deepEqual(linesOf('joined'), [`${process} ${mount}`]);
  });

  it('runc labels as crun does', () => {
    const [current, told] = linesOf('runc');
    assert.equal(current, told?.split(' ')[0]);
  });

  it('a directory of the host is closed until z or Z opens it, to all or to one container', () => {
    assert.match(answers.get('no label') ?? '', /Permission denied/);
    assert.match(answers.get('no label podman') ?? '', /Permission denied/);
    assert.deepEqual(linesOf('with z and Z'), ['z', 'Z']);
    const [own = '', ...labels] = linesOf('relabelled');
    const shared = 'system_u:object_r:container_file_t:s0';
    assert.deepEqual(labels, [own, own, shared, shared]);
    assert.deepEqual(
      linesOf('others’ Z').map((line) => /Permission denied/.test(line)),
      [true, true],
    );
    assert.deepEqual(linesOf('others’ z'), ['z', 'z']);
    assert.deepEqual(linesOf('not confined'), ['d']);
  });

  it('a volume is every container’s, with what an image has at its place', () => {
    assert.deepEqual(linesOf('volume'), ['in', 'root', 'in', 'root']);
    const [peers, ...own] = linesOf('volume labels');
    assert.deepEqual(own, [peers, peers, peers]);
  });

  it('cp, commit, images, overlays and a shareable /dev/shm work', () => {
    assert.deepEqual(linesOf('copied'), ['there', 'there']);
    assert.deepEqual(linesOf('mounted'), ['/img/bin', 'x', 'y']);
  });

  it('info says that it is there', () => assert.deepEqual(linesOf('info'), ['true', 'true']));
});
