/**
 * `npm run bench -- growth [CHECKS [CONTAINERS…]]`: what a day of health checks leaves behind: lines in the journal, the database with
 * its log, and other files. A day has 2,880 checks, one each 30 s; here nobody waits for the timer: the service that it would start
 * is started again as soon as it has ended, those of all containers together, with all of their own settings.
 */
import type { Bed } from '../bed/bed.ts';
import { bootInstalled } from '../bed/installed.ts';
import { until } from '../support/machine.ts';
import { figure, printTable, writeJson } from './table.ts';

const CHECKS = Number(process.argv[2] ?? 2880);
const CONTAINERS = process.argv.length > 3 ? process.argv.slice(3).map(Number) : [10, 100];
/** A day of a hundred containers is hours. */
const PATIENCE = { timeoutMs: 36_000_000, quick: true };

type Engine = 'berth' | 'podman';

interface Case {
  title: string;
  engine: Engine;
  count: number;
  command: string;
}

/** How often a check has run is told by a file in the container. */
const STEADY = 'echo >>/tmp/checks';
/** Fails and passes in turn: each check is news. */
const FLAPPING = 'echo >>/tmp/checks; if ! rm /tmp/failed 2>/dev/null; then touch /tmp/failed; false; fi';

/** Podman's are one container's: its checks take many times as long. */
const CASES: Case[] = [
  ...CONTAINERS.map((count): Case => ({ title: 'Berth', engine: 'berth', count, command: STEADY })),
  { title: 'Podman', engine: 'podman', count: 1, command: STEADY },
  { title: 'Berth, each check is news', engine: 'berth', count: 1, command: FLAPPING },
  { title: 'Podman, each check is news', engine: 'podman', count: 1, command: FLAPPING },
];

/** What each engine keeps: the database, its log, and folders of which the layers of containers do not count. */
const FILES = {
  berth: {
    database: '/var/lib/berth/berth.db',
    log: '/var/lib/berth/berth.db-wal',
    others: '/run/berth /var/lib/berth/containers',
  },
  podman: {
    database: '/var/lib/containers/storage/db.sql',
    log: '/var/lib/containers/storage/db.sql-journal',
    others: '/run/containers/storage /var/lib/containers/storage/overlay-containers',
  },
} satisfies Record<Engine, object>;

interface Size {
  journalLines: number;
  journalBytes: number;
  databaseBytes: number;
  logBytes: number;
  otherBytes: number;
}

interface Grown extends Case {
  /** Of each container. */
  checks: number;
  /** Since the first size of the case was taken. */
  seconds: number;
  size: Size;
}

await using bed = await bootInstalled({ name: 'bench-growth', images: ['busybox'] });
await bed.sh('berth load -q -i /images/busybox.tar; podman load -q -i /images/busybox.tar');
const grown: Grown[] = [];
for (const one of CASES) grown.push(...(await grow(bed, one)));
writeJson('bench-growth', { grown });
printFigures();

/** Three sizes of a case: before its checks, after a tenth of them, and at the end. */
async function grow(machine: Bed, one: Case): Promise<Grown[]> {
  const names = Array.from({ length: one.count }, (_, index) => `checked${index + 1}`);
  const flags = `--network none --stop-signal KILL --health-interval 30s --health-retries 1 --health-cmd '${one.command}'`;
  await machine.sh(
    `for name in ${names.join(' ')}; do ${one.engine} run -d --name $name ${flags} busybox sleep 1000000; done`,
  );
  const services = await servicesOf(machine, one.engine, names);
  const sizes: Grown[] = [];
  let done = await checksOf(machine, one.engine, names);
  const began = performance.now();
  const take = async (): Promise<void> => {
    const seconds = (performance.now() - began) / 1000;
    const size = await sizeOf(machine, one.engine);
    sizes.push({ ...one, checks: done, seconds, size });
    // It may take hours until the table is there.
    console.error(`${one.title}, ${one.count}: ${done} checks, ${seconds.toFixed(0)} s`, size);
  };
  await take();
  for (const goal of [Math.ceil(CHECKS / 10), CHECKS]) {
    await machine.sh(runChecks(one.engine, services, goal - done), PATIENCE);
    done = await checksOf(machine, one.engine, names);
    // The timer itself may have come in between, once in a while.
    if (done < goal) throw new Error(`${one.title}: ${done} of ${goal} checks have run`);
    await take();
  }
  await machine.sh(`${one.engine} rm -f -t 0 ${names.join(' ')}`);
  return sizes;
}

