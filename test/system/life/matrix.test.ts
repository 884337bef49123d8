/** Every verb in every state: what the transition table (model/state.ts) says of it is what happens, with Podman's words. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ContainerStatus, displayStatus } from '../../../src/model/state.ts';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree, showUnit } from '../../support/agree.ts';
import { bootWith, leavingNothing, type RuntimeName } from '../../support/machine.ts';
import { quote } from '../../support/peer.ts';
import { type Cell, cellOf, REACH, VERBS } from './matrix.ts';

const STATUSES = Object.keys(REACH) as ContainerStatus[];

/** As many at once as a small machine has processors. */
const LANES = 2;

/** What systemd calls a unit whose container is on its way, or cut short; of all others agree.ts knows it. */
const ON_THE_WAY: Record<string, RegExp> = {
  stopping: /^deactivating$/,
  stopped: /^(inactive|failed)$/,
  removing: /^inactive$/,
};

/** One state with one runtime: the cells, and what came of them. */
interface Group {
  runtime: RuntimeName;
  status: ContainerStatus;
  cells: Cell[];
  answers: Cell['answer'][];
  /** Why systemd and Berth did not agree. */
  disagreement?: unknown;
}

const GROUPS: Group[] = STATUSES.flatMap((status) => {
  const cells = (verbs: typeof VERBS): Cell[] => verbs.flatMap((verb) => cellOf(verb, status) ?? []);
  const byRuntime = cells(VERBS.filter((verb) => verb.byRuntime)).filter((one) => one.verdict === 'allowed');
  return [
    { runtime: 'crun' as const, status, cells: cells(VERBS), answers: [] },
    { runtime: 'runc' as const, status, cells: byRuntime, answers: [] },
  ].filter((group) => group.cells.length > 0);
});

describe('life: matrix', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('matrix');
    await leavingNothing(bed, async () => {
      const lanes = Array.from({ length: LANES }, (_, lane) => GROUPS.filter((_, n) => n % LANES === lane));
      await Promise.all(
        lanes.map(async (groups) => {
          for (const group of groups) await run(bed, group);
        }),
      );
    });
  });
  after(() => bed?.close());

  for (const group of GROUPS) {
    describe(`with ${group.runtime}, a container that is ${displayStatus(group.status)}:`, () => {
      for (const [index, { line, verdict, answer }] of group.cells.entries())
        test(`${line} is ${verdict}`, () => assert.deepEqual(group.answers[index], answer));
      test('systemd and Berth agree about it afterwards', () => assert.ifError(group.disagreement));
    });
  }
});

/** Containers for the cells of a group: one of its own for each that leads somewhere, one for all that change nothing. */
function nameOf({ runtime, status }: Group, { alone }: Cell, index: number): string {
  return `${runtime}-${status}-${alone ? index : 'shared'}`;
}

async function run(bed: Bed, group: Group): Promise<void> {
  const { runtime, status, cells } = group;
  const named = cells.map((cell, index) => ({ cell, name: nameOf(group, cell, index) }));
  const names = [...new Set(named.map(({ name }) => name))];
  const { code, stdout, stderr } = await bed.run(
    [
      'sh',
      '-euc',
      `runtime=${runtime}; ${FUNCTIONS}
       reach() { ${REACH[status]}; }; reach ${names.join(' ')} >/dev/null
       ${named.map(({ cell, name }) => `line ${name} ${quote(cell.line.replaceAll('%', name))}`).join('\n')}`,
    ],
    { timeoutMs: 600_000 },
  );
  assert.deepEqual([code, stderr], [0, ''], `${status} with ${runtime}`);
  const fields = stdout.split('\0');
  group.answers = named.map(({ name }, index) => {
    const [code, said = '', after = ''] = fields.slice(3 * index);
    return { code: Number(code), said: withoutNames(said, name), after };
  });
  const last = new Map(named.map(({ name }, index) => [name, group.answers[index]?.after ?? '']));
  group.disagreement = await assertAllAgree(bed, last).catch((error: unknown) => error);
  const left = names.filter((name) => last.get(name) !== 'gone');
  await bed.ok(['berth', 'rm', '--force', '--time', '0', ...left], { quick: true });
}

/** The container's name and ID as the table has them, and how long a stop has waited, which is the machine's affair. */
function withoutNames(text: string, name: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{64}\b/g, 'ID')
    .replaceAll(name, '%')
    .replace(/ in \d+ seconds, /, ' in N seconds, ');
}

/** Names and the states that Berth last told of them. */
async function assertAllAgree(bed: Bed, states: Map<string, string>): Promise<void> {
  const settled = [...states].filter(([, state]) => state !== 'gone' && !(state in ON_THE_WAY));
  if (settled.length > 0) await assertAgree(bed, ...settled.map(([name]) => name));
  for (const [name, state] of states)
    if (state in ON_THE_WAY)
      assert.match((await showUnit(bed, name)).ActiveState, ON_THE_WAY[state] ?? /^$/, name);
}

/** `line` prints exit code, standard error and the state afterwards, as fields that end in NUL. */
const FUNCTIONS = `
  cd "$(mktemp -d)"; trap 'rm -r "$PWD"' EXIT; grace=0
  make() {
    for name; do
      berth create --name $name --runtime $runtime --stop-timeout $grace --health-cmd true --health-interval disable busybox sleep 100000
    done
  }
  units() { for name; do echo berth-$name; done; }
  state() { berth inspect --format '{{.State.Status}}' $1 2>/dev/null || echo gone; }
  is() { [ "$(state $2)" = $1 ]; }
  touch passwd
  line() {
    code=0; eval "timed() { $2; }"; timed >out 2>err </dev/null || code=$?
    printf '%s\\0%s\\0%s\\0' $code "$(cat err)" "$(state $1)"
  }`;
