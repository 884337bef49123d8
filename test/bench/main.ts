/**
 * `npm run bench [-- ROUNDS]`: Berth and Podman side by side, in one bed and one run, alternating. Prints medians and ratios, and
 * writes them as JSON to dist/bench.json. Never fails because of a time.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import type { Bed } from '../bed/bed.ts';
import { bootForBench, RUNTIME } from './machine.ts';
import { linesOf, measure, type Row } from './rows.ts';
import { median, peakMemory, type Sample, sample } from './sample.ts';
import { figure, printTable, writeJson } from './table.ts';

const ROUNDS = Number(process.argv[2] ?? 15);
const root = join(import.meta.dirname, '../..');

const ROWS: Row[] = [
  {
    title: 'start, as a command',
    berth: 'berth start mine',
    podman: 'podman start peer',
    after: 'systemctl stop berth-mine; podman stop -t 0 peer',
  },
  {
    title: 'systemctl start until active',
    berth: 'systemctl start berth-mine',
    podman: 'systemctl start quadlet',
    after: 'systemctl stop berth-mine quadlet',
  },
  {
    title: 'stop, as a command',
    before: 'systemctl start berth-mine; podman start peer',
    berth: 'berth stop mine',
    podman: 'podman stop peer',
  },
  {
    title: 'systemctl stop',
    before: 'systemctl start berth-mine quadlet',
    berth: 'systemctl stop berth-mine',
    podman: 'systemctl stop quadlet',
  },
  {
    title: 'create',
    berth: 'berth create --name other busybox sleep 1',
    podman: 'podman create --network none --name other busybox sleep 1',
    after: 'berth rm -f other; podman rm -f other',
  },
  {
    title: 'rm',
    before:
      'berth create --name other busybox sleep 1; podman create --network none --name other busybox sleep 1',
    berth: 'berth rm other',
    podman: 'podman rm other',
  },
  {
    title: 'run --rm true',
    berth: 'berth run --rm busybox true',
    podman: 'podman run --rm --network none busybox true',
  },
  {
    title: 'run --detach',
    berth: 'berth run -d --name other busybox sleep 1000',
    podman: 'podman run -d --network none --name other busybox sleep 1000',
    after: 'berth rm -f -t 0 other; podman rm -f -t 0 other',
  },
  { title: 'ps, two containers', berth: 'berth ps -a', podman: 'podman ps -a' },
  { title: 'inspect', berth: 'berth inspect mine', podman: 'podman inspect peer' },
];

/** The same with the containers running throughout. */
const RUNNING_ROWS: Row[] = [
  { title: 'exec true', berth: 'berth exec mine true', podman: 'podman exec peer true' },
  {
    title: 'healthcheck run, healthy',
    berth: 'berth healthcheck run mine',
    podman: 'podman healthcheck run peer',
  },
];

const CREATE =
  '--health-cmd true --health-interval disable --stop-timeout 2 busybox sh -c \'trap "exit 0" TERM; while :; do sleep 1000 & wait; done\'';

// No name here can be read as digits of an ID: `rm -f c` would remove whatever has an ID that begins with c.
const SETUP = `
berth load -q -i /images/busybox.tar
podman load -q -i /images/busybox.tar
berth create --name mine ${CREATE}
podman create --name peer --network none ${CREATE}
mkdir -p /etc/containers/systemd
cat > /etc/containers/systemd/quadlet.container <<Q
[Container]
Image=localhost/busybox:latest
Network=none
Exec=sh -c 'trap "exit 0" TERM; while :; do sleep 1000 & wait; done'
Q
# The bed has no generators (test/bed/rootfs.sh).
rm /etc/systemd/system-generators/podman-system-generator
systemctl daemon-reload
`;

await using bed = await bootForBench({ name: 'bench', images: ['busybox'] });
await bed.sh(SETUP);
const results = [
  ...(await measure(bed, ROWS, ROUNDS)),
  ...(await (async () => {
    await bed.sh('systemctl start berth-mine; podman start peer');
    return measure(bed, RUNNING_ROWS, ROUNDS);
  })()),
];
await bed.sh('systemctl stop berth-mine; podman stop -t 0 peer');
const entries = await measureEntries(bed);
writeJson('bench', { runtime: RUNTIME, rounds: ROUNDS, results, entries });
printResults();

interface EntryResult {
  title: string;
  bundleBytes: number;
  peakKb: number;
  sample: Sample;
}

/**
 * The entry points as systemd runs them. Their work is measured above, as part of start and stop; here it is the
 * entry alone: berth-start on a container that runs already, berth-stop and berth-cleanup on one that has ended.
 */
async function measureEntries(machine: Bed): Promise<EntryResult[]> {
  const id = (await machine.sh('berth inspect mine')).match(/"Id": "([0-9a-f]{64})"/)?.[1] ?? '';
  const cases: [string, string][] = [
    ['berth-create', '/usr/libexec/berth/berth-create --name extra busybox true'],
    ['berth-start', `/usr/libexec/berth/berth-start ${id}`],
    ['berth-stop', `/usr/libexec/berth/berth-stop ${id} 1`],
    ['berth-cleanup', `/usr/libexec/berth/berth-cleanup ${id}`],
    ['berth-healthcheck', `/usr/libexec/berth/berth-healthcheck ${id}`],
    ['berth', 'berth version'],
  ];
  const results: EntryResult[] = [];
  for (const [title, command] of cases) {
    const samples: Sample[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await machine.run(['sh', '-c', title === 'berth-create' ? 'berth rm -f extra' : ':']);
      if (title === 'berth-start') await machine.run(['sh', '-c', 'systemctl start berth-mine']);
      samples.push(await sample(machine, command));
    }
    const peakKb = await peakMemory(machine, command.replace('--name extra', '--name extra2'));
    if (title === 'berth-start') await machine.run(['sh', '-c', 'systemctl stop berth-mine']);
    results.push({
      title,
      peakKb,
      bundleBytes: bundleBytes(title),
      sample: median(samples),
    });
  }
  return results;
}

/** As the package was built: all bundles lie in one program. */
function bundleBytes(entry: string): number {
  const metafiles = JSON.parse(readFileSync(join(root, 'dist/meta.json'), 'utf8')) as Record<
    string,
    Metafile
  >;
  const bundle = entry === 'berth-create' ? 'berth' : entry;
  return Object.values(metafiles[bundle]?.outputs ?? {})[0]?.bytes ?? Number.NaN;
}

function printResults(): void {
  printTable([
    ...linesOf(results),
    ['', '', '', '', '', '', ''],
    ['entry point', 'ms', 'CPU ms', 'peak MB', 'bundle kB', '', ''],
    ...entries.map(({ title, bundleBytes, peakKb, sample: s }) => [
      title,
      figure(s.wallMs),
      figure(s.cpuMs),
      figure(peakKb / 1024),
      figure(bundleBytes / 1000),
      '',
      '',
    ]),
  ]);
  console.log(
    `\nmedians of ${ROUNDS} rounds, alternating, in one bed; CPU is user + sys of the command with its children`,
  );
}
