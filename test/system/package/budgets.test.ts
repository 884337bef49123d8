/**
 * What commands and entry points ask of the machine: programs, waits for the disk, messages to systemd. Unlike times these do not
 * drift with the machine. Whoever needs more than the budget says why, there; whoever needs less lowers it.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { inspect } from '../../support/agree.ts';
import {
  berth,
  bootWith,
  createShell,
  leavingNothing,
  RUNTIMES,
  remove,
  script,
  systemctl,
} from '../../support/machine.ts';

interface Cost {
  /** execve(2) of what lies on the host: the command's own two (bin/berth and the program), conmon and the runtime included. */
  programs: number;
  /** fsync(2) and fdatasync(2). */
  syncs: number;
  /** Method calls over the bus, those that open it included. */
  messages: number;
}

/** Commands of a person, in the order in which they are given. */
const COMMANDS: [command: string, budget: Cost][] = [
  ['version', { programs: 2, syncs: 0, messages: 0 }],
  [
    'create --name b --runtime RUNTIME busybox sh -c "trap \'exit 0\' TERM; sleep 1000 & wait"',
    { programs: 2, syncs: 8, messages: 3 },
  ],
  ['ps --all', { programs: 2, syncs: 0, messages: 0 }],
  ['inspect b', { programs: 2, syncs: 0, messages: 0 }],
  ['start b', { programs: 2, syncs: 0, messages: 5 }],
  ['exec b true', { programs: 4, syncs: 3, messages: 0 }],
  // Up to five of them ask whether systemd has come to the stop; mostly it is one. That the signal was sent is kept, too.
  ['stop b', { programs: 3, syncs: 4, messages: 11 }],
  ['container cleanup b', { programs: 2, syncs: 0, messages: 9 }],
  ['rm b', { programs: 2, syncs: 3, messages: 5 }],
];

/** What units run; after a plain stop berth-cleanup finds nothing to do, and only removes the receipt. */
const ENTRIES: [entry: string, budget: Cost][] = [
  ['berth-start', { programs: 5, syncs: 2, messages: 0 }],
  ['berth-stop', { programs: 3, syncs: 3, messages: 0 }],
  ['berth-cleanup', { programs: 2, syncs: 0, messages: 0 }],
];

const STRACE =
  '/usr/bin/strace -D -f -qq -s 400 --seccomp-bpf -e trace=execve,fsync,fdatasync,sendto,sendmsg -o';

describe('budgets', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('busybox');
  });
  after(() => bed.close());

  async function costIn(file: string): Promise<Cost> {
    const lines = (await script(bed, `cat ${file}`)).split('\n');
    const count = (pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length;
    return {
      programs: count(/ execve\("\/usr\/.* = 0$/),
      syncs: count(/ (fsync|fdatasync)\(/),
      messages: count(/ send(to|msg)\(.*org\.freedesktop\./),
    };
  }

  function assertWithin(what: string, cost: Cost, budget: Cost): void {
    for (const key of Object.keys(budget) as (keyof Cost)[])
      assert.ok(cost[key] <= budget[key], `${what}: ${cost[key]} ${key}, the budget is ${budget[key]}`);
  }

  for (const runtime of RUNTIMES) {
    test(`hold for each command of a person (${runtime})`, () =>
      leavingNothing(bed, async () => {
        await berth(bed, 'ps');
        for (const [words, budget] of COMMANDS) {
          const command = words.replace('RUNTIME', runtime);
          await bed.ok(['sh', '-c', `${STRACE.replace(' -D', '')} /run/trace berth ${command}`], {
            quick: true,
          });
          assertWithin(command, await costIn('/run/trace'), budget);
        }
        await script(bed, 'rm /run/trace');
      }));

    test(`hold for what units run (${runtime})`, () =>
      leavingNothing(bed, async () => {
        await createShell(bed, 'b', 'trap "exit 0" TERM; sleep 1000 & wait', ['--runtime', runtime]);
        const { Id } = await inspect(bed, 'b');
        const folder = '/run/systemd/system/berth-b.service.d';
        const traced = (key: string, entry: string): string =>
          `${key}=\n${key}=${STRACE} /run/trace-${entry} /usr/libexec/berth/${entry} ${Id}\n`;
        const text = `[Service]\n${traced('ExecStart', 'berth-start')}${traced('ExecStop', 'berth-stop')}${traced('ExecStopPost', 'berth-cleanup')}`;
        await script(
          bed,
          `mkdir -p ${folder}; cat >${folder}/trace.conf <<'X'\n${text}X\nsystemctl daemon-reload`,
        );
        await systemctl(bed, 'start', 'berth-b');
        await systemctl(bed, 'stop', 'berth-b');
        for (const [entry, budget] of ENTRIES)
          assertWithin(entry, await costIn(`/run/trace-${entry}`), budget);
        await script(bed, `rm -r ${folder} /run/trace-*; systemctl daemon-reload`);
        await remove(bed, 'b');
      }));
  }
});
