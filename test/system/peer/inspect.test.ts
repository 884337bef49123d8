/** The trees of `podman inspect` and `berth inspect` of containers that the same lines made, field by field. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { bootWith, leavingNothing } from '../../support/machine.ts';
import { preparePodman, quote } from '../../support/peer.ts';
import type { Engine } from './run.ts';

type Tree = Record<string, unknown>;

const BOX = 'localhost/busybox';

/** Flags that say nothing about each other share a line. `%` is the container. */
const CREATED = [
  `--volume /tmp/src/a:/a --volume /tmp/src/f:/f:Z --volume /tmp/src/b:/b:rslave,z ${BOX} echo hi`,
  `-v /tmp/src/a:/a:ro -v /tmp/src/b:/b:rw,nosuid,noexec -v /tmp/src/f:/f:bind,nodev -v /tmp/src:/s:rshared ${BOX} echo hi`,
  `--mount type=bind,src=/tmp/src/a,dst=/a --mount type=bind,src=/tmp/src/b,dst=/b,ro,bind-propagation=rslave ${BOX} echo hi`,
  `--mount type=bind,src=/tmp/src/a,dst=/a,bind-nonrecursive --mount type=tmpfs,dst=/t,tmpfs-size=5m,tmpfs-mode=700 ${BOX} echo hi`,
  `--tmpfs /t --tmpfs /u:size=1m,mode=1777 --tmpfs /v:ro --tmpfs /w:rw,noexec,suid --mount type=tmpfs,dst=/x,notmpcopyup ${BOX} echo hi`,
  `--security-opt no-new-privileges --security-opt seccomp=unconfined --security-opt label=disable --read-only ${BOX} echo hi`,
  `--security-opt label=type:a_t --security-opt label=level:s0 --security-opt mask=/proc/x:/y --security-opt unmask=/proc/kcore ${BOX} echo hi`,
  `--security-opt unmask=ALL --security-opt apparmor=unconfined --read-only --read-only-tmpfs=false ${BOX} echo hi`,
  `--cap-add net_admin,SYS_TIME --cap-drop chown --read-only --tmpfs /tmp ${BOX} echo hi`,
  `--cap-drop ALL --cap-add CHOWN,CAP_KILL --user root:root --workdir /tmp ${BOX} echo hi`,
  `--cap-add ALL --user 1000:1000 --hostname host.example --shm-size 1m --umask 077 ${BOX} echo hi`,
  `--cap-drop ALL --user app --group-add 100 --group-add audio --timeout 60 ${BOX} echo hi`,
  `--health-cmd true --restart always --ulimit nofile=100:200 --ulimit core=0 ${BOX} echo hi`,
  `--health-cmd '["/bin/true","x"]' --health-interval 1m --health-retries 5 --health-timeout 10s --health-start-period 2s --restart on-failure:3 ${BOX} echo hi`,
  `--health-cmd true --health-startup-cmd 'echo hi' --health-startup-interval 5s --health-startup-retries 3 --health-startup-success 2 --health-startup-timeout 3s ${BOX} echo hi`,
  `--health-cmd true --health-interval disable --health-on-failure kill --health-log-destination /tmp --health-max-log-count 3 --health-max-log-size 50 ${BOX} echo hi`,
  `--health-cmd none --restart unless-stopped ${BOX} echo hi`,
  `--no-healthcheck --rm --oom-score-adj 100 ${BOX} echo hi`,
  `--log-driver journald --log-opt tag=foo --sysctl net.ipv4.ip_forward=1 --cidfile $PWD/cid-% ${BOX} echo hi`,
  `--log-opt max-size=10m --log-opt path=/tmp/x.log --stop-signal USR1 --stop-timeout 3 -t ${BOX} echo hi`,
  `--log-driver none --stop-signal 9 --stop-timeout 0 -i ${BOX} echo hi`,
  `--entrypoint /bin/sh --label a=b --label c --annotation x=y --annotation e= ${BOX} -c true`,
  `--entrypoint '["/bin/sh","-c"]' --env A=b --env C=d -e LANG=C ${BOX} 'echo hi'`,
  `--entrypoint "" --env-file env --unsetenv PATH --env HOME=/h ${BOX} echo hi`,
  `--unsetenv-all --ipc host --pid host --uts host ${BOX} echo hi`,
  `--ipc private --uts private --pid private --cgroupns host ${BOX} echo hi`,
  `--ipc shareable --pids-limit 0 ${BOX}`,
  `--ipc none --userns host --requires dep ${BOX} echo hi`,
  `--network container:dep --pid container:dep ${BOX} echo hi`,
  `--uidmap 0:100000:65536 --gidmap 0:200000:100 -v /tmp/src/a:/a:idmap ${BOX} echo hi`,
  `--network host ${BOX} echo hi`,
  `--rootfs /tmp/src sh`,
  `--privileged --init --device-cgroup-rule 'c 1:3 r' ${BOX} echo hi`,
  `--systemd always --cgroup-conf cgroup.max.depth=3 --device /dev/net/tun:/dev/tun:r ${BOX} echo hi`,
  `--privileged --user app --security-opt no-new-privileges ${BOX} /sbin/init`,
];

