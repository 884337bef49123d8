/**
 * `npm run bench -- network [ROUNDS]`: what a network costs a container's start and stop, beside Podman's in the same bed: none,
 * the default bridge, a bridge with names and a published port. Medians of alternating rounds.
 */
import { bootForBench } from './machine.ts';
import { measure, type Row } from './rows.ts';

const ROUNDS = Number(process.argv[2] ?? 15);

/** Flags of create, whose containers are called after them. */
const CASES: Record<string, string> = {
  none: '--network none',
  bridge: '--network bridge',
  names: '--network front',
  port: '--network front -p HOST:80',
};

const PAYLOAD = `--stop-timeout 2 busybox sh -c 'trap "exit 0" TERM; while :; do sleep 1000 & wait; done'`;

const ROWS: Row[] = Object.keys(CASES).flatMap((name) => [
  {
    title: `start, ${name}`,
    berth: `berth start mine-${name}`,
    podman: `podman start peer-${name}`,
    after: `systemctl stop berth-mine-${name}; podman stop peer-${name}`,
  },
  {
    title: `stop, ${name}`,
    before: `systemctl start berth-mine-${name}; podman start peer-${name}`,
    berth: `berth stop mine-${name}`,
    podman: `podman stop peer-${name}`,
  },
]);

await using bed = await bootForBench({ name: 'bench-network', images: ['busybox'] });
await bed.sh(`
  echo nameserver 192.0.2.53 >/etc/resolv.conf
  berth load -q -i /images/busybox.tar; podman load -q -i /images/busybox.tar
  berth network create --subnet 10.91.0.0/24 front
  ${Object.entries(CASES)
    .flatMap(([name, flags]) => [
      `berth create --name mine-${name} ${flags.replace('HOST', '8080')} ${PAYLOAD}`,
      `podman create --name peer-${name} ${flags.replace('HOST', '8081')} ${PAYLOAD}`,
    ])
    .join('\n  ')}`);
const results = await measure(bed, ROWS, ROUNDS);
const line = (title: string, ...cells: string[]): string =>
  title.padEnd(24) + cells.map((cell) => cell.padStart(12)).join('');
console.log(line(`medians of ${ROUNDS} rounds`, 'Berth ms', 'Podman ms', 'ratio'));
for (const { title, berth, podman } of results) {
  const peer = podman?.wallMs ?? Number.NaN;
  console.log(line(title, berth.wallMs.toFixed(0), peer.toFixed(0), (berth.wallMs / peer).toFixed(2)));
}
