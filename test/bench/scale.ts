/**
 * `npm run bench -- scale [COUNT…]`: what verbs cost where so many containers exist already, Berth's beside Podman's in the same bed:
 * with 1, 100 and 1,000 unless told. All but the one that is asked about have been created and never started. At last all of
 * Berth's units are enabled, as only then systemd has them in memory: what Berth's verbs cost, and a reload of systemd.
 */
import type { Bed } from '../bed/bed.ts';
import { bootForBench, RUNTIME } from './machine.ts';
import { measure, type Result, type Row } from './rows.ts';
import type { Sample } from './sample.ts';
import { figure, printTable, ratio, writeJson } from './table.ts';

const COUNTS = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 100, 1000];
if (COUNTS.some((count) => !(count >= 1)))
  throw new Error(`scale takes numbers of containers, not ${COUNTS.join(' ')}`);
COUNTS.sort((a, b) => a - b);
const ROUNDS = 9;

const CREATE_FLAGS = '--network none --stop-signal KILL --health-cmd true --health-interval disable';
const create = (name: string): string => `create --name ${name} ${CREATE_FLAGS} busybox sleep 1000000`;

type Engine = 'berth' | 'podman';

/** The same words for each of the engines. */
const all = (engines: readonly Engine[], words: string): string =>
  engines.map((engine) => `${engine} ${words}`).join('; ');

function rows(engines: readonly Engine[]): Row[] {
  const row = (title: string, words: string, around: { before?: string; after?: string } = {}): Row => ({
    title,
    berth: `berth ${words}`,
    ...(engines.includes('podman') ? { podman: `podman ${words}` } : {}),
    ...(around.before === undefined ? {} : { before: all(engines, around.before) }),
    ...(around.after === undefined ? {} : { after: all(engines, around.after) }),
  });
  return [
    row('create', create('other'), { after: 'rm other' }),
    row('start', 'start asked', { after: 'stop asked' }),
    row('stop', 'stop asked', { before: 'start asked' }),
    row('rm', 'rm other', { before: create('other') }),
    {
      title: 'rm, its unit enabled',
      before: 'berth create --name other busybox true; systemctl enable -q berth-other',
      berth: 'berth rm other',
    },
    row('ps', 'ps'),
    row('ps -a', 'ps -a'),
    row('inspect', 'inspect asked'),
  ];
}

const BOTH: Engine[] = ['berth', 'podman'];

const RUNNING_ROWS: Row[] = [
  { title: 'exec true', berth: 'berth exec asked true', podman: 'podman exec asked true' },
  { title: 'healthcheck run', berth: 'berth healthcheck run asked', podman: 'podman healthcheck run asked' },
];

/** Podman's containers have no units. */
const ENABLED_ROWS: Row[] = [
  ...rows(['berth']),
  { title: 'systemctl daemon-reload', berth: 'systemctl daemon-reload' },
];

await using bed = await bootForBench({ name: 'bench-scale', images: ['busybox'] });
await bed.sh(
  `berth load -q -i /images/busybox.tar; podman load -q -i /images/busybox.tar; ${all(BOTH, create('asked'))}`,
);
let existing = 1;
const series: { count: number; results: Result[] }[] = [];
for (const count of COUNTS) {
  await fill(bed, count);
  console.error(`${count} containers`);
  const results = await measure(bed, rows(BOTH), ROUNDS);
  await bed.sh(all(BOTH, 'start asked'));
  results.push(...(await measure(bed, RUNNING_ROWS, ROUNDS)));
  await bed.sh(all(BOTH, 'stop asked'));
  series.push({ count, results });
}
await bed.sh('systemctl enable -q $(ls /usr/local/lib/systemd/system | grep ^berth-)');
const enabled = await measure(bed, ENABLED_ROWS, ROUNDS);
writeJson('bench-scale', { runtime: RUNTIME, rounds: ROUNDS, series, enabled });
printFigures();

/** Makes it so many on each side. */
async function fill(machine: Bed, count: number): Promise<void> {
  while (existing < count) {
    const last = Math.min(count, existing + 100);
    await machine.sh(
      `for i in $(seq ${existing + 1} ${last}); do ${all(BOTH, create('filler$i'))}; done >/dev/null`,
    );
    existing = last;
  }
}

function printFigures(): void {
  printSeries('ms', 'wallMs');
  console.log('');
  printSeries("CPU ms of the command, without systemd's", 'cpuMs');
  console.log('');
  printTable([
    [`with all of ${existing} units enabled`, 'Berth ms', 'CPU ms'],
    ...enabled.map(({ title, berth }) => [title, figure(berth.wallMs), figure(berth.cpuMs)]),
  ]);
  console.log(
    `\nmedians of ${ROUNDS} alternating rounds; ×: the last number of containers against the first; the others are created, not running`,
  );
}

function printSeries(title: string, what: keyof Sample): void {
  const [first] = series;
  const last = series.at(-1);
  if (first === undefined || last === undefined) return;
  const growth = (who: Engine, row: number): string => {
    const [few, many] = [first, last].map(({ results }) => results[row]?.[who]?.[what]);
    return few === undefined || many === undefined ? '' : ratio(many, few);
  };
  const counts = series.map(({ count }) => String(count));
  printTable([
    [title, ...counts.map((n) => `Berth ${n}`), '×', ...counts.map((n) => `Podman ${n}`), '×'],
    ...first.results.map(({ title: row }, index) => [
      row,
      ...series.map(({ results }) => figure(results[index]?.berth[what])),
      growth('berth', index),
      ...series.map(({ results }) => figure(results[index]?.podman?.[what])),
      growth('podman', index),
    ]),
  ]);
}
