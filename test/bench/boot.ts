/**
 * `npm run bench -- boot [COUNT [ROUNDS]]`: a machine boots with COUNT enabled containers: Berth's units, or Podman's by Quadlet, or
 * none, in turn. Times are systemd's own, from its first moment to the one in which the last unit became active. Then, at
 * rest, what the containers occupy in memory beyond their payloads, and what a daemon-reload costs.
 */
import type { Bed } from '../bed/bed.ts';
import { bootForBench, RUNTIME } from './machine.ts';
import { addedTo, atRest, type Rest } from './rest.ts';
import { cpuUsec, middle, sample } from './sample.ts';
import { figure, printTable, ratio, writeJson } from './table.ts';

const COUNT = Number(process.argv[2] ?? 100);
const ROUNDS = Number(process.argv[3] ?? 3);
const PAYLOAD = 'sleep';

/** Who is enabled. */
type Side = 'berth' | 'podman' | 'none';

interface Boot {
  /** From systemd's first moment until the unit in the middle, and the last one, was active. */
  middleMs: number;
  lastMs: number;
  /** Of these: until its generators had ended, Quadlet's among them. */
  generatedMs: number;
  /** Until systemd had nothing more to do, and the CPU time of all of the machine. */
  finishedMs: number;
  cpuMs: number;
  rest: Rest;
  reloadMs: number;
}

const names = (prefix: string): string[] =>
  Array.from({ length: COUNT }, (_, index) => `${prefix}${index + 1}`);
const MINE = names('mine')
  .map((name) => `berth-${name}.service`)
  .join(' ');

/** The bed has no generators (test/bed/rootfs.sh); a boot that Podman has no part in has not its either. */
const GENERATOR = '/etc/systemd/system-generators/podman-system-generator';
const ENABLE: Record<Side, string> = {
  berth: `systemctl enable -q ${MINE}`,
  podman: `rm ${GENERATOR}; mv /etc/containers/quadlets /etc/containers/systemd`,
  none: ':',
};
const DISABLE: Record<Side, string> = {
  berth: `systemctl disable -q ${MINE}`,
  podman: `ln -s /dev/null ${GENERATOR}; mv /etc/containers/systemd /etc/containers/quadlets`,
  none: ':',
};
const UNITS: Record<Side, string> = { berth: 'berth-mine*.service', podman: 'peer*.service', none: '' };

// The signal: the machine goes down at once, and a shell that is process 1 needs no handler.
const SETUP = `
berth load -q -i /images/busybox.tar; podman load -q -i /images/busybox.tar
rm -rf /etc/containers/systemd; mkdir -p /etc/containers/quadlets
for i in $(seq ${COUNT}); do
  berth create --name mine$i --network none --stop-signal KILL busybox ${PAYLOAD} 1000000 >/dev/null
  cat >/etc/containers/quadlets/peer$i.container <<Q
[Container]
Image=localhost/busybox:latest
Network=none
StopSignal=KILL
Exec=${PAYLOAD} 1000000
[Install]
WantedBy=multi-user.target
Q
done`;

await using bed = await bootForBench({ name: 'bench-boot', images: ['busybox'] });
await bed.sh(SETUP);
const boots: Record<Side, Boot[]> = { none: [], berth: [], podman: [] };
const order: Side[] = ['none', 'berth', 'podman'];
for (let round = 0; round < ROUNDS; round++)
  for (const side of round % 2 === 0 ? order : order.toReversed()) boots[side].push(await boot(bed, side));

const of = (side: Side, what: (boot: Boot) => number): number => middle(boots[side].map(what));
/** Of each round's boot, what it has added to the empty one. */
const memory = (side: Side, what: 'ownKb' | 'baseKb'): number =>
  middle(
    boots[side].map(({ rest }, round) => {
      const empty = boots.none[round]?.rest ?? new Map();
      return addedTo(empty, rest, PAYLOAD)[what];
    }),
  );
