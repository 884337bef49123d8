/** cp, export, diff and artifacts on a machine, side by side with Podman where Podman has them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { bootInstalled } from '../../bed/installed.ts';
import { load } from '../../support/berth.ts';
import { berth, createShell, leavingNothing, remove, script } from '../../support/machine.ts';
import { preparePodman } from '../../support/peer.ts';
import { CASES, type CopyCase, WORDS } from './table.ts';

/** Makes the same two roots and the same folder before every command line; `$m`, `$n` are the roots of c and u. */
const SETUP = `
mkdir -p /h; cd /h
$T create --name c busybox true >/dev/null
$T create --name u --user app busybox true >/dev/null
m=$($T mount c); n=$($T mount u)
rm -rf /skel; mkdir /skel; cp -a $m/. /skel; rm -rf /skel/bin; mkdir /skel/bin
list() { tar --list --verbose --numeric-owner | sed -e 's,/$,,' -e 's/ ....-..-.. ..:../ /' | sort >list; }
fresh() {
  rm -rf $m/* $n/* /h/*; cp -a /skel/. $m; cp -a /skel/. $n; mkdir -p dir/sub out clash $m/src/sub
  echo file >file; chmod 640 file; chown 7:8 file; echo x >x
  echo inner >dir/inner; chmod 4755 dir/inner; echo deep >dir/sub/deep; ln -s inner dir/link; chown 5:6 dir
  ln -s /etc/passwd abslink; ln -s nowhere dangling; ln -s dir dirlink; echo clash >clash/sub
  tar cf t.tar dir file dirlink; gzip -k t.tar
  echo x >$m/src/x; echo y >$m/src/sub/y; ln -s x $m/src/l; ln -s /src $m/srclink; ln -s /src/x $m/xlink
  ln -s /nowhere $m/dang; ln -s ../../../../h $m/escape; chown -R 1000:1000 $m/src; mkfifo $m/src/ff
  ln $m/src/x $m/src/hard; chmod 4711 $m/src/x
}
look() { (cd $1 && find $2 -printf '%p %y %m %U:%G %l\\n' 2>&1 | sort); [ "$2" != list ] || cat list; }
`;

const lookOf = ({ c, u, host }: CopyCase['look']): string =>
  c !== undefined ? `look $m ${c}` : u !== undefined ? `look $n ${u}` : `look /h ${host}`;

/** What each case of the table did: its exit code, what it said, and what is there afterwards. */
async function answers(bed: Bed, tool: string): Promise<string[]> {
  const lines = CASES.map(
    ({ line, look }) => `echo '#case'; fresh; $T cp ${line} 2>&1; echo "exit $?"; ${lookOf(look)}`,
  );
  const text = `T=${tool}; exec 2>&1; ${SETUP}\n${lines.join('\n')}\ncd /; $T rm --force --time 0 c u >/dev/null; rm -rf /h /skel`;
  const { stdout, stderr } = await bed.run(['sh', '-c', text], { timeoutMs: 600_000 });
  const all = stdout.split('#case\n').slice(1);
  assert.equal(all.length, CASES.length, stdout.slice(-1000) + stderr);
  return all;
}

/** Podman's words for what is the same, where its own tell of its insides. */
function inWords(text: string): string {
  const [, message] = /^Error: ((?:.|\n)*?)\nexit /.exec(text) ?? [];
  if (message === undefined) return text;
  for (const forms of WORDS)
    for (const form of forms) {
      const found = form.exec(message.trim());
      if (found !== null)
        return text.replace(message, `the like of ${forms[0]} with ${found.slice(1).join()}`);
    }
  return text.replace(/: see berth \S+ --help/, '');
}

