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
  systemctl,
  until,
} from '../../support/machine.ts';
import { preparePodman, withoutIds } from '../../support/peer.ts';

const FOREVER = 'trap "exit 0" TERM; while :; do sleep 0.2; done';
/** Directories on a file system that knows idmapped mounts; the bed's own root is an overlay, which does not. */
const DATA = '/var/lib/containers/userns-test';

describe('user namespaces', () => {
  let bed: Bed;

  before(async () => {
    bed = await bootWith('userns', ['busybox', 'layers']);
    await preparePodman(bed, ['busybox', 'layers']);
    await script(
      bed,
      `for file in /etc/subuid /etc/subgid; do echo containers:200000:200000 >>$file; done
       mkdir -p ${DATA}/vol ${DATA}/root; cd ${DATA}
       touch vol/file; chown 3:4 vol
       mkdir root/bin root/dev root/etc root/proc root/run root/sys root/tmp
       touch root/etc/hosts root/etc/hostname root/etc/resolv.conf root/run/.containerenv
       cp /usr/bin/busybox root/bin; for name in sh ls touch stat; do ln -s busybox root/bin/$name; done`,
    );
  });

  after(() => bed?.close());

  /** Owners of the layers' files, and which files they are. */
  const layerFiles = (): Promise<string> =>
    script(bed, "find /var/lib/berth/layers -printf '%i %U:%G %m %C@ %P\\n' | sort");

  const ids = (name: string): Promise<string> =>
    berth(bed, 'exec', name, 'cat', '/proc/self/uid_map', '/proc/self/gid_map').then((text) =>
      text.replace(/ +/g, ' ').trim(),
    );

  for (const runtime of RUNTIMES) {
    it(`map a container’s IDs to others of the host’s, with ${runtime}`, () =>
      leavingNothing(bed, async () => {
        const layers = await layerFiles();
        const payload = `touch /made /dev/shm/made; chown 5:6 /made; ${FOREVER}`;
        const flags = (first: number): string[] => ['--runtime', runtime, '--uidmap', `0:${first}:65536`];
        await createShell(bed, 'one', payload, flags(100_000));
        await createShell(bed, 'two', payload, [...flags(300_000), '--ipc', 'shareable']);
        await createShell(bed, 'plain', payload, ['--runtime', runtime]);
        await berth(bed, 'start', 'one', 'two', 'plain');
        await until('all of them have made their files', async () => {
          const { code } = await bed.nsenter([
            'sh',
            '-c',
            'for name in one two plain; do berth exec $name test -e /dev/shm/made || exit 1; done',
          ]);
          return code === 0 || undefined;
        });

        assert.equal(await ids('one'), '0 100000 65536\n 0 100000 65536');
        assert.equal(await ids('two'), '0 300000 65536\n 0 300000 65536');
        const inside =
          'stat -c "%u:%g %n" / /bin /bin/busybox /made /etc/hosts /dev/shm /dev/shm/made; id -u';
        const owners =
          '0:0 /\n0:0 /bin\n0:0 /bin/busybox\n5:6 /made\n0:0 /etc/hosts\n0:0 /dev/shm\n0:0 /dev/shm/made\n0';
        // The same view, and different owners on the host.
        for (const name of ['one', 'two', 'plain'])
          assert.equal(await berth(bed, 'exec', name, 'sh', '-c', inside), owners, name);
        const onHost = await script(
          bed,
          `cd /var/lib/berth/containers
           for name in one two plain; do
             id=$(berth inspect --format '{{.Id}} {{.State.Pid}}' $name); pid=\${id#* }; id=\${id% *}
             stat -c '%u:%g' $id/upper $id/upper/made /proc/$pid
             stat -c '%u:%g %a' $id; ls -d $id/shifted 2>/dev/null || true
           done; stat -c %a .`,
        );
        assert.deepEqual(onHost.split('\n'), [
          ...['100000:100000', '100005:100006', '100000:100000', '0:100000 710'],
          ...['300000:300000', '300005:300006', '300000:300000', '0:300000 710'],
          ...['0:0', '5:6', '0:0', '0:0 700', '711'],
        ]);
        assert.equal(await layerFiles(), layers, 'the layers are as they were');

        // exec, with a user and as nobody it knows; top; and again after a restart.
        assert.equal(await berth(bed, 'exec', '--user', '7:8', 'one', 'sh', '-c', 'id -u; id -g'), '7\n8');
        assert.equal(
          (await berth(bed, 'top', 'one', 'user', 'group', 'uid', 'huid', 'huser')).split('\n')[1]?.trim(),
          'root        root        0           100000      100000',
        );
        await berth(bed, 'restart', '--time', '0', 'one');
        assert.equal(await berth(bed, 'exec', 'one', 'stat', '-c', '%u:%g', '/made'), '5:6');
        assert.equal(await ids('one'), '0 100000 65536\n 0 100000 65536');

        // Nobody is left to clean up but the unit's ExecStopPost=.
        await systemctl(bed, 'kill', '--signal=KILL', 'berth-one', 'berth-two');
        await until('both have ended', async () => {
          const text = await script(bed, 'systemctl is-active berth-one berth-two || true');
          return !/\bactive|activating/.test(text.replaceAll('inactive', '')) || undefined;
        });
        assert.doesNotMatch(await script(bed, 'cat /proc/self/mountinfo'), /mapped|idmap/);
        await berth(bed, 'start', 'one');
        assert.equal(await berth(bed, 'exec', 'one', 'stat', '-c', '%u:%g', '/made'), '5:6');
        await remove(bed, 'one', 'two', 'plain');
      }));

    it(`go together with namespaces of the host’s and other settings, with ${runtime}`, () =>
      leavingNothing(bed, async () => {
        const cases = [
          '--network host',
          '--network host --pid host --ipc host --uts host --cgroupns host',
          '--gidmap 0:200000:2',
          '--privileged',
          '--systemd always',
          '--tmpfs /q --user 7:8',
          '--tty',
          '--userns keep-id',
          '--userns auto:size=10',
        ];
        const check =
          'touch /dev/shm/x /tmp/x 2>&1; test -r /sys/kernel/version -o -d /sys/kernel && cat /proc/self/cgroup >/dev/null && ls /dev/pts /dev/mqueue >/dev/null && echo fine';
        const text = await bed.sh(
          cases
            .map((flags) => {
              const map = flags.includes('--userns') ? '' : '--uidmap 0:100000:65536';
              return `echo "$(berth run --rm --runtime ${runtime} ${map} ${flags} busybox sh -c '${check}' 2>&1 | tr -d '\\r' | tail -1) ${flags}"`;
            })
            .join('\n'),
        );
        assert.deepEqual(
          text.trim().split('\n'),
          cases.map((flags) => `fine ${flags}`),
        );
      }));

    it(`run the command as keep-id says, unless --user says it, with ${runtime}`, () =>
      leavingNothing(bed, async () => {
        const ids = (...flags: string[]) =>
          bed.ok([
            'berth',
            'run',
            '--rm',
            '--runtime',
            runtime,
            ...flags,
            'busybox',
            'sh',
            '-c',
            'echo $(id -u):$(id -g)',
          ]);
        assert.equal(await ids('--userns', 'keep-id'), '0:0');
        assert.equal(await ids('--userns', 'keep-id:uid=5,gid=6'), '5:6');
        assert.equal(await ids('--userns', 'keep-id:uid=5,gid=6', '--user', '7:8'), '7:8');
      }));

    it(`let cp, export and diff see what the container sees, with ${runtime}`, () =>
      leavingNothing(bed, async () => {
        await createShell(bed, 'box', `mkdir /d; touch /d/made; chown 5:6 /d/made; ${FOREVER}`, [
          ...['--runtime', runtime, '--uidmap', '0:100000:3000', '--volume', `${DATA}/vol:/vol:idmap`],
        ]);
        await berth(bed, 'start', 'box');
        await until('the file is there', async () => {
          const { stdout } = await bed.nsenter(['berth', 'exec', 'box', 'stat', '-c', '%u', '/d/made']);
          return stdout.trim() === '5' || undefined;
        });
        await script(
          bed,
          `mkdir -p ${DATA}/in; cd ${DATA}/in; echo x >file; chown 12:13 file
           cp /usr/bin/busybox capable; setcap cap_net_bind_service+ep capable
           echo x >stranger; chown 4000 stranger`,
        );
        const look = 'stat -c "%u:%g" /in /mine /vol /d/made';
        const seen = '12:13\n0:0\n3:4\n5:6';
        const listed =
          "(berth cp box:/d/made -; berth cp box:/in -) | tar --ignore-zeros -tv --numeric-owner | awk '{print $2, $NF}'";
        for (const running of [true, false]) {
          if (!running) await berth(bed, 'stop', '--time', '0', 'box');
          await script(
            bed,
            `cd ${DATA}/in
             berth cp -a=false file box:/in; berth cp file box:/mine; berth cp capable box:/capable`,
          );
          assert.equal(await script(bed, listed), '5/6 made\n12/13 in');
          assert.equal(
            await script(
              bed,
              `cd $(mktemp -d); berth cp box:/capable - | tar -x --xattrs --xattrs-include='*'; getcap capable
               berth cp box:/in out; stat -c %u:%g out`,
            ),
            'capable cap_net_bind_service=ep\n0:0',
          );
          const exported = await script(
            bed,
            "berth export box | tar -tv --numeric-owner | awk '$NF ~ /^(d\\/made|in|mine|bin\\/busybox)$/ {print $2, $NF}' | sort -k2",
          );
          assert.equal(exported, '0/0 bin/busybox\n5/6 d/made\n12/13 in\n0/0 mine');
          assert.equal(
            await berth(bed, 'diff', 'box'),
            'A /capable\nA /d\nA /d/made\nC /etc\nA /in\nA /mine\nA /vol',
          );
          const idmap = "into a mount with the option idmap: copy it to the mount's source on the host";
          for (const [flag, target, error] of [
            ['--archive=false', 'box:/s', 'container ID 4000 cannot be mapped to a host ID'],
            ['--archive', 'box:/vol', `cannot write stranger ${idmap}`],
          ] as const) {
            const { code, stderr } = await answer(bed, 'cp', flag, `${DATA}/in/stranger`, target);
            assert.deepEqual([code, stderr], [125, `Error: ${error}`]);
          }
        }
        await berth(bed, 'start', 'box');
        assert.equal(await berth(bed, 'exec', 'box', 'sh', '-c', look), seen);
        // A capability that names the namespace's root is one in there.
        const capability = 'ln -s /capable /tmp/cat; /tmp/cat /proc/self/status | grep ^CapEff';
        assert.equal(
          await berth(bed, 'exec', '--user', '9', 'box', 'sh', '-c', capability),
          'CapEff:\t0000000000000400',
        );
        await remove(bed, 'box');
        await script(bed, `rm -r ${DATA}/in`);
      }));

    it(`can be joined, by a container’s name or a path, with ${runtime}`, () =>
      leavingNothing(bed, async () => {
        await createShell(bed, 'owner', FOREVER, ['--runtime', runtime, '--userns', 'auto:size=3000']);
        await berth(bed, 'start', 'owner');
        const path = `/proc/${await berth(bed, 'inspect', '--format', '{{.State.Pid}}', 'owner')}/ns/user`;
        const joins = ['--runtime', runtime, '--userns'];
        await createShell(bed, 'guest', FOREVER, [...joins, 'container:owner']);
        await createShell(bed, 'path', FOREVER, [...joins, `ns:${path}`]);
        await createShell(bed, 'outer', FOREVER, ['--runtime', runtime]);
        await createShell(bed, 'same', FOREVER, [...joins, 'container:outer']);
        await berth(bed, 'start', 'guest', 'path', 'outer', 'same');
        const namespaces = await script(
          bed,
          `for name in owner guest path outer same; do readlink /proc/$(berth inspect --format '{{.State.Pid}}' $name)/ns/user; done; readlink /proc/1/ns/user`,
        );
        const [owner, guest, byPath, outer, same, host] = namespaces.split('\n');
        assert.deepEqual([guest, byPath, outer, same], [owner, owner, host, host]);
        for (const name of ['guest', 'path']) {
          assert.equal(await ids(name), '0 200000 3000\n 0 200000 3000');
          await berth(bed, 'exec', name, 'touch', '/written');
        }
        // They move along with the owner, and a path leads nowhere once its process has ended.
        await berth(bed, 'restart', '--time', '0', 'owner');
        await until('the guest is there again', async () => {
          const { stdout } = await bed.nsenter(['berth', 'exec', 'guest', 'stat', '-c', '%u', '/written']);
          return stdout.trim() === '0' || undefined;
        });
        await berth(bed, 'stop', '--time', '0', 'path');
        const { code, stderr } = await answer(bed, 'start', 'path');
        assert.equal(code, 125);
        assert.match(stderr, /the user namespace \/proc\/\d+\/ns\/user is gone or has other IDs than when/);
        await remove(bed, '--all');
      }));
  }

  it('of --userns auto never overlap, also of containers that are created at once', () =>
    leavingNothing(bed, async () => {
      await script(
        bed,
        `for n in 1 2 3 4 5 6; do berth create --name auto$n --userns auto:size=1000 busybox true & done; wait`,
      );
      const first = await script(
        bed,
        `berth inspect --format '{{.HostConfig.IDMappings.UIDMap}}' $(seq -f auto%g 6) | sort`,
      );
      assert.deepEqual(
        first.split('\n'),
        [0, 1, 2, 3, 4, 5].map((index) => `[0:${200_000 + index * 1000}:1000]`),
      );
      // What a removed one had is free again.
      await berth(bed, 'rm', 'auto1', 'auto2', 'auto3', 'auto4', 'auto5', 'auto6');
      await berth(bed, 'create', '--name', 'again', '--userns', 'auto', 'busybox', 'true');
      assert.equal(
        await berth(bed, 'inspect', '--format', '{{.HostConfig.IDMappings.GIDMap}}', 'again'),
        '[0:200000:2001]',
      );
      await remove(bed, 'again');
    }));

  it('let the payload tell systemd that it is ready', () =>
    leavingNothing(bed, async () => {
      const binds = ['bin/systemd-notify', 'lib', 'lib64'].map((file) => [
        '--volume',
        `/usr/${file}:/usr/${file}:ro`,
      ]);
      await createShell(bed, 'ready', `systemd-notify --ready --status=told; ${FOREVER}`, [
        ...['--sdnotify', 'container', '--uidmap', '0:100000:65536', '--user', '7'],
        ...[...binds.flat(), '--volume', '/usr/lib:/lib:ro', '--volume', '/usr/lib64:/lib64:ro'],
      ]);
      await berth(bed, 'start', 'ready');
      assert.equal(await systemctl(bed, 'show', '-P', 'StatusText', 'berth-ready'), 'told');
      await remove(bed, 'ready');
    }));

  it('keep setuid, capabilities and foreign owners of an image as with Podman', () =>
    leavingNothing(bed, async () => {
      const look = [
        'mkdir /tmp; ln -s /data/setuid /tmp/cat; ln -s /data/capable /tmp/grep',
        'chmod 755 /tmp; stat -c "%u:%g %a" /data/*',
        // busybox gives setuid up, but not the saved ID.
        'su-exec 2>/dev/null; /tmp/cat /proc/self/status | grep -E "^[UG]id"; /tmp/grep CapEff /proc/self/status',
      ];
      const run = async (program: string, runtime: string): Promise<string> => {
        const lines = [
          `${program} --runtime ${runtime} run -d --name box --uidmap 0:100000:65536 --user 0 --entrypoint '["sleep","100000"]' layers`,
          `${program} exec box sh -c '${look[0]}; ${look[1]}'`,
          `${program} exec --user 9:9 box sh -c '${look[2]}'`,
          `${program} rm -f -v -t 0 box`,
        ];
        return withoutIds(await bed.sh(lines.join('\n')));
      };
      const asked = (await run('podman', 'crun')).replaceAll(/^box\n/gm, '');
      assert.match(asked, /Uid:\t9\t9\t1000\t9/);
      assert.match(asked, /CapEff:\t0000000000000400/);
      for (const runtime of RUNTIMES) {
        const text = await bed.sh(
          [
            `berth run -d --name box --runtime ${runtime} --uidmap 0:100000:65536 --user 0 --entrypoint '["sleep","100000"]' layers`,
            `berth exec box sh -c '${look[0]}; ${look[1]}'`,
            `berth exec --user 9:9 box sh -c '${look[2]}'`,
            'berth rm -f -v -t 0 box',
          ].join('\n'),
        );
        assert.equal(withoutIds(text).replaceAll(/^box\n/gm, ''), asked, runtime);
      }
    }));

  it('show volumes and root directories with the owners that Podman shows', () =>
    leavingNothing(bed, async () => {
      const map = '--uidmap 0:100000:65536';
      const lines = [
        ...[
          'idmap',
          'idmap=uids=3-100000-1',
          'ro,idmap=uids=@0-1-10',
          "'idmap=uids=0-100000-10#10-100020-5;gids=0-100000-10'",
          "'idmap=gids=4-100000-1;uids=3-100000-1'",
          'idmap,idmap',
        ].map((option) => `run --rm ${map} -v ${DATA}/vol:/x:${option} busybox stat -c '%u:%g' /x /x/file`),
        `run --rm -v '${DATA}/vol:/x:idmap=uids=3-7-1;gids=4-8-1' busybox stat -c '%u:%g' /x`,
        `run --rm -v ${DATA}/vol:/x:idmap busybox stat -c '%u:%g' /x`,
        `run --rm ${map} -v ${DATA}/vol/file:/x:idmap busybox stat -c '%u:%g' /x`,
        `run --rm ${map} --mount type=bind,src=${DATA}/vol,dst=/x,idmap busybox stat -c '%u:%g' /x`,
        `run --rm ${map} --mount type=tmpfs,dst=/x,idmap busybox stat -c '%u:%g' /x`,
        `run --rm ${map} -v ${DATA}/vol:/x busybox stat -c '%u:%g' /x`,
        ...['', ':O', ':idmap', "':idmap=uids=0-100000-5;gids=0-100000-5'"].map(
          (option) => `run --rm ${map} --rootfs ${DATA}/root${option} stat -c '%u:%g' / /bin/busybox`,
        ),
        `run --rm --rootfs ${DATA}/root:O sh -c 'touch /tmp/x; stat -c %u /tmp/x'`,
        // One mount each: Podman lists several in an order of chance.
        ...['idmap', 'idmap=uids=0-1-1'].flatMap((option) => [
          `create --name z ${map} -v '${DATA}/vol:/x:${option}' busybox`,
          "inspect --format '{{json .Mounts}} {{json .HostConfig.Binds}} {{json .HostConfig.IDMappings}}' z",
          'rm z',
        ]),
      ];
      const run = async (program: string): Promise<string> =>
        withoutIds(
          await bed.sh(
            lines.map((line) => `echo "$ ${line}"; ${program} ${line} 2>&1 && echo 0 || echo $?`).join('\n'),
          ),
        );
      assert.equal(await run('berth'), await run('podman'));
      assert.equal(await script(bed, `ls ${DATA}/root/tmp`), '', 'nothing was written through :O');

      // runc 1.1 knows no such mounts: they are made for it.
      const text = await berth(
        bed,
        ...['run', '--rm', '--runtime', 'runc', ...map.split(' '), '-v', `${DATA}/vol:/x:idmap`],
        ...['busybox', 'sh', '-c', 'touch /x/new; stat -c %u:%g /x /x/new'],
      );
      assert.equal(text, '3:4\n0:0');
      assert.equal(await script(bed, `stat -c %u:%g ${DATA}/vol/new; rm ${DATA}/vol/new`), '0:0');
    }));

  it('are asked for, shown and refused as with Podman', () =>
    leavingNothing(bed, async () => {
      const lines = [
        ...[
          'auto',
          'auto:size=2000',
          'auto --user 5000',
          'auto:size=1',
          'auto:size=5,size=6',
          'keep-id:uid=5',
          'host',
        ],
        ...['auto:uidmapping=0:5000:10', 'auto:size=10,uidmapping=20:5:1', 'auto:uidmapping=0:@200005:1'],
        ...[
          'nomap',
          'private',
          'ns:/nope',
          'container:nope',
          'auto:foo=1',
          'auto --user 70000',
          'auto:size=300000',
        ],
        ...['auto', 'host', 'private', 'keep-id'].map((mode) => `${mode} --uidmap 0:1:2`),
      ]
        .map((mode) => `--userns ${mode}`)
        .concat(
          '--uidmap 0:100000:65536',
          '--gidmap 0:100000:65536',
          '--uidmap 0:100000:10 --gidmap 0:200000:20',
          '--uidmap 0:1',
          '--uidmap 0:@1:2',
          '--uidmap ug0:100:10',
          '--uidmap 0:100000:10 --uidmap +g5:7:1',
          '--uidmap 0:100000:65536,70000:200000:5',
          '--subuidname tester',
          '--subgidname tester',
          '--subuidname nobody',
          '--uidmap x',
          '--uidmap 0:0:0',
          '--uidmap 0:1:2:3',
          '--uidmap 0:1:0x10',
          '--uidmap 0:1:4294967296',
          '--uidmap -1:0:1',
          '--uidmap 0:100000:10 --uidmap 5:200000:10',
          '--uidmap 0:100000:10 --uidmap 20:100005:10',
          '--uidmap 0:100000:65536 --subuidname tester',
        );
      const run = async (program: string): Promise<string[]> => {
        const text = await bed.sh(
          lines
            .map(
              (flags) => `echo "$ ${flags}"
              if ${program} create --name x ${flags} busybox true 2>&1; then
                ${program} inspect --format '{{.HostConfig.UsernsMode}} {{json .HostConfig.IDMappings}}' x
                ${program} rm x
              else echo $?; fi`,
            )
            .join('\n'),
        );
        // What Berth adds to Podman's words, it adds after them; Podman shows mappings in the order of the host's IDs.
        return withoutIds(text)
          .replaceAll(/(unused IDs in user namespace): .*/g, '$1')
          .replaceAll(
            /"(UidMap|GidMap)":\[(.*?)\]/g,
            (_, key, list: string) => `${key} ${list.split(',').sort()}`,
          )
          .split(/^\$ /m);
      };
      assert.deepEqual(await run('berth'), await run('podman'));
    }));

  it('that cannot be are refused before anything is made', () =>
    leavingNothing(bed, async () => {
      const cases: [flags: string[], code: number, text: RegExp][] = [
        [
          ['--uidmap', '1:100000:10'],
          125,
          /^Error: container ID 0 cannot be mapped to a host ID: map it, as 0:HOST:SIZE$/,
        ],
        [['--uidmap', 'u0:1:2'], 125, /^Error: no GID is mapped: map some with --gidmap$/],
        [
          ['--uidmap', '0:1:4294967295'],
          125,
          /^Error: invalid mapping 0:1:4294967295: IDs end at 4294967294$/,
        ],
        [
          ['--userns', 'ns:/proc/1/ns/user'],
          125,
          /^Error: cannot join the user namespace .* use --userns host for that$/,
        ],
        [
          ['--userns', 'ns:/etc/passwd'],
          125,
          /^Error: cannot join the user namespace \/etc\/passwd: it is none/,
        ],
        [
          ['-v', `${DATA}/vol:/x:idmap=foo`],
          125,
          /^Error: unknown option "foo": write idmap=uids=FIRST-HOST-SIZE;/,
        ],
        [
          ['--uidmap', '0:100000:1000', '--user', '1001'],
          126,
          /^Error: container uses ID mappings \(0:100000:1000\), but doesn't map UID 1001$/,
        ],
        // An overlay cannot be shown with other owners.
        [
          ['--uidmap', '0:100000:10', '-v', '/etc:/x:idmap'],
          126,
          /^Error: cannot mount \/etc on \/x with the option idmap/,
        ],
      ];
      for (const [flags, code, text] of cases) {
        const result = await answer(bed, 'run', '--rm', ...flags, 'busybox', 'true');
        assert.equal(result.code, code, flags.join(' '));
        assert.match(result.stderr, text);
      }
    }));

  it('survive a reboot and a loss of power with the same IDs', async () => {
    await createShell(bed, 'boot', `test -e /made || touch /made; ${FOREVER}`, [
      ...['--userns', 'auto', '--restart', 'always', '--volume', `${DATA}/vol:/vol:idmap`],
    ]);
    await systemctl(bed, 'enable', '--now', 'berth-boot');
    const look = async (): Promise<string> => {
      const [map] = (await ids('boot')).split('\n');
      return `${map} ${await berth(bed, 'exec', 'boot', 'stat', '-c', '%u:%g', '/made', '/vol')}`;
    };
    const before = await until('it has made its file', async () => await look().catch(() => undefined));
    assert.equal(before, '0 200000 2001 0:0\n3:4');
    for (const way of ['reboot', 'powerLoss'] as const) {
      await bed[way]();
      await until('it runs', async () => {
        const { code } = await bed.nsenter(['berth', 'exec', 'boot', 'true']);
        return code === 0 || undefined;
      });
      assert.equal(await look(), before);
      const mounts = await script(bed, 'grep -c /var/lib/berth/containers/ /proc/self/mountinfo');
      assert.equal(mounts, '2', 'its root and its volume');
    }
    await remove(bed, 'boot');
    assert.equal(
      await script(bed, 'ls /var/lib/berth/containers; grep /berth/containers /proc/self/mountinfo || true'),
      '',
    );
  });
});
