/** The trees of `podman info` and `berth info` on one host: the same fields but for those that are listed. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ABSENT, OWN } from '../../../src/model/info.ts';
import { toYaml } from '../../../src/model/yaml.ts';
import type { Bed } from '../../bed/bed.ts';
import { bootInstalled } from '../../bed/installed.ts';
import { execute } from '../../support/database.ts';
import { berth, createShell, leavingNothing, remove, script } from '../../support/machine.ts';

type Tree = { [key: string]: Tree | string | number | boolean | null | string[] };

/** Fields in both whose values differ on purpose. */
const OTHER_VALUE: Record<string, string> = {
  'host.eventLogger': 'events are kept in the database',
  'plugins.log': 'the same four, the default one first',
  'store.graphRoot': 'each has a directory of its own',
  'store.graphStatus.Backing Filesystem': 'the name that mount(8) has, not that of a family',
  'store.imageCopyTmpDir': 'on the file system of the layers',
  'store.runRoot': 'each has a directory of its own',
  'store.volumePath': 'each has a directory of its own',
  'version.Version': 'each has its own',
};

/** Fields that change from one moment to the next. */
const MOVING = /^host\.(cpuUtilization\.\w+|memFree|uptime)$|^store\.graphRootUsed$/;

describe('berth info beside podman info', () => {
  let bed: Bed;
  let own: Map<string, unknown>;
  let peers: Map<string, unknown>;
  before(async () => {
    bed = await bootInstalled({ name: 'info', images: ['busybox'] });
    await bed.ok(['berth', 'load', '--quiet', '-i', '/images/busybox.tar']);
    await bed.ok(['podman', 'load', '--quiet', '-i', '/images/busybox.tar']);
    [own, peers] = (await Promise.all(
      ['berth', 'podman'].map(async (engine) =>
        flat(JSON.parse(await bed.ok([engine, 'info', '--format', 'json'])) as Tree),
      ),
    )) as [Map<string, unknown>, Map<string, unknown>];
  });
  after(() => bed.close());

  test('has the fields of Podman, without those that mean nothing here, and three of its own', () => {
    const missing = (path: string) =>
      Object.keys(ABSENT).some((one) => path === one || path.startsWith(`${one}.`));
    for (const path of Object.keys(ABSENT))
      assert.ok(
        [...peers.keys()].some((one) => one === path || one.startsWith(`${path}.`)),
        `Podman has no ${path}`,
      );
    const expected = [...peers.keys()].filter((path) => !missing(path));
    const shared = [...own.keys()].filter(
      (path) => !OWN.some((one) => path === one || path.startsWith(`${one}.`)),
    );
    assert.deepEqual(shared.sort(), expected.sort());
    for (const path of OWN)
      assert.ok(
        [...own.keys()].some((one) => one === path || one.startsWith(`${path}.`)),
        path,
      );
  });

  test('has the same values where they are about the same', () => {
    for (const [path, value] of own) {
      if (!peers.has(path)) continue;
      assert.equal(typeof value, typeof peers.get(path), path);
      if (MOVING.test(path)) continue;
      const told = `${path}: ${OTHER_VALUE[path] ?? 'Podman has another'}`;
      if (path in OTHER_VALUE) assert.notDeepEqual(value, peers.get(path), told);
      else assert.deepEqual(value, peers.get(path), told);
    }
    const words = (uptime: unknown) => String(uptime).replace(/[\d.]+/g, 'N');
    assert.equal(words(own.get('host.uptime')), words(peers.get('host.uptime')));
  });

  test('is the YAML that Podman makes of such a tree', async () => {
    const still = (yaml: string) => yaml.replace(/^ *(\w+Percent|memFree|uptime|graphRootUsed): .*\n/gm, '');
    const tree = JSON.parse(await bed.ok(['podman', 'info', '--format', 'json'])) as Tree;
    assert.equal(still(toYaml(tree)), still(`${(await bed.ok(['podman', 'info'])).trimEnd()}\n`));
    const ours = JSON.parse(await berth(bed, 'info', '--format', 'json')) as Tree;
    assert.equal(still(await berth(bed, 'info')), still(toYaml(ours)).trimEnd());
  });

  test('answers templates with Podman’s names of fields and types, also of fields that are absent', async () => {
    const paths = [
      ...[
        'Host.Arch',
        'Host.CPUs',
        'Host.CgroupsVersion',
        'Host.Conmon',
        'Host.Distribution',
        'Host.Hostname',
      ],
      ...[
        'Host.IDMappings',
        'Host.Kernel',
        'Host.MemTotal',
        'Host.OCIRuntime.Name',
        'Host.OS',
        'Host.Security',
      ],
      ...[
        'Store.GraphDriverName',
        'Store.GraphOptions',
        'Store.ImageStore.Number',
        'Registries',
        'Version.OsArch',
      ],
    ];
    const format = paths.map((path) => `${path}: {{printf "%T" .${path}}} {{.${path}}}`).join('\n');
    const asked = ['info', '--format', format];
    assert.equal(await bed.ok(['berth', ...asked]), await bed.ok(['podman', ...asked]));
    const absent = '{{.Host.FreeLocks}} "{{.Host.BuildahVersion}}" {{.Host.Pasta}} {{.Version.Built}}';
    assert.equal(await berth(bed, 'info', '-f', absent), '<nil> "" {  } 0');
    assert.match(
      await berth(
        bed,
        'info',
        '-f',
        '{{.Host.Systemd.Version}} {{.Store.ContainerStore.Broken}} {{.Version.Bun}}',
      ),
      /^\d+ 0 \d+\.\d+\.\d+$/m,
    );
    const nope = await bed.nsenter(['berth', 'info', '--format', '{{.Host.Nope}}']);
    assert.equal(nope.stderr, (await bed.run(['podman', 'info', '--format', '{{.Host.Nope}}'])).stderr);
  });

  test('counts containers by what they do, and those whose record is damaged apart', () =>
    leavingNothing(bed, async () => {
      const FOREVER = 'sleep 1000';
      for (const name of ['made', 'held', 'runs', 'paused', 'damaged']) await createShell(bed, name, FOREVER);
      await script(bed, 'berth init held; berth start runs paused; berth pause paused');
      await execute(bed, `UPDATE container SET state = '{"status":' WHERE name = 'damaged'`);
      assert.equal(
        await berth(bed, 'info', '--format', '{{json .Store.ContainerStore}}'),
        '{"number":4,"paused":1,"running":1,"stopped":2,"broken":1}',
      );
      await remove(bed, 'made', 'held', 'runs', 'paused');
      await script(bed, 'berth rm --force damaged');
    }));

  test('is told also where systemd is not PID 1 and no program is found, with the reason', async () => {
    const { code, stdout } = await bed.nsenter([
      ...['unshare', '--mount', '--pid', '--fork', 'sh', '-c'],
      'mount -t tmpfs tmpfs /run; mount -t proc proc /proc; PATH=/nowhere exec /usr/bin/berth info --format json',
    ]);
    assert.equal(code, 0);
    const { host } = JSON.parse(stdout) as { host: Tree };
    assert.match(String((host.systemd as Tree).error), /^systemd does not run as PID 1 here: /);
    assert.ok(!('conmon' in host) && !('ociRuntime' in host));
  });
});

/** Values by path; lists, empty objects and null are values. */
function flat(tree: Tree, path = ''): Map<string, unknown> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]): [string, unknown][] => {
      const isTree = typeof value === 'object' && value !== null && !Array.isArray(value);
      return isTree && Object.keys(value).length > 0
        ? [...flat(value, `${path}${key}.`)]
        : [[`${path}${key}`, value]];
    }),
  );
}