describe('files', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootInstalled({ name: 'files', images: ['busybox', 'layers'] });
    await load(bed, 'busybox', 'layers');
    await preparePodman(bed, ['busybox', 'layers']);
  });
  after(() => bed?.close());

  test(`${CASES.length} command lines of cp do what Podman's do`, async () => {
    await leavingNothing(bed, async () => {
      const [podman, ours] = [await answers(bed, 'podman'), await answers(bed, 'berth')];
      const differing = CASES.flatMap(({ line, deviates }, at) => {
        const [theirs, own] = [inWords(podman[at] ?? ''), inWords(ours[at] ?? '')];
        return (theirs === own) === (deviates === undefined) ? [] : [{ line, deviates, theirs, own }];
      });
      assert.deepEqual(differing, []);
    });
  });

  test('a running container is seen with all that is mounted in it, a stopped one with its bind mounts', async () => {
    await leavingNothing(bed, async () => {
      await script(bed, 'mkdir -p /h/vol; echo a >/h/a; echo b >/h/b');
      await createShell(bed, 'r', 'sleep 1000', ['-v', '/h/vol:/vol', '--tmpfs', '/tt', '-w', '/tmp']);
      await berth(bed, 'start', 'r');
      for (const place of ['/vol', '/tt/new', '/dev/shm', 'here', '/etc/hosts'])
        await berth(bed, 'cp', '/h/a', `r:${place}`);
      assert.equal(
        await script(bed, 'berth exec r cat /vol/a /tt/new /dev/shm/a /tmp/here /etc/hosts'),
        'a\na\na\na\na',
      );
      assert.equal(await script(bed, 'cat /h/vol/a; berth cp r:/tt - | tar tf -'), 'a\ntt/\ntt/new');
      const device = await bed.run(['berth', 'cp', '/h/a', 'r:/dev/null'], { quick: true });
      assert.match(device.stderr, /^Error: \/dev\/null is a device\n$/);
      await berth(bed, 'stop', '--time', '0', 'r');
      await berth(bed, 'cp', '/h/b', 'r:/vol');
      await berth(bed, 'cp', 'r:/vol', '/h/out');
      assert.equal(await script(bed, 'cd /h/out; cat a b; cd /; rm -rf /h'), 'a\nb');
      assert.equal(await berth(bed, 'mount'), '', 'mounted for the time of the copy only');
      await remove(bed, 'r');
    });
  });

  test('diff and export say what Podman says after the same run', async () => {
    const change =
      'echo hi >/a; mkdir -p /x/y; touch /x/y/z; rm /bin/vi; echo >>/etc/passwd; chmod 711 /root; ln -s a /l; mkfifo /ff; ln /a /b';
    const answer = (tool: string): Promise<string> =>
      script(
        bed,
        `T=${tool}; $T create --name d busybox sh -c '${change}' >/dev/null; $T diff d; $T start --attach d
         $T diff d; $T diff --format json d; $T diff busybox | sha256sum
         $T export d | tar --list --verbose --numeric-owner | sed 's/....-..-.. ..:..//' | grep -v -e etc/ho -e etc/resolv -e etc/mtab -e containerenv
         for words in 'diff nosuch' 'diff --format x d' 'export nosuch' 'export -o /no/x d' 'export -o /tmp d'; do $T $words 2>&1 || echo $?; done
         $T rm d >/dev/null`,
      );
    await leavingNothing(
      bed,
      async () => assert.equal(await answer('berth'), await answer('podman')),
      // Podman's own, made at its first start of a container.
      [/^cgroup: \/libpod_parent/],
    );
  });

  test('diff of two says what makes the first of the second, as Podman does', async () => {
    const [one, other] = [
      'echo 1 >/both; mkdir -p /x/y; touch /x/y/z; rm /bin/vi; ln -sf a /l; chmod 711 /root; rm -r /home; mkdir -p /kind/d',
      'echo 22 >/both; mkdir /x; rm /bin/ed; ln -sf bb /l; chmod 700 /tmp; touch /var/x; rm /var/x; mkdir /home/more; touch /kind; chmod 600 /etc/group',
    ];
    const lines = [
      'one two',
      'two one',
      'one one',
      'one new',
      'busybox one',
      'two busybox',
      'busybox busybox',
      '--format json one two',
    ];
    const answer = (tool: string): Promise<string> =>
      script(
        bed,
        `T=${tool}; for c in 'one ${one}' 'two ${other}' 'new :'; do
           $T create --name \${c%% *} busybox sh -c "\${c#* }" >/dev/null; [ "\${c%% *}" = new ] || $T start --attach \${c%% *}; done
         ${lines.map((line) => `echo '# ${line}'; $T diff ${line} | tr -d , | LC_ALL=C sort`).join('\n')}
         for words in 'diff nosuch one' 'diff one nosuch' 'diff one two new' 'diff -l one' 'diff' 'container diff one busybox' 'container diff nosuch' \
           'container diff' 'image diff busybox one' 'image diff nosuch' 'image diff' 'image diff 1 2 3' 'diff --format x one two'; do
           $T $words 2>&1 || echo $?; done | sed s/podman/berth/
         $T rm one two new >/dev/null`,
      );
    await leavingNothing(bed, async () => assert.equal(await answer('berth'), await answer('podman')), [
      /^cgroup: \/libpod_parent/,
    ]);
  });

  test('diff tells of a directory that replaced another, and export keeps attributes and capabilities', async () => {
    await leavingNothing(bed, async () => {
      const id = await berth(
        bed,
        'create',
        '--name',
        'l',
        '--entrypoint',
        '[]',
        '--user',
        '0',
        'layers',
        'sh',
        '-c',
        'rm -rf /data/opaque; mkdir /data/opaque; touch /data/opaque/a',
      );
      assert.match(id, /^[0-9a-f]{64}$/);
      assert.equal(await berth(bed, 'diff', 'l'), '', 'what create prepares is no change');
      await script(bed, 'berth start --attach l');
      const changes = (await berth(bed, 'diff', 'l')).split('\n').filter((line) => line.includes('/data'));
      assert.deepEqual(changes, ['C /data', 'C /data/opaque', 'A /data/opaque/a', 'D /data/opaque/new']);
      await script(bed, `mkdir /h; berth export l | tar -x -C /h --xattrs --xattrs-include='*'`);
      assert.match(
        await script(bed, 'cd /h/data; getcap capable; getfattr -n user.berth attributes; stat -c %h hard'),
        /cap_net_bind_service=ep[\s\S]*a value[\s\S]*\n2$/,
      );
      await script(bed, 'rm -rf /h; berth export l | head -c 1 >/dev/null');
      assert.equal(await berth(bed, 'mount'), '', 'a reader that has gone leaves no mount');
      const terminal = await script(bed, "script -qec 'berth export l; echo $?' /dev/null");
      assert.match(terminal, /refusing to export to terminal. Use -o flag or redirect\s+125/);
      await remove(bed, 'l');
    });
  });

  test('artifacts outlive runs, have mode 0740 and go with the container', async () => {
    await leavingNothing(bed, async () => {
      await createShell(bed, 'art', 'true');
      await script(
        bed,
        'head -c 300000 /dev/urandom >/blob; berth container artifact add art blob /blob; echo text | berth container artifact add art note',
      );
      await script(
        bed,
        'berth start --attach art; berth container artifact get art blob | cmp - /blob; rm /blob',
      );
      assert.equal(await berth(bed, 'container', 'artifact', 'ls', 'art'), 'blob\nnote');
      assert.equal(await berth(bed, 'container', 'artifact', 'get', 'art', 'note'), 'text');
      assert.equal(await script(bed, 'stat -c %a /var/lib/berth/containers/*/artifacts/note'), '740');
      for (const name of ['../config.json', '.hidden', '', 'a/b', 'a\nb']) {
        const { code, stderr } = await bed.run(['berth', 'container', 'artifact', 'get', 'art', name], {
          quick: true,
        });
        assert.equal(code, 125);
        assert.match(stderr, /is no name for an artifact/);
      }
      assert.equal(await berth(bed, 'container', 'artifact', 'rm', 'art', 'note'), 'note');
      await remove(bed, 'art');
    });
  });
});