const SLEEP = `trap 'exit 3' TERM; sleep 1000 & wait`;
/** What a start adds. */
const STARTED = [
  `-v /tmp/src/a:/a --env A=b --user app ${BOX} sh -c ${quote(SLEEP)}`,
  `--network host --uts host -t --cap-add SYS_TIME ${BOX} sh -c ${quote(SLEEP)}`,
  `--network container:dep --health-cmd true --health-interval disable ${BOX} sh -c ${quote(SLEEP)}`,
];
/** The first of them again, after its end. */
const EXITED = [STARTED[0] ?? ''];
const LINES = [...CREATED, ...STARTED, ...EXITED];

/** Where the two tell something else on purpose, by path, of some lines only; what explains nothing any more fails. */
const DIFFERENT: [path: RegExp, why: string, line?: RegExp][] = [
  [/^State\.OciVersion$/, 'the version that every crun in use takes'],
  [/^State\.StoppedByUser$/, 'is said in every state'],
  [/^(Unit|StartNumber)$/, 'Berth’s own'],
  [/^lockNumber$/, 'locks are files'],
  [/^State\.Health\.Log$/, 'is a list, also an empty one', /--health-cmd/],
  [
    /^Args$/,
    'Podman repeats a command of one word as its argument',
    / (sh|localhost\/busybox|\/sbin\/init)$/,
  ],
  [/^ImageDigest$/, 'an archive of Docker’s form has no manifest to digest'],
  [/^Config\.sdNotifyMode$/, 'systemd is told by berth-start, with conmon as the main process'],
  [/^HostConfig\.IpcMode$/, 'private is the default: README', /^(?!.*--ipc)/],
  [
    /^(Host)?Config\.Annotations(\.(io\.podman|io\.container|org\.systemd|org\.opencontainers)\..*)?$/,
    'only what was asked for: Podman keeps books there',
  ],
  [/^HostConfig\.Ulimits/, 'limits that nobody asked for are systemd’s, in the unit'],
  [/^AppArmorProfile$/, 'what was asked for, also on a kernel without AppArmor', /apparmor/],
  [
    /^Config\.Healthcheck\.(Interval|Timeout|Retries)$/,
    'a check that there is not has none of them',
    /--health-cmd none/,
  ],
  [/^Config\.Entrypoint$/, 'an empty one is none', /--entrypoint ""/],
  [/^Config\.Env$/, 'what a start sets for systemd is known before', /--systemd always|\/sbin\/init/],
  [/^Config\.Env$/, 'container=podman is set for a root file system, too: README', /--rootfs/],
  [/^State\.CgroupPath$/, 'the unit’s'],
  [/^HostConfig\.Devices\.\d+\.CgroupPermissions$/, 'what was given; Podman never says it'],
  [
    /^(OCIConfigPath|HostnamePath|HostsPath)$/,
    'what a run has made lies in /run/berth and goes with its end',
  ],
  [/^(Driver$|GraphDriver\.)/, 'a directory of the host’s has no storage driver', /--rootfs/],
];

