/**
 * `npm run bench -- scale [COUNT…]`: what verbs cost where so many containers exist already, Berth's beside Podman's in the same bed:
 * with 1, 100 and 1,000 unless told. All but the one that is asked about have been created and never started.
 */
import type { Bed } from '../bed/bed.ts';
import { bootInstalled } from '../bed/installed.ts';
import { measure, type Result, type Row } from './rows.ts';
import { figure, printTable, ratio, writeJson } from './table.ts';

const COUNTS = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 100, 1000];
if (COUNTS.some((count) => !(count >= 1)))
  throw new Error(`scale takes numbers of containers, not ${COUNTS.join(' ')}`);
COUNTS.sort((a, b) => a - b);
const ROUNDS = 9;

const FLAGS = '--network none --stop-signal KILL --health-cmd true --health-interval disable';
const PAYLOAD = 'busybox sleep 1000000';
const create = (name: string): string =>
  `berth create --name ${name} ${FLAGS} ${PAYLOAD}; podman create --name ${name} ${FLAGS} ${PAYLOAD}`;

const ROWS: Row[] = [
  {
    title: 'create',
    ...both(`create --name other ${FLAGS} ${PAYLOAD}`),
    after: 'berth rm other; podman rm other',
  },
  { title: 'start', ...both('start asked'), after: 'berth stop asked; podman stop asked' },
  { title: 'stop', before: 'berth start asked; podman start asked', ...both('stop asked') },
  { title: 'rm', before: create('other'), ...both('rm other') },
  {
    title: 'rm, its unit enabled',
    before: 'berth create --name other busybox true; systemctl enable -q berth-other',
    berth: 'berth rm other',
  },
  { title: 'ps', ...both('ps') },
  { title: 'ps -a', ...both('ps -a') },
  { title: 'inspect', ...both('inspect asked') },
];

const RUNNING_ROWS: Row[] = [
  { title: 'exec true', ...both('exec asked true') },
  { title: 'healthcheck run', ...both('healthcheck run asked') },
];

await using bed = await bootInstalled({ name: 'bench-scale', images: ['busybox'] });
await bed.sh(
  `berth load -q -i /images/busybox.tar; podman load -q -i /images/busybox.tar; ${create('asked')}`,
);
let existing = 1;
const series: { count: number; results: Result[] }[] = [];
for (const count of COUNTS) {
  await fill(bed, count);
  console.error(`${count} containers`);
  const results = await measure(bed, ROWS, ROUNDS);
  await bed.sh('berth start asked; podman start asked');
  results.push(...(await measure(bed, RUNNING_ROWS, ROUNDS)));
  await bed.sh('berth stop asked; podman stop asked');
  series.push({ count, results });
}
writeJson('bench-scale', { rounds: ROUNDS, series });
printFigures();

function both(words: string): Pick<Row, 'berth' | 'podman'> {
  return { berth: `berth ${words}`, podman: `podman ${words}` };
}

/** Makes it so many on each side; their health checks and names are of no weight, but each has a unit file of Berth's. */
async function fill(machine: Bed, count: number): Promise<void> {
  while (existing < count) {
    const last = Math.min(count, existing + 100);
    await machine.sh(`for i in $(seq ${existing + 1} ${last}); do ${create('filler$i')}; done >/dev/null`);
    existing = last;
  }
}

function printFigures(): void {
  const [first] = series;
  const last = series.at(-1);
  if (first === undefined || last === undefined) return;
  const growth = (who: 'berth' | 'podman', row: number): string => {
    const [few, many] = [first, last].map(({ results }) => results[row]?.[who]?.wallMs);
    return few === undefined || many === undefined ? '' : ratio(many, few);
  };
  const counts = series.map(({ count }) => String(count));
  printTable([
    [
      'ms, by how many exist',
      ...counts.map((n) => `Berth ${n}`),
      '×',
      ...counts.map((n) => `Podman ${n}`),
      '×',
    ],
    ...first.results.map(({ title }, row) => [
      title,
      ...series.map(({ results }) => figure(results[row]?.berth.wallMs)),
      growth('berth', row),
      ...series.map(({ results }) => figure(results[row]?.podman?.wallMs)),
      growth('podman', row),
    ]),
  ]);
  console.log(
    `\nmedians of ${ROUNDS} alternating rounds; ×: the last number of containers against the first; the others are created, not running`,
  );
}
