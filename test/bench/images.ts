/**
 * `npm run bench -- images [ROUNDS]`: what `load` costs, beside Podman's in the same bed: time, CPU, and the largest resident set.
 * Each round begins without images, but with a database, and with the archive in the page cache; the rounds alternate. Then one layer of four
 * gigabytes and one of a million empty files, which show what memory depends on.
 */
import type { Bed } from '../bed/bed.ts';
import type { ImageName } from '../bed/images.ts';
import { bootInstalled } from '../bed/installed.ts';
import { median, peakMemory, type Sample, sample } from './sample.ts';

const ROUNDS = Number(process.argv[2] ?? 7);
const IMAGES: ImageName[] = ['busybox', 'redis', 'many'];

const FORGET = 'berth rmi --all --force; podman rmi --all --force; sync';

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

await using bed = await bootInstalled({ name: 'bench-images', images: IMAGES });
console.log(
  `Podman's storage driver: ${(await bed.sh('podman info --format {{.Store.GraphDriverName}}')).trim()}`,
);
console.log(
  `medians of ${ROUNDS} alternating rounds${' '.repeat(12)}Berth      Podman   ratio    Berth CPU   Podman CPU   Berth peak   Podman peak`,
);
for (const image of IMAGES) await compare(bed, image, { archive: `/images/${image}.tar`, rounds: ROUNDS });
await bed.sh(archiveOf('gigabyte', GIGABYTE));
await compare(bed, 'gigabyte', { archive: '/var/tmp/gigabyte.tar', rounds: Math.min(ROUNDS, 3) });
await bed.sh('rm /var/tmp/gigabyte.tar');
for (const [name, fill] of [
  ['four gigabytes', FOUR],
  ['a million files', MILLION],
] as const) {
  await bed.sh(archiveOf('extreme', fill));
  await compare(bed, name, { archive: '/var/tmp/extreme.tar', rounds: 1 });
  await bed.sh('rm /var/tmp/extreme.tar');
}

async function compare(
  machine: Bed,
  title: string,
  { archive, rounds }: { archive: string; rounds: number },
): Promise<void> {
  const commands = { berth: `berth load -q -i ${archive}`, podman: `podman load -q -i ${archive}` };
  const samples: Record<keyof typeof commands, Sample[]> = { berth: [], podman: [] };
  const peaks = { berth: 0, podman: 0 };
  for (let round = 0; round < rounds; round++)
    for (const who of round % 2 === 0 ? (['berth', 'podman'] as const) : (['podman', 'berth'] as const)) {
      await machine.run(['sh', '-c', `${FORGET}; cat ${archive} >/dev/null`]);
      samples[who].push(await sample(machine, commands[who]));
    }
  for (const who of ['berth', 'podman'] as const) {
    await machine.run(['sh', '-c', FORGET]);
    peaks[who] = await peakMemory(machine, commands[who]);
  }
  await machine.run(['sh', '-c', FORGET]);
  const [mine, peer] = [median(samples.berth), median(samples.podman)];
  const ms = (value: number): string => `${value.toFixed(0)} ms`.padStart(11);
  const mb = (kb: number): string => `${(kb / 1024).toFixed(0)} MB`.padStart(12);
  console.log(
    `${title.padEnd(30)}${ms(mine.wallMs)} ${ms(peer.wallMs)} ${(mine.wallMs / peer.wallMs).toFixed(2).padStart(7)}  ${ms(mine.cpuMs)}  ${ms(peer.cpuMs)} ${mb(peaks.berth)} ${mb(peaks.podman)}`,
  );
}