/** Places, process ids: both have one, or none. */
const OWN_PLACE =
  /^(StaticDir|ConmonPidFile|PidFile|ResolvConfPath|HostnamePath|HostsPath|OCIConfigPath|GraphDriver\.Data\..*|HostConfig\.LogConfig\.Path|State\.(Pid|ConmonPid)|NetworkSettings\.SandboxKey)$/;

describe('berth inspect beside podman inspect', () => {
  let bed: Bed;
  let own: Map<string, Tree>;
  let peers: Map<string, Tree>;
  before(async () => {
    bed = await bootWith('inspect', ['busybox']);
    await preparePodman(bed, ['busybox']);
    await leavingNothing(bed, async () => {
      [own, peers] = await Promise.all([treesOf(bed, 'berth'), treesOf(bed, 'podman')]);
    });
  });
  after(() => bed.close());

  const explained = new Set<string>();
  for (const [index, line] of LINES.entries()) {
    const state = index < CREATED.length ? 'created' : index < LINES.length - 1 ? 'running' : 'exited';
    test(`create ${line} (${state})`, () => {
      const name = `c${index}`;
      const tree = own.get(name) ?? assert.fail(name);
      const [ours, theirs] = [tree, peers.get(name) ?? assert.fail(name)].map(comparable);
      const differing = [...new Set([...(ours?.keys() ?? []), ...(theirs?.keys() ?? [])])].filter(
        (path) => ours?.get(path) !== theirs?.get(path),
      );
      const unexplained = differing.filter((path) => {
        const reason = DIFFERENT.find(([pattern, , of = /^/]) => pattern.test(path) && of.test(line));
        if (reason !== undefined) explained.add(String(reason[0]));
        return reason === undefined;
      });
      assert.deepEqual(
        Object.fromEntries(unexplained.map((path) => [path, ours?.get(path)])),
        Object.fromEntries(unexplained.map((path) => [path, theirs?.get(path)])),
      );
      assert.equal((tree.State as Tree).Status, state);
    });
  }

  test('every difference that is written down is still one', () => {
    assert.deepEqual(
      DIFFERENT.filter(([path]) => !explained.has(String(path))),
      [],
    );
  });

  test('has the fields in Podman’s order', () => {
    for (const name of own.keys()) {
      const [ours, theirs] = [own, peers].map((trees) => [...flat(trees.get(name) ?? {}).keys()]);
      const shared = (ofOne: string[] = [], other: string[] = []) =>
        ofOne.filter((key) => other.includes(key));
      assert.deepEqual(shared(ours, theirs), shared(theirs, ours));
    }
  });

  test('of an image has what an archive says of it', async () => {
    const [ours, theirs] = await Promise.all(
      ['berth', 'podman'].map(async (engine) => {
        const [tree] = JSON.parse(await bed.ok([engine, 'image', 'inspect', BOX])) as Tree[];
        return flat(tree ?? assert.fail());
      }),
    );
    const OF_A_MANIFEST = ['Digest', 'RepoDigests', 'ManifestType'];
    const OF_THE_STORAGE = ['Size', 'VirtualSize', 'GraphDriver.Data.UpperDir', 'GraphDriver.Data.WorkDir'];
    for (const map of [ours, theirs])
      for (const path of [...OF_A_MANIFEST, ...OF_THE_STORAGE]) map?.delete(path);
    assert.deepEqual(ours, theirs);
    for (const format of [
      '{{.ID}} {{.Id}} {{.Config.Cmd}} {{.Config.Labels}} {{.Config.User}} {{.RootFS.Layers}} {{.HealthCheck}}',
      '{{range .History}}{{.Created}} {{.CreatedBy}} {{.EmptyLayer}} {{.Comment}};{{end}}',
      '{{.Created}} {{printf "%T %T %T" .Created .Digest .Config}}',
      '{{.Nosuch}}',
    ]) {
      const asked = ['inspect', '--format', format, BOX];
      const [answer, peers] = [await bed.run(['berth', ...asked]), await bed.run(['podman', ...asked])];
      assert.deepEqual([answer.stdout, answer.stderr], [peers.stdout, peers.stderr]);
    }
  });
});

