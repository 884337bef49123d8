/** `npm run bench -- soak [COUNT]`: a thousand short containers; fails if one exit code is told wrong or anything is left behind. */
import { bootWith, leavingNothing } from '../support/machine.ts';
import { assertRightAnswers, shortContainers } from '../support/short-containers.ts';

const count = Number(process.argv[2] ?? 1000);
await using bed = await bootWith('soak');
const began = performance.now();
await leavingNothing(bed, async () => assertRightAnswers(await shortContainers(bed, count), count));
const seconds = (performance.now() - began) / 1000;
console.log(
  `${count} containers gave ${count} right answers in ${seconds.toFixed(0)} s, ${((seconds / count) * 1000).toFixed(0)} ms each`,
);
