/** Volumes, image mounts, overlays, secrets and credentials of containers with a user namespace: whose files they are. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import {
  answer,
  berth,
  bootWith,
  createShell,
  leavingNothing,
  RUNTIMES,
  remove,
  script,
} from '../../support/machine.ts';
import { preparePodman } from '../../support/peer.ts';

const MAP = ['--uidmap', '0:100000:65536'];

describe('volumes and secrets in user namespaces', () => {
  let bed: Bed;

  before(async () => {
    bed = await bootWith('userns-volumes', ['busybox']);
    await preparePodman(bed, ['busybox']);
  });

  after(() => bed?.close());

  for (const runtime of RUNTIMES) {
    it(`belong to the same users as with Podman, with ${runtime}`, () =>
      leavingNothing(bed, async () => {
        const run = (program: string): Promise<string> =>
          bed.sh(
            `run() { ${program} run --rm --runtime ${runtime} ${MAP.join(' ')} "$@" 2>&1; }
             host() { stat -c '%u:%g %a host' $(${program} volume inspect --format '{{.Mountpoint}}' $1)\${2:-}; }
             look='stat -c "%u:%g %a %n"'
             # Files of the image, and the root of the namespace.
             run -v copied:/etc busybox sh -c "$look /etc /etc/passwd"; host copied; host copied /passwd
             # Nothing to copy: the user's.
             run -v users:/new --user 7:8 busybox sh -c "touch /new/file; $look /new /new/file"
             host users; host users /file
             # Used before by others: as it is, unless U says otherwise.
             ${program} run --rm -v others:/new --user 3:4 busybox touch /new/file
             run -v others:/new busybox sh -c "$look /new /new/file"
             run -v others:/new:U --user 7:8 busybox sh -c "$look /new /new/file"; host others /file
             for name in s t; do printf text | ${program} secret create $name - >/dev/null; done
             run --secret s --secret t,uid=7,gid=8,mode=0400 --secret s,target=/opt/s busybox \\
               sh -c "$look /run/secrets /run/secrets/s /run/secrets/t /opt/s; cat /run/secrets/t"
             ${program} secret rm s t >/dev/null
             ${program} volume rm copied users others >/dev/null`,
          );
        assert.deepEqual((await run('berth')).split('\n'), (await run('podman')).split('\n'));
      }));

    it(`show a volume’s own owners with idmap, to cp too, and are committed as they are in the container, with ${runtime}`, () =>
      leavingNothing(bed, async () => {
        const look = 'stat -c "%u:%g %n" /etc /etc/passwd /own /part';
        const volumes = ['-v', 'mapped:/etc:idmap', '-v', 'own:/own:idmap,U'];
        await script(bed, 'berth volume create own; touch /var/lib/berth/volumes/own/_data/file');
        await createShell(bed, 'box', `chown 5:6 /etc/passwd; touch /made; chown 5:6 /made; ${look}`, [
          ...['--runtime', runtime, '--user', '0:0', ...MAP, ...volumes],
          ...['--mount', 'type=volume,src=own,dst=/part,subpath=file,idmap'],
        ]);
        assert.equal(
          await berth(bed, 'start', '--attach', 'box'),
          '0:0 /etc\n5:6 /etc/passwd\n0:0 /own\n0:0 /part',
        );
        const onHost =
          'cd /var/lib/berth/volumes; stat -c "%u:%g %n" mapped/_data mapped/_data/passwd own/_data/file';
        assert.equal(
          await script(bed, onHost),
          '0:0 mapped/_data\n5:6 mapped/_data/passwd\n0:0 own/_data/file',
        );
        assert.match(await script(bed, 'berth cp box:/etc/passwd - | tar -tv --numeric-owner'), / 5\/6 /);
        const { code, stderr } = await answer(bed, 'cp', '/etc/hosts', 'box:/etc/new');
        assert.equal(code, 125);
        assert.match(stderr, /into a mount with the option idmap/);
        assert.doesNotMatch(await script(bed, 'cat /proc/self/mountinfo'), /berth\/containers/);

        await berth(bed, 'commit', '--quiet', 'box', 'changed');
        await berth(bed, 'commit', '--quiet', '--squash', 'box', 'whole');
        for (const image of ['changed', 'whole'])
          assert.equal(
            await berth(bed, ...['run', '--rm', image, 'stat', '-c', '%u:%g', '/', '/bin', '/made']),
            '0:0\n0:0\n5:6',
            image,
          );
        await berth(bed, 'rmi', 'changed', 'whole');
        await remove(bed, 'box');
        await berth(bed, 'volume', 'rm', 'mapped', 'own');
      }));

    it(`are written beside what an overlay or an image shows, with ${runtime}`, () =>
      leavingNothing(bed, async () => {
        const run = (...flags: string[]): Promise<string> =>
          berth(bed, 'run', '--rm', '--runtime', runtime, ...MAP, ...flags);
        // Podman cannot mount the one that is another user's here.
        await run('-v', 'users:/new', '--user', '7:8', 'busybox', 'touch', '/new/file');
        const write =
          'stat -c "%u:%g" /new; echo text >>/new/file; touch /new/more; stat -c "%u:%g" /new/more';
        assert.equal(
          await run('-v', 'users:/new:O', '--user', '7:8', 'busybox', 'sh', '-c', write),
          '7:8\n7:8',
        );
        assert.equal(await script(bed, 'cd /var/lib/berth/volumes/users/_data; ls; cat file'), 'file');
        // The host's users, of whom the container has none.
        for (const mode of ['ro', 'rw'])
          assert.equal(
            await run(
              ...['--mount', `type=image,src=busybox,dst=/i,${mode}=true`, 'busybox'],
              ...['stat', '-c', '%u:%g', '/i/bin', '/i/bin/busybox'],
            ),
            '65534:65534\n65534:65534',
          );
        await berth(bed, 'volume', 'rm', 'users');
      }));

    it(`give credentials to the container’s users, with ${runtime}`, () =>
      leavingNothing(bed, async () => {
        await script(bed, 'mkdir -p /etc/credstore; printf text >/etc/credstore/imp');
        const look = 'cd /run/secrets; stat -c "%u:%g %a %n" imp other; cat imp other';
        await createShell(bed, 'box', look, [
          ...['--runtime', runtime, ...MAP, '--secret', 'imp,type=credential'],
          ...['--secret', 'imp,type=credential,target=other,uid=7,gid=8,mode=0400'],
        ]);
        assert.equal(await berth(bed, 'start', '--attach', 'box'), '0:0 444 imp\n7:8 400 other\ntexttext');
        await remove(bed, 'box');
        await script(bed, 'rm -r /etc/credstore');
      }));
  }

  it('are refused by create for users that the namespace has not', () =>
    leavingNothing(bed, async () => {
      await script(bed, 'printf text | berth secret create s -');
      for (const type of ['mount', 'credential']) {
        const { code, stderr } = await answer(
          bed,
          ...['create', '--uidmap', '0:100000:10', '--secret', `s,type=${type},uid=10`, 'busybox', 'true'],
        );
        assert.equal(code, 125);
        assert.equal(
          stderr.trim(),
          "Error: container uses ID mappings (0:100000:10), but doesn't map UID 10",
        );
      }
      await berth(bed, 'secret', 'rm', 's');
    }));
});