/** What the timers start; when the first check of each has run, which comes with the start. */
async function servicesOf(machine: Bed, engine: Engine, names: readonly string[]): Promise<string[]> {
  await until('the first checks are done', async () => {
    return (await checksOf(machine, engine, names)) > 0 || undefined;
  });
  if (engine === 'berth') return names.map((name) => `berth-health@${name}.service`);
  const ids = await machine.sh(`podman inspect --format {{.Id}} ${names.join(' ')}`);
  const timers = await machine.sh(
    `systemctl list-units --plain --no-legend ${ids
      .trim()
      .split('\n')
      .map((id) => `'${id}-*.timer'`)
      .join(' ')}`,
  );
  return [...timers.matchAll(/^(\S+)\.timer/gm)].map(([, name]) => `${name}.service`);
}

/** Podman's services are not of the kind that has started when it has ended, and have systemd's limit of starts. */
function runChecks(engine: Engine, services: readonly string[], rounds: number): string {
  const list = services.join(' ');
  const round =
    engine === 'berth'
      ? `systemctl start ${list} || true`
      : `systemctl reset-failed ${list} || true; systemctl start --wait ${list} || true`;
  return `for i in $(seq ${rounds}); do ${round}; done 2>/dev/null`;
}

/** Of the container that has had the fewest; looked for in its files, as an exec would leave something behind, too. */
async function checksOf(machine: Bed, engine: Engine, names: readonly string[]): Promise<number> {
  const text = await machine.sh(
    `${engine} inspect --format {{.State.Pid}} ${names.join(' ')} | while read -r pid; do
      cat /proc/$pid/root/tmp/checks 2>/dev/null | wc --bytes
    done`,
    { quick: true },
  );
  const counts = text.split('\n').map(Number);
  if (counts.length !== names.length) throw new Error(`${counts.length} of ${names.length} containers run`);
  return Math.min(...counts);
}

/**
 * Asked for from outside, so that the question leaves no lines. Not counted is what conmon says where the kernel has no controller
 * of memory (test/README.md): another host does not hear it.
 */
async function sizeOf(machine: Bed, engine: Engine): Promise<Size> {
  const { database, log, others } = FILES[engine];
  const text = await machine.sh(
    `journalctl --sync
    journalctl --quiet --no-pager --output=short-unix |
      awk '/^[0-9]/ && !/cgroup.memory.events/ { lines += 1; bytes += length($0) } END { print lines; print bytes }'
    stat --format=%s ${database}
    stat --format=%s ${log} || echo 0
    find ${others} -xdev -type f -not -path '*/upper/*' -printf '%s\n' | awk '{ sum += $1 } END { print sum }'`,
    { quick: true },
  );
  const [journalLines = 0, journalBytes = 0, databaseBytes = 0, logBytes = 0, otherBytes = 0] = text
    .split('\n')
    .map(Number);
  return { journalLines, journalBytes, databaseBytes, logBytes, otherBytes };
}

function printFigures(): void {
  const lines = grown.map((one): string[] => {
    const begun = grown.find(({ title, count }) => title === one.title && count === one.count) ?? one;
    const { size } = one;
    const kb = (bytes: number): string => figure(bytes / 1000);
    return [
      one.title,
      String(one.count),
      String(one.checks),
      String(size.journalLines - begun.size.journalLines),
      kb(size.journalBytes - begun.size.journalBytes),
      kb(size.databaseBytes),
      kb(size.logBytes),
      kb(size.otherBytes),
      one === begun ? '' : figure((1000 * one.seconds) / ((one.checks - begun.checks) * one.count), 1),
    ];
  });
  printTable([
    [
      '',
      'containers',
      'checks of each',
      'journal lines',
      'journal kB',
      'database kB',
      'its log kB',
      'other files kB',
      'ms a check',
    ],
    ...lines,
  ]);
  console.log(
    `\n2,880 checks are a day at 30 s; journal: since the case began, as text; other files: of all containers, without layers`,
  );
}
