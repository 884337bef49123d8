/** Volumes: what runs and people see of them, and what kills, races and a loss of power leave of them. */
import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { bootWith, leavingNothing, RUNTIMES, script, until } from '../../support/machine.ts';
import { BY_NAME, type Cell, IN_RUNS } from './table.ts';

/** A root with a directory /d of everything that a file can be, an empty one /d2, and a way out, /way. */
const ROOT = `
  mkdir -p /srv/r/bin /srv/r/d/sub /srv/r/d2 /srv/r/opt/x /opt/x; cp /usr/bin/busybox /srv/r/bin/busybox
  for name in sh ls stat cat rm; do ln -s busybox /srv/r/bin/$name; done
  echo f >/srv/r/d/f; ln /srv/r/d/f /srv/r/d/g; touch /srv/r/opt/x/inside /opt/x/outside; ln -s /../../opt/x /srv/r/way
  echo s >/srv/r/d/suid; chmod 4755 /srv/r/d/suid; setcap cap_net_raw=ep /srv/r/d/suid
  setfattr -n user.note -v note /srv/r/d/f; setfattr -n user.top -v top /srv/r/d
  ln -s ../../../etc /srv/r/d/out; mkfifo -m 600 /srv/r/d/p
  chown 7:8 /srv/r/d/sub; chmod 700 /srv/r/d/sub; chown 5:6 /srv/r/d/f; chmod 640 /srv/r/d/f; chmod 1775 /srv/r/d`;

const V = '/var/lib/berth/volumes';

describe('volumes', () => {
  let bed: Bed;

  before(async () => {
    bed = await bootWith('volumes', ['busybox', 'layers']);
    await script(bed, ROOT);
  });

  after(() => bed?.close());

  /** Each cell alone would spend most of its time on the search for leaks. */
  function all(cells: Cell[], runtime: string): (t: TestContext) => Promise<void> {
    return (t) =>
      leavingNothing(bed, async () => {
        for (const { title, script: text, expected } of cells)
          await t.test(title, async () =>
            assert.equal(await lines(`RT=${runtime} V=${V}\n${text}`), expected),
          );
      });
  }

  async function lines(text: string): Promise<string> {
    return (await script(bed, text)).trimEnd();
  }

  for (const runtime of RUNTIMES) test(`what runs see of volumes, with ${runtime}`, all(IN_RUNS, runtime));

  test('what people do with volumes', all(BY_NAME, 'crun'));

  test('two containers that start with a new volume at once have one copy between them', () =>
    leavingNothing(bed, async () => {
      const output = await lines(
        `for name in a b; do berth create --name $name --rootfs -v v:/d /srv/r sh -c "echo $name >>/d/sub/log; cat /d/f" >/dev/null; done
         berth start --attach a & berth start --attach b; wait; sort ${V}/v/_data/sub/log; ls -A ${V}/v; ls ${V}/v/_data
         berth rm a b >/dev/null; berth volume rm v >/dev/null`,
      );
      assert.equal(output, 'f\nf\na\nb\n_data\nvolume.json\nf\ng\nout\np\nsub\nsuid');
    }));

  /** What cp(1) has done when the start that runs it is killed. */
  const CUTS = {
    half: 'for last; do :; done; mkdir "$last/sub"; echo half >"$last/f"',
    all: '/bin/cp "$@"',
  };
  for (const [done, what] of Object.entries(CUTS)) {
    for (const runtime of RUNTIMES) {
      test(`a start that is killed when it has copied ${done} is made good by the next one (${runtime})`, () =>
        leavingNothing(bed, async () => {
          const fake = '/usr/local/bin/cp';
          await script(
            bed,
            `berth create --runtime ${runtime} --name a --rootfs -v v:/d /srv/r cat /d/f >/dev/null
             printf '%s\\n' '#!/bin/sh' '${what}' 'touch /run/cut' 'exec sleep 1000' >${fake}; chmod +x ${fake}
             systemctl --no-block start berth-a`,
          );
          await until(
            'the copy is cut',
            async () => (await bed.nsenter(['test', '-e', '/run/cut'])).code === 0 || undefined,
          );
          const output = await lines(
            `rm ${fake} /run/cut; ls ${V}/v/_data; systemctl kill -s KILL berth-a; berth wait --condition exited a >/dev/null 2>&1 || true
             berth volume inspect v --format '{{.NeedsCopyUp}}'; berth start --attach a; ls ${V}/v/_data; ls -A ${V}/v
             berth volume inspect v --format '{{.NeedsCopyUp}}'; stat -c %a ${V}/v/_data; berth rm a >/dev/null; berth volume rm v >/dev/null`,
          );
          assert.equal(output, 'true\nf\nf\ng\nout\np\nsub\nsuid\n_data\nvolume.json\nfalse\n1775');
        }));
    }
  }

  test('a start that was killed while it moved the copy in is finished by the next, over nothing that is there', () =>
    leavingNothing(bed, async () => {
      const output = await lines(
        `berth create --name a --rootfs -v v:/d:nocopy /srv/r ls /d >/dev/null
         cp -a /srv/r/d ${V}/v/.berth-copy-up; mv ${V}/v/.berth-copy-up/sub ${V}/v/_data/; echo theirs >${V}/v/_data/f
         berth start --attach a; cat ${V}/v/_data/f; ls -A ${V}/v; berth rm a >/dev/null; berth volume rm v >/dev/null`,
      );
      assert.equal(output, 'f\ng\nout\np\nsub\nsuid\ntheirs\n_data\nvolume.json');
    }));

  test('rm -v and start of one container at once: it runs, or it is gone with its volume', () =>
    leavingNothing(bed, async () => {
      await script(
        bed,
        `for round in 1 2 3 4; do
           berth create --name r -v /a -v t:/t busybox sleep 1000 >/dev/null
           berth start r >/dev/null 2>&1 & berth rm -f -v -t 0 r >/dev/null 2>&1 || true; wait
           if berth container exists r; then berth rm -f -v -t 0 r >/dev/null; fi
           [ "$(berth volume ls -q)" = t ]
         done; berth volume rm t >/dev/null`,
      );
    }));

  test('volume rm and create at once: the container has its volume, or there is neither row nor directory too much', () =>
    leavingNothing(bed, async () => {
      await script(
        bed,
        `for round in 1 2 3 4; do
           berth volume create v >/dev/null
           berth create --name r -v v:/v busybox true >/dev/null & berth volume rm v >/dev/null 2>&1 || true; wait
           test -d ${V}/v/_data; berth rm r >/dev/null; berth volume rm v >/dev/null
         done`,
      );
    }));

  test('after a loss of power nothing counts as mounted, and the next start mounts it anew', async () => {
    await script(
      bed,
      `berth volume create --opt type=tmpfs t >/dev/null; berth volume mount t >/dev/null
       berth create --name a -v t:/t -v v:/v busybox sh -c 'echo x >>/v/x; sleep 1000' >/dev/null; berth start a >/dev/null
       berth run -d --rm --name gone -v /anonymous busybox sleep 1000 >/dev/null
       [ "$(berth volume inspect t --format '{{.MountCount}}')" = 2 ]; sync`,
    );
    await bed.powerLoss();
    const output = await lines(
      `berth volume inspect t --format '{{.MountCount}}'; berth start a; berth volume inspect t --format '{{.MountCount}}'
       berth rm -f -t 0 a; grep -c "${V}" /proc/mounts || true; berth volume ls -q; berth volume prune -f`,
    );
    assert.equal(output, '0\na\n1\na\n0\nt\nv\nt\nv');
  });
});