/** Makes every line's container, inspects it and removes it; by name. */
async function treesOf(bed: Bed, engine: Engine): Promise<Map<string, Tree>> {
  const create = (name: string, line: string) => {
    const network = /--(network|rootfs)/.test(line) ? '' : '--network none';
    const log = /--log-driver/.test(line) ? '' : '--log-driver k8s-file';
    return `${engine} create --name ${name} ${network} ${log} ${line.replaceAll('%', name)} >/dev/null`;
  };
  const names = LINES.map((_, index) => `c${index}`);
  const started = names.slice(CREATED.length);
  const text = await bed.sh(
    [
      'umask 022; mkdir -p /tmp/src/a /tmp/src/b /tmp/cids-$$; cd /tmp/cids-$$; echo >/tmp/src/f; echo A=b >env',
      create('dep', `${BOX} sleep 1000`),
      `${engine} start dep >/dev/null`,
      ...LINES.map((line, index) => create(`c${index}`, line)),
      `${engine} start ${started.join(' ')} >/dev/null`,
      `for c in ${started.join(' ')}; do until ${engine} exec $c true; do :; done; done`,
      `${engine} stop --time 100 ${started.at(-1)} >/dev/null`,
      `${engine} inspect ${names.join(' ')}`,
      // First those that need the other.
      `${engine} rm --force --time 0 ${names.join(' ')} >/dev/null; ${engine} rm --force --time 0 dep >/dev/null`,
    ].join('\n'),
  );
  const trees = JSON.parse(text) as (Tree & { Name: string; Id: string })[];
  return new Map(trees.map((tree) => [tree.Name, tree]));
}

/** Texts by path, without what cannot be the same. */
function comparable(tree: Tree): Map<string, string> {
  const lists: Record<string, (value: unknown) => unknown> = {
    // Of Go's maps, in any order.
    Mounts: (value) =>
      (value as { Destination: string }[]).toSorted((a, b) => a.Destination.localeCompare(b.Destination)),
  };
  const sorted = Object.fromEntries(
    Object.entries(tree).map(([key, value]) => [key, lists[key]?.(value) ?? value]),
  );
  return new Map(
    [...flat(sorted)].map(([path, value]) => {
      if (OWN_PLACE.test(path)) return [path, value === '' || value === 0 ? 'none' : 'one'];
      const isSet = path === 'Config.Env' || path === 'HostConfig.Binds';
      const text = JSON.stringify(isSet && Array.isArray(value) ? asSet(value, tree) : value);
      return [path, tidy(text, String(tree.Id))];
    }),
  );
}

/** HOSTNAME is known before the start here; HOME, which a start looks up, no longer after the end. */
function asSet(words: string[], { State }: Tree): string[] {
  const hidden = { created: /^HOSTNAME=/, exited: /^HOME=/ }[String((State as Tree).Status)];
  return words.filter((word) => hidden?.test(word) !== true).sort();
}

function tidy(text: string, id: string): string {
  return text
    .replaceAll(id, 'ID')
    .replaceAll(id.slice(0, 12), 'ID12')
    .replace(/^\["[0-9a-f]{64}"\]$/, 'ANOTHER ID')
    .replace(/container:[0-9a-f]{64}/, 'container:ANOTHER')
    .replace(/\/tmp\/cids-\d+/g, 'DIR')
    .replace(/^\["(podman|berth)",/, '["ENGINE",')
    .replace(/"(?!0001)\d{4}-\d\d-\d\dT[^"]*"/g, '"TIME"');
}

/** Values by path; lists of plain values, empty objects and null are values. */
function flat(tree: object, path = ''): Map<string, unknown> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]): [string, unknown][] => {
      const isTree =
        typeof value === 'object' && value !== null && Object.values(value).some((item) => item !== null);
      const isPlain = Array.isArray(value) && value.every((item) => typeof item !== 'object');
      return isTree && !isPlain ? [...flat(value, `${path}${key}.`)] : [[`${path}${key}`, value]];
    }),
  );
}
