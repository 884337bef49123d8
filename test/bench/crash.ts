/**
 * `npm run bench -- crash [ROUNDS]`: a payload is killed, and systemd restarts its unit: how long it takes until the unit is active
 * again. Both units have the same Restart= and RestartSec=, of which a part of each figure consists. Rounds alternate.
 */
import { globSync, readFileSync } from 'node:fs';
import type { Bed } from '../bed/bed.ts';
import { until } from '../support/machine.ts';
import { bootForBench, RUNTIME } from './machine.ts';
import { cpuUsec, middle } from './sample.ts';
import { figure, printTable, ratio, writeJson } from './table.ts';

const ROUNDS = Number(process.argv[2] ?? 25);
const RESTART_MS = 10;

const UNITS = { berth: 'berth-mine.service', podman: 'quadlet.service' } as const;
type Side = keyof typeof UNITS;

interface Crash {
  /** From the kill to the end that systemd saw, and to the unit's next ActiveEnterTimestamp. */
  seenMs: number;
  backMs: number;
  /** CPU time of all of the machine in between. */
  cpuMs: number;
}

/** Berth lets its delays grow with each crash, which Quadlet leaves to the person: here they do not. */
const SETUP = `
berth load -q -i /images/busybox.tar; podman load -q -i /images/busybox.tar
berth create --name mine --network none --restart always --stop-signal KILL busybox sleep 1000000
mkdir -p /etc/systemd/system/${UNITS.berth}.d /etc/containers/systemd
cat >/etc/systemd/system/${UNITS.berth}.d/delay.conf <<Q
[Service]
RestartSec=${RESTART_MS}ms
RestartSteps=0
RestartMaxDelaySec=infinity
Q
cat >/etc/containers/systemd/quadlet.container <<Q
[Unit]
StartLimitIntervalSec=0
[Container]
Image=localhost/busybox:latest
Network=none
StopSignal=KILL
Exec=sleep 1000000
[Service]
Restart=always
RestartSec=${RESTART_MS}ms
Q
# The bed has no generators (test/bed/rootfs.sh).
rm /etc/systemd/system-generators/podman-system-generator
systemctl daemon-reload
systemctl start ${Object.values(UNITS).join(' ')}`;

await using bed = await bootForBench({ name: 'bench-crash', images: ['busybox'] });
await bed.sh(SETUP);
const crashes: Record<Side, Crash[]> = { berth: [], podman: [] };
for (let round = 0; round < ROUNDS; round++)
  for (const side of round % 2 === 0 ? (['berth', 'podman'] as const) : (['podman', 'berth'] as const))
    crashes[side].push(await crash(bed, side));
await bed.sh(`systemctl stop ${Object.values(UNITS).join(' ')}`);

const of = (side: Side, what: keyof Crash): number => middle(crashes[side].map((one) => one[what]));
const line = (title: string, what: keyof Crash): string[] => {
  const [mine, peer] = [of('berth', what), of('podman', what)];
  return [title, figure(mine), figure(peer), ratio(mine, peer)];
};
writeJson('bench-crash', { runtime: RUNTIME, rounds: ROUNDS, restartMs: RESTART_MS, crashes });
printTable([
  ['kill -9 of the payload', 'Berth', 'Podman, Quadlet', 'ratio'],
  line('until systemd sees the end, ms', 'seenMs'),
  line('until the unit is active again, ms', 'backMs'),
  line('CPU time of the machine, ms', 'cpuMs'),
]);
console.log(
  `\nmedians of ${ROUNDS} alternating rounds; RestartSec=${RESTART_MS}ms is in the second line, on both sides`,
);

async function crash(machine: Bed, side: Side): Promise<Crash> {
  const unit = UNITS[side];
  const before = await show(machine, unit);
  const pid = payloadOf(machine, unit);
  const cpuBefore = await cpuUsec(machine);
  // CLOCK_MONOTONIC, as systemd's timestamps are.
  const killed = Number(process.hrtime.bigint()) / 1e6;
  process.kill(pid, 'SIGKILL');
  const after = await until(`${unit} is active again`, async () => {
    const now = await show(machine, unit);
    return now.state === 'active' && now.restarts > before.restarts ? now : undefined;
  });
  return {
    seenMs: after.exitMs - killed,
    backMs: after.enterMs - killed,
    cpuMs: ((await cpuUsec(machine)) - cpuBefore) / 1000,
  };
}

/** Its pid out here: cgroup.procs tells each reader the one of the reader's own namespace (cgroups(7)). */
function payloadOf(machine: Bed, unit: string): number {
  const cgroup = machine.path(`/sys/fs/cgroup/system.slice/${unit}`);
  const pids = globSync(`${cgroup}/**/cgroup.procs`).flatMap(
    (file) => readFileSync(file, 'utf8').match(/\d+/g) ?? [],
  );
  const payload = pids.find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n');
  if (payload === undefined) throw new Error(`${unit} has no payload`);
  return Number(payload);
}

async function show(
  machine: Bed,
  unit: string,
): Promise<{ state: string; restarts: number; enterMs: number; exitMs: number }> {
  const properties = [
    'ActiveState',
    'NRestarts',
    'ActiveEnterTimestampMonotonic',
    'ActiveExitTimestampMonotonic',
  ];
  const text = await machine.ok(['systemctl', 'show', `--property=${properties.join(',')}`, unit], {
    quick: true,
  });
  const [state = '', restarts, enter, exit] = properties.map(
    (name) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1],
  );
  return { state, restarts: Number(restarts), enterMs: Number(enter) / 1000, exitMs: Number(exit) / 1000 };
}