const figures = order.map((side) => ({
  side,
  lastMs: of(side, ({ lastMs }) => lastMs),
  middleMs: of(side, ({ middleMs }) => middleMs),
  generatedMs: of(side, ({ generatedMs }) => generatedMs),
  finishedMs: of(side, ({ finishedMs }) => finishedMs),
  cpuMs: of(side, ({ cpuMs }) => cpuMs),
  ownKb: memory(side, 'ownKb'),
  baseKb: memory(side, 'baseKb'),
  reloadMs: of(side, ({ reloadMs }) => reloadMs),
}));
writeJson('bench-boot', { runtime: RUNTIME, count: COUNT, rounds: ROUNDS, figures });
printFigures();

async function boot(machine: Bed, side: Side): Promise<Boot> {
  await machine.sh(ENABLE[side]);
  await machine.reboot();
  const cpuMs = (await cpuUsec(machine)) / 1000;
  const manager = await show(machine, '', [
    'UserspaceTimestampMonotonic',
    'GeneratorsFinishTimestampMonotonic',
    'FinishTimestampMonotonic',
  ]);
  const [began = 0, generated = 0, finished = 0] = manager[0] ?? [];
  const actives =
    side === 'none' ? [] : (await show(machine, UNITS[side], ['ActiveEnterTimestampMonotonic'])).flat();
  if (side !== 'none') await assertRunning(machine, side, actives);
  const since = (usec: number): number => (usec - began) / 1000;
  const rest = await atRest(machine);
  const reloads: number[] = [];
  for (let i = 0; i < 5; i++) reloads.push((await sample(machine, 'systemctl daemon-reload')).wallMs);
  await machine.sh(DISABLE[side]);
  return {
    lastMs: since(Math.max(...actives)),
    middleMs: since(middle(actives)),
    generatedMs: since(generated),
    finishedMs: since(finished),
    cpuMs,
    rest,
    reloadMs: middle(reloads),
  };
}

async function assertRunning(machine: Bed, side: Side, actives: readonly number[]): Promise<void> {
  const active = await machine.sh(
    `systemctl list-units --plain --no-legend --state=running '${UNITS[side]}' | wc -l`,
  );
  const payloads = await machine.sh(`pgrep -cx ${PAYLOAD}`);
  if (actives.length !== COUNT || Number(active) !== COUNT || Number(payloads) !== COUNT)
    throw new Error(`${side}: ${active} of ${COUNT} units run, and ${payloads} payloads`);
}

/** Properties of the units of a pattern, or of the manager, in the order in which they are named. */
async function show(machine: Bed, pattern: string, properties: readonly string[]): Promise<number[][]> {
  const text = await machine.sh(
    `systemctl show --property=${properties.join(',')} ${pattern && `'${pattern}'`}`,
  );
  return text
    .split('\n\n')
    .map((unit) =>
      properties.map((name) => Number(new RegExp(`^${name}=(\\d+)$`, 'm').exec(unit)?.[1] ?? Number.NaN)),
    );
}

function printFigures(): void {
  const [empty, mine, peer] = figures;
  if (empty === undefined || mine === undefined || peer === undefined) return;
  const line = (
    title: string,
    what: keyof Omit<typeof mine, 'side'>,
    { digits = 0, per = 1, bare = true } = {},
  ): string[] => [
    title,
    ...[mine, peer].map((side) => figure(side[what] / per, digits)),
    ratio(mine[what], peer[what]),
    bare ? figure(empty[what] / per, digits) : '',
  ];
  printTable([
    [`${COUNT} enabled containers`, 'Berth', 'Podman, Quadlet', 'ratio', 'nothing enabled'],
    line('until all units are active, ms', 'lastMs', { bare: false }),
    line('until half of them are, ms', 'middleMs', { bare: false }),
    line('until generators have ended, ms', 'generatedMs'),
    line('until systemd has finished, ms', 'finishedMs'),
    line('CPU time of the boot, ms', 'cpuMs'),
    line('memory of conmon and the like, MB', 'ownKb', { digits: 1, per: 1024, bare: false }),
    line('the same for each container, kB', 'ownKb', { per: COUNT, bare: false }),
    line('what systemd and the journal grew by, MB', 'baseKb', { digits: 1, per: 1024, bare: false }),
    line('systemctl daemon-reload then, ms', 'reloadMs'),
  ]);
  console.log(
    `\nmedians of ${ROUNDS} boots of each kind, alternating, on one disk; memory is PSS, without the payload's`,
  );
}
