/** Many short containers with random exit codes, and whether everybody who waits for one is told the right code. */
import assert from 'node:assert/strict';
import type { Bed } from '../bed/bed.ts';

/** Shells that work side by side. */
const WORKERS = 5;

/** Containers that are made, and asked for, together. */
const BATCH = 10;

/** When the answer is asked for; batches take these in turn. */
export const WAYS = ['before the start', 'while they run', 'after their ends', 'when they are gone'] as const;

/**
 * One worker's share, as a shell: containers that end with a random code, and for each a line `code answer way`, where
 * answer is what wait said. A payload holds its end back until its fifo is written to where it has to be running still.
 */
const WORKER = `
worker=$1 batches=$2
random() { echo $(($(od -An -N1 -tu1 /dev/urandom) % 256)); }
gone() { for id; do while [ -e /var/lib/berth/containers/$id ]; do sleep 0.02; done; done; }
ended() { for name; do while systemctl --quiet is-active berth-$name; do sleep 0.02; done; done; }
for batch in $(seq $batches); do
  names= codes= ids=
  for i in $(seq ${BATCH}); do names="$names short-$worker-$batch-$i"; codes="$codes $(random)"; done
  each() { set -- $codes; for name in $names; do one $name $1; shift; done; }
  case $((batch % ${WAYS.length})) in
    0) way='${WAYS[0]}'
       one() { berth create --rm --name $1 busybox sh -c "exit $2" >/dev/null; }
       # Of one that was only created, wait answers 0 at once, as Podman's.
       each; berth init $names >/dev/null
       berth wait $names >answers-$worker & waiter=$!
       berth start $names >/dev/null; wait $waiter ;;
    1) way='${WAYS[1]}'
       mkfifo hold-$worker
       one() { ids="$ids $(berth run --rm --detach --volume /tmp/short/hold-$worker:/hold --name $1 busybox sh -c "read x </hold; exit $2")"; }
       each
       berth wait $ids >answers-$worker & waiter=$!
       exec 4<>hold-$worker; for name in $names; do echo go >&4; done; wait $waiter
       exec 4>&-; rm hold-$worker ;;
    2) way='${WAYS[2]}'
       one() { berth create --name $1 busybox sh -c "exit $2" >/dev/null; }
       each; berth start $names >/dev/null; ended $names
       berth wait $names >answers-$worker; berth rm $names >/dev/null ;;
    3) way='${WAYS[3]}'
       one() { ids="$ids $(berth run --rm --detach --name $1 busybox sh -c "exit $2")"; }
       each; gone $ids
       berth wait $ids >answers-$worker ;;
  esac
  set -- $codes
  while read -r answer; do echo "$1 $answer $way"; shift; done <answers-$worker
done`;

/** Makes `count` containers in a bed and returns the lines `code answer way` of all; a multiple of 200 gives each way its share. */
export async function shortContainers(bed: Bed, count: number): Promise<string[]> {
  const batches = count / WORKERS / BATCH;
  assert.ok(
    Number.isInteger(batches / WAYS.length),
    `${count} is a multiple of ${WORKERS * BATCH * WAYS.length}`,
  );
  const outputs = await Promise.all(
    Array.from({ length: WORKERS }, (_, worker) =>
      bed.run(['sh', '-c', `mkdir -p /tmp/short; cd /tmp/short; set -- ${worker} ${batches}; ${WORKER}`], {
        timeoutMs: 3_600_000,
      }),
    ),
  );
  return outputs.flatMap(({ stdout, stderr, code }) => {
    assert.equal(stderr, '');
    assert.equal(code, 0);
    return stdout.trim().split('\n');
  });
}

/** Asserts that every line's answer is its code, and that every way has its share. */
export function assertRightAnswers(lines: string[], count: number): void {
  const wrong = lines.filter((line) => !/^(\d+) \1 /.test(line));
  assert.deepEqual(wrong, [], `${wrong.length} of ${lines.length} answers are wrong`);
  assert.equal(lines.length, count);
  for (const way of WAYS)
    assert.equal(lines.filter((line) => line.endsWith(way)).length, count / WAYS.length, way);
}
