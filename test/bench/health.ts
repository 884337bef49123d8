/**
 * `npm run bench -- health [ROUNDS]`: what health checks cost, beside Podman's in the same bed. One check of a healthy container as
 * its timer runs it; fifty containers with a check each ten seconds for a minute; and thousands of checks of a command that
 * is not there, which must leave the database and `ps` as they were.
 */
import type { Bed } from '../bed/bed.ts';
import { bootInstalled } from '../bed/installed.ts';
import { median, type Sample, sample } from './sample.ts';

const ROUNDS = Number(process.argv[2] ?? 25);
const CONTAINERS = 50;
const INTERVAL_S = 10;
const WATCHED_S = 60;
const FAILING = 2000;

await using bed = await bootInstalled({ name: 'bench-health', images: ['busybox'] });
await bed.sh('berth load -q -i /images/busybox.tar; podman load -q -i /images/busybox.tar');
await oneCheck(bed);
await manyTimers(bed);
await failingChecks(bed);

async function oneCheck(machine: Bed): Promise<void> {
  const flags =
    '--runtime /usr/bin/crun --health-cmd true --health-interval disable --stop-timeout 0 busybox sleep 100000';
  await machine.sh(
    `berth create --name mine ${flags}; berth start mine; podman run -d --network none --name peer ${flags}`,
  );
  const id = await machine.sh(`berth inspect --format '{{.Id}}' mine`);
  // As units run it: with an environment of their own.
  const clean = 'env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const commands = {
    "berth-healthcheck (the timer's)": `${clean} /usr/libexec/berth/berth-healthcheck ${id.trim()}`,
    "podman healthcheck run (the timer's)": `${clean} podman healthcheck run --ignore-result peer`,
    'berth healthcheck run': `${clean} berth healthcheck run mine`,
    'the floor: crun exec': `${clean} crun --root /run/berth/crun exec ${id.trim()} true`,
  };
  const samples = new Map<string, Sample[]>();
  for (let round = 0; round < ROUNDS; round++)
    for (const [title, command] of Object.entries(commands))
      samples.set(title, [...(samples.get(title) ?? []), await sample(machine, command)]);
  const results = [...samples].map(([title, all]): [string, Sample] => [title, median(all)]);
  const peer = results[1]?.[1];
  console.log(`one check of a healthy container, medians of ${ROUNDS} alternating rounds, crun`);
  for (const [title, { wallMs, cpuMs }] of results)
    console.log(
      `  ${title.padEnd(38)} ${wallMs.toFixed(0).padStart(4)} ms, ${cpuMs.toFixed(0).padStart(4)} ms CPU; of Podman's: ${ratio(wallMs, peer?.wallMs)} and ${ratio(cpuMs, peer?.cpuMs)}`,
    );
  await machine.sh('berth rm -f mine; podman rm -f -t 0 peer');
}

async function manyTimers(machine: Bed): Promise<void> {
  const names = Array.from({ length: CONTAINERS }, (_, index) => `many${index}`);
  for (const name of names)
    await machine.sh(
      `berth run -d --name ${name} --health-cmd true --health-interval ${INTERVAL_S}s --stop-timeout 0 busybox sleep 100000 >/dev/null`,
    );
  // The starts and their first checks are over.
  await machine.sh(`sleep ${INTERVAL_S}`);
  const before = await cpuUsec(machine);
  await machine.sh(`sleep ${WATCHED_S}`);
  const usec = (await cpuUsec(machine)) - before;
  const checks = (CONTAINERS * WATCHED_S) / INTERVAL_S;
  console.log(
    `\n${CONTAINERS} containers, a check each ${INTERVAL_S} s, for ${WATCHED_S} s: ${((100 * usec) / (WATCHED_S * 1e6)).toFixed(1)} % of one core, everything in the machine counted (systemd, journal, bus, payloads); about ${(usec / 1000 / checks).toFixed(0)} ms a check`,
  );
  await machine.sh(`berth rm -f ${names.join(' ')} >/dev/null`);
}

async function failingChecks(machine: Bed): Promise<void> {
  await machine.sh(
    'berth run -d --name failing --health-cmd \'["/nosuch", "program"]\' --health-interval disable --stop-timeout 0 busybox sleep 100000 >/dev/null',
  );
  const id = (await machine.sh(`berth inspect --format '{{.Id}}' failing`)).trim();
  const check = (count: number): Promise<string> =>
    machine.sh(`for i in $(seq ${count}); do /usr/libexec/berth/berth-healthcheck ${id} 2>/dev/null; done`);
  const facts = async (): Promise<string> => {
    const ps: Sample[] = [];
    for (let round = 0; round < 9; round++) ps.push(await sample(machine, 'berth ps -a'));
    const bytes = await machine.sh('cat /var/lib/berth/berth.db /var/lib/berth/berth.db-wal | wc -c');
    return `${(Number(bytes) / 1000).toFixed(0)} kB of database and log, ps ${median(ps).wallMs.toFixed(0)} ms`;
  };
  await check(100);
  console.log(`\nafter    100 checks of a command that is not there: ${await facts()}`);
  for (let done = 100; done < FAILING; done += 100) await check(100);
  console.log(`after ${FAILING} of them: ${await facts()}`);
  await machine.sh('berth rm -f failing >/dev/null');
}

/** CPU time of everything in the machine since its boot, in µs: cpu.stat needs no controller (cgroups(7)). */
async function cpuUsec(machine: Bed): Promise<number> {
  return Number(
    await machine.sh("awk '/^usage_usec/ { sum += $2 } END { print sum }' /sys/fs/cgroup/*/cpu.stat"),
  );
}

function ratio(mine: number, peer = Number.NaN): string {
  return (mine / peer).toFixed(2);
}
