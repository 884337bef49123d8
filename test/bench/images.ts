/**
 * `npm run bench -- images [ROUNDS [ROW…]]`: what `load` costs, beside Podman's in the same bed: time, CPU, the largest resident
 * set of one process in any round, and, in loads of their own that nobody times, what all its processes have in memory together.
 * The rounds alternate; each begins with an empty store that has its database, and with the archive in the page cache.
 * Then layers of one and four gigabytes, and one of a million empty files, which show what memory depends on.
 *
 * A store is new each time, and none is removed meanwhile: for minutes ext4 does not give the inodes of removed files to new ones,
 * but looks at each of them again and again, which made twenty thousand files take ten times as long.
 */
import type { Bed } from '../bed/bed.ts';
import type { ImageName } from '../bed/images.ts';
import { bootInstalled } from '../bed/installed.ts';
import { median, type Sample, sample } from './sample.ts';
import { treeMemory } from './tree-memory.ts';

const ROUNDS = Number(process.argv[2] ?? 7);
const ROWS = process.argv.slice(3);
/** A busy machine takes its time for a million files. */
const PATIENCE = { timeoutMs: 3_600_000 };
const IMAGES: ImageName[] = ['busybox', 'redis', 'many'];

/** Makes /var/tmp/NAME.tar, a docker-archive of one layer, out of the commands that fill the current folder. */
const archiveOf = (name: string, fill: string): string => `
  mkdir -p /var/tmp/work/layer && cd /var/tmp/work/layer && ${fill}
  tar --create --sort=name --file=../layer.tar . && cd .. && rm -rf layer
  diff_id=$(sha256sum layer.tar | cut -d ' ' -f 1)
  printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' $diff_id >config
  config=$(sha256sum config | cut -d ' ' -f 1)
  mv config $config.json
  printf '[{"Config":"%s.json","RepoTags":["localhost/${name}:latest"],"Layers":["layer.tar"]}]' $config >manifest.json
  tar --create --file=/var/tmp/${name}.tar layer.tar $config.json manifest.json
  cd / && rm -rf /var/tmp/work`;

const GIGABYTE =
  'for i in 1 2 3 4 5 6 7 8; do head -c 128M /dev/urandom >file-$i; done; for i in $(seq 100); do echo $i >small-$i; done';
const FOUR = 'for i in 1 2 3 4; do head -c 1G /dev/zero >file-$i; done';
const MILLION = 'for d in $(seq 1000); do mkdir $d; (cd $d && seq 1000 | xargs touch); done';

let stores = 0;
await using bed = await bootInstalled({ name: 'bench-images', images: IMAGES });
console.log(
  `Podman's storage driver: ${(await bed.sh('podman info --format {{.Store.GraphDriverName}}')).trim()}`,
);
console.log(
  `medians of ${ROUNDS} alternating rounds${' '.repeat(12)}Berth      Podman   ratio    Berth CPU   Podman CPU   largest process        all processes`,
);
for (const image of IMAGES.filter(isWanted))
  await compare(bed, image, { archive: `/images/${image}.tar`, rounds: ROUNDS });
for (const [name, fill, rounds] of [
  ['gigabyte', GIGABYTE, Math.min(ROUNDS, 3)],
  ['four-gigabytes', FOUR, 1],
  ['million', MILLION, 1],
] as const) {
  if (!isWanted(name)) continue;
  await bed.sh(archiveOf(name, fill), PATIENCE);
  await compare(bed, name, { archive: `/var/tmp/${name}.tar`, rounds });
  await bed.sh(`rm /var/tmp/${name}.tar`);
}

function isWanted(row: string): boolean {
  return ROWS.length === 0 || ROWS.includes(row);
}

async function compare(
  machine: Bed,
  title: string,
  { archive, rounds }: { archive: string; rounds: number },
): Promise<void> {
  const commands = {
    berth: (store: string) => `env BERTH_ROOT=/var/lib/berth/${store} berth`,
    podman: (store: string) => `podman --root /var/lib/containers/${store} --runroot /run/${store}`,
  };
  const samples: Record<keyof typeof commands, Sample[]> = { berth: [], podman: [] };
  const peaks = { berth: 0, podman: 0 };
  const trees = { berth: 0, podman: 0 };
  const prepare = async (who: keyof typeof commands): Promise<{ load: string; mark: string }> => {
    stores += 1;
    const command = commands[who](String(stores));
    await machine.sh(`${command} images; cat ${archive} >/dev/null; sync`, PATIENCE);
    return {
      load: `/usr/bin/time -q -o /tmp/peak -f '%M %x' ${command} load -q -i ${archive}`,
      mark: `%M %x ${command}`.replaceAll(' ', '\0').replace('\0', ' '),
    };
  };
  for (let round = 0; round < rounds; round++)
    for (const who of round % 2 === 0 ? (['berth', 'podman'] as const) : (['podman', 'berth'] as const)) {
      const { load } = await prepare(who);
      samples[who].push(await sample(machine, load, PATIENCE));
      const [peak = 0, code] = (await machine.ok(['cat', '/tmp/peak'])).trim().split(' ').map(Number);
      if (code !== 0) throw new Error(`${load}: ${await machine.ok(['cat', '/tmp/err'])}`);
      peaks[who] = Math.max(peaks[who], peak);
    }
  for (let round = 0; round < rounds; round++)
    for (const who of ['berth', 'podman'] as const) {
      const { load, mark } = await prepare(who);
      const peak = await treeMemory(mark, () => machine.sh(load, PATIENCE));
      if (peak === 0) throw new Error(`no process of ${load} was seen`);
      trees[who] = Math.max(trees[who], peak);
    }
  const [mine, peer] = [median(samples.berth), median(samples.podman)];
  const ms = (value: number): string => `${value.toFixed(0)} ms`.padStart(11);
  const mb = (kb: number): string => `${(kb / 1024).toFixed(0)} MB`.padStart(9);
  console.log(
    `${title.padEnd(30)}${ms(mine.wallMs)} ${ms(peer.wallMs)} ${(mine.wallMs / peer.wallMs).toFixed(2).padStart(7)}  ${ms(mine.cpuMs)}  ${ms(peer.cpuMs)} ${mb(peaks.berth)} ${mb(peaks.podman)} ${mb(trees.berth)} ${mb(trees.podman)}`,
  );
}
