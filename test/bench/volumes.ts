/**
 * `npm run bench -- volumes [ROUNDS]`: the start that fills a new volume with what the image has there: nothing, or twenty thousand
 * small files. Beside it, what such a start takes of both without a volume.
 */
import { bootForBench, RUNTIME } from './machine.ts';
import { linesOf, measure, type Row } from './rows.ts';
import { printTable, writeJson } from './table.ts';

const ROUNDS = Number(process.argv[2] ?? 7);
const PAYLOAD = '--stop-timeout 0 many sleep 1000000';

/** Each time another container, with a volume that nobody has filled yet. */
function row(title: string, flags: string): Row {
  return {
    title,
    before: `berth create --name mine ${flags} ${PAYLOAD}; podman create --network none --name peer ${flags} ${PAYLOAD}; sync`,
    berth: 'berth start mine',
    podman: 'podman start peer',
    after: 'berth rm -f -t 0 mine; podman rm -f -t 0 peer; berth volume rm -f new; podman volume rm -f new',
  };
}

await using bed = await bootForBench({ name: 'bench-volumes', images: ['many'] });
await bed.sh('berth load -q -i /images/many.tar; podman load -q -i /images/many.tar');
const results = await measure(
  bed,
  [
    row('start without a volume', ''),
    row('start with an empty one', '-v new:/empty'),
    row('start that copies 20,000 files', '-v new:/many'),
  ],
  ROUNDS,
);
// What is to be measured has happened.
for (const engine of ['berth', 'podman']) {
  const files = await bed.sh(
    `${engine} run --rm --network none -v new:/many many sh -c 'find /many -type f | wc -l'; ${engine} volume rm new >/dev/null`,
  );
  if (Number(files) !== 20_000) throw new Error(`${engine} has copied ${files.trim()} files`);
}
writeJson('bench-volumes', { rounds: ROUNDS, runtime: RUNTIME, results });
printTable(linesOf(results));
console.log(`\nmedians of ${ROUNDS} alternating rounds; CPU is that of the command, not of the unit`);
