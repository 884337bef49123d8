/**
 * `npm run bench -- health [ROUNDS]`: what health checks cost, beside Podman's in the same bed. One check of a healthy container as
 * its timer runs it; fifty containers with a check each ten seconds for a minute, beside fifty timers of systemd that run
 * nothing at all; and thousands of checks of a command that is not there, which must leave the database and `ps` as they were.
 */
import type { Bed } from '../bed/bed.ts';
import { bootInstalled } from '../bed/installed.ts';
import { cpuUsec, median, type Sample, sample } from './sample.ts';
import { ratio } from './table.ts';

const ROUNDS = Number(process.argv[2] ?? 25);
const CONTAINERS = 50;
const INTERVAL_S = 10;
const WATCHED_S = 60;
const FAILING = 20_000;

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
    "berth-check (the timer's)": `${clean} ${checkOf(id.trim())}`,
    "podman healthcheck run (the timer's)": `${clean} podman healthcheck run --ignore-result peer`,
    'berth healthcheck run': `${clean} berth healthcheck run mine`,
    'berth-healthcheck (when there is news)': `${clean} /usr/libexec/berth/berth-healthcheck ${id.trim()}`,
    'the floor: crun exec': `${clean} crun --root /run/berth/crun exec ${id.trim()} true`,
  };
  // The first one is news.
  await machine.sh('berth healthcheck run mine');
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
  const flags = `--health-cmd true --health-interval ${INTERVAL_S}s --stop-timeout 0`;
  console.log(
    `\n${CONTAINERS} containers, a check each ${INTERVAL_S} s, for ${WATCHED_S} s; all of the machine's CPU time`,
  );
  await watch(machine, 'Berth', {
    begin: names.map(
      (name) => `berth run -d --name ${name} --runtime /usr/bin/crun ${flags} busybox sleep 100000`,
    ),
    end: [`berth rm -f ${names.join(' ')}`],
  });
  await watch(machine, 'Podman', {
    begin: names.map((name) => `podman run -d --network none --name ${name} ${flags} busybox sleep 100000`),
    end: [`podman rm -f -t 0 ${names.join(' ')}`],
  });
  await watch(machine, 'timers of systemd that run true', {
    begin: names.map(
      (name) =>
        `systemd-run --quiet --unit=${name} --on-active=0 --on-unit-inactive=${INTERVAL_S}s --timer-property=AccuracySec=1s --property=LogLevelMax=notice true`,
    ),
    end: [`systemctl stop ${names.map((name) => `${name}.timer`).join(' ')}`],
  });
}

async function watch(
  machine: Bed,
  title: string,
  { begin, end }: { begin: readonly string[]; end: readonly string[] },
): Promise<void> {
  for (const line of begin) await machine.sh(`${line} >/dev/null`);
  // The starts and their first checks are over.
  await machine.sh(`sleep ${INTERVAL_S}`);
  const before = await cpuUsec(machine);
  await machine.sh(`sleep ${WATCHED_S}`);
  const usec = (await cpuUsec(machine)) - before;
  for (const line of end) await machine.sh(`${line} >/dev/null`);
  const checks = (CONTAINERS * WATCHED_S) / INTERVAL_S;
  console.log(
    `  ${title.padEnd(38)} ${((100 * usec) / (WATCHED_S * 1e6)).toFixed(1).padStart(5)} % of one core, about ${(usec / 1000 / checks).toFixed(1)} ms a check`,
  );
}

async function failingChecks(machine: Bed): Promise<void> {
  await machine.sh(
    'berth run -d --name failing --health-cmd \'["/nosuch", "program"]\' --health-interval disable --stop-timeout 0 busybox sleep 100000 >/dev/null',
  );
  const id = (await machine.sh(`berth inspect --format '{{.Id}}' failing`)).trim();
  const check = (count: number): Promise<string> =>
    machine.sh(`for i in $(seq ${count}); do ${checkOf(id)} 2>/dev/null; done`);
  const facts = async (): Promise<string> => {
    const ps: Sample[] = [];
    for (let round = 0; round < 9; round++) ps.push(await sample(machine, 'berth ps -a'));
    const bytes = await machine.sh('cat /var/lib/berth/berth.db /var/lib/berth/berth.db-wal | wc -c');
    return `${(Number(bytes) / 1000).toFixed(0)} kB of database and log, ps ${median(ps).wallMs.toFixed(0)} ms`;
  };
  await check(100);
  console.log(`\nafter    100 checks of a command that is not there: ${await facts()}`);
  for (let done = 100; done < FAILING; done += 1000) await check(Math.min(1000, FAILING - done));
  console.log(`after ${FAILING} of them: ${await facts()}`);
  await machine.sh('berth rm -f failing >/dev/null');
}

/** As the timer has it: src/wiring/systemd.ts. */
function checkOf(id: string): string {
  return `/usr/libexec/berth/berth-check /run/berth/containers/${id}/steady ${id}`;
}
