/** Ends that nobody asked for: what they leave, who restarts, and that a stop wins. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree, atRest, showUnit } from '../../support/agree.ts';
import { query } from '../../support/database.ts';
import {
  berth,
  bootWith,
  createShell,
  leavingNothing,
  RUNTIMES,
  remove,
  script,
  systemctl,
  until,
} from '../../support/machine.ts';

/** How a payload ends, and what is to be seen of it. */
const ENDS = [
  { name: 'zero', command: ['sh', '-c', 'exit 0'], exitCode: 0 },
  { name: 'three', command: ['sh', '-c', 'exit 3'], exitCode: 3 },
  { name: 'missing', command: ['sh', '-c', 'exit 127'], exitCode: 127 },
  { name: 'most', command: ['sh', '-c', 'exit 255'], exitCode: 255 },
  { name: 'segfault', command: ['/crash/crash'], exitCode: 139 },
];

describe('life: crashes', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('crashes');
    await script(
      bed,
      `mkdir /srv/crash && echo ${faultingProgram().toString('base64')} | base64 -d >/srv/crash/crash && chmod 755 /srv/crash/crash`,
    );
  });
  after(() => bed.close());

  for (const runtime of RUNTIMES) {
    const flags = ['--runtime', runtime];

    test(`with ${runtime}, a payload that ends by itself leaves its exit code, and a failed unit unless that is 0`, () =>
      leavingNothing(bed, async () => {
        const names = ENDS.map(({ name }) => name);
        for (const { name, command } of ENDS)
          await berth(
            bed,
            ...['create', '--name', name, ...flags, '-v', '/srv/crash:/crash', 'busybox', ...command],
          );
        // Twice: a failed unit starts again without reset-failed.
        for (const round of [1, 2]) {
          await berth(bed, 'start', ...names);
          await atRest(bed, ...names);
          const facts = await assertAgree(bed, ...names);
          for (const [index, { name, exitCode }] of ENDS.entries()) {
            const { unit, container } = facts[index] ?? assert.fail();
            assert.deepEqual(
              [unit.ActiveState, unit.Result, container.State.ExitCode, container.State.StoppedByUser],
              exitCode === 0 ? ['inactive', 'success', 0, false] : ['failed', 'exit-code', exitCode, false],
              `round ${round} of ${name}`,
            );
          }
        }
        const journal = await bed.journal('-o', 'cat', '-u', 'berth-*');
        assert.doesNotMatch(journal, /unset environment variable/, 'systemd has nothing to complain about');
        await remove(bed, ...names);
      }));

    test(`with ${runtime}, --restart on-failure restarts a crash with growing delays, and leaves success alone`, () =>
      leavingNothing(bed, async () => {
        await createShell(bed, 'crash', 'exit 3', [...flags, '--restart', 'on-failure']);
        await createShell(bed, 'fine', 'exit 0', [...flags, '--restart', 'on-failure']);
        const seen = [inSeconds((await showUnit(bed, 'crash')).RestartUSecNext)];
        await berth(bed, 'start', 'crash', 'fine');
        await until('five restarts', async () => {
          const { NRestarts, RestartUSecNext } = await showUnit(bed, 'crash');
          const next = inSeconds(RestartUSecNext);
          if (next !== seen.at(-1)) seen.push(next);
          return Number(NRestarts) >= 5 || undefined;
        });
        assert.ok(seen.length >= 2, `delays seen: ${seen}`);
        assert.deepEqual(
          seen,
          [...seen].sort((a, b) => a - b),
          'delays only grow',
        );
        await atRest(bed, 'fine');
        const [fine] = await assertAgree(bed, 'fine');
        assert.deepEqual([fine?.unit.ActiveState, fine?.unit.NRestarts], ['inactive', '0']);
        await remove(bed, 'crash', 'fine');
      }));

    test(`with ${runtime}, stop and rm win against a crash loop, and do not wait for its next restart`, () =>
      leavingNothing(bed, async () => {
        const ways = [
          ['systemctl', 'stop', 'berth-loop'],
          ['berth', 'stop', 'loop'],
          ['berth', 'rm', '--force', 'loop'],
        ];
        const dropIn = '/run/systemd/system/berth-loop.service.d';
        const never = `printf '[Service]\\nRestartSec=1d\\nRestartSteps=0\\n' >${dropIn}/never.conf`;
        await createShell(bed, 'loop', 'exit 0', [...flags, '--restart', 'always']);
        for (const argv of ways) {
          await berth(bed, 'start', 'loop');
          await until(
            'three restarts',
            async () => Number((await showUnit(bed, 'loop')).NRestarts) >= 3 || undefined,
          );
          // The next restart is as good as never, so that nobody can wait for it.
          await script(bed, `mkdir -p ${dropIn} && ${never} && systemctl daemon-reload`);
          await until(
            'systemd waits for the next restart',
            async () => (await showUnit(bed, 'loop')).SubState === 'auto-restart' || undefined,
          );
          await bed.ok(argv, { quick: true });
          await script(bed, `rm -r ${dropIn}; systemctl daemon-reload`);
          const { ActiveState, SubState, LoadState } = await showUnit(bed, 'loop');
          assert.deepEqual([ActiveState, SubState], ['inactive', 'dead'], argv.join(' '));
          assert.equal(LoadState, argv[1] === 'rm' ? 'not-found' : 'loaded');
        }
      }));

    test(`with ${runtime}, on-failure:2 gives up after two restarts, and a new start counts anew`, () =>
      leavingNothing(bed, async () => {
        const id = await createShell(bed, 'twice', 'exit 3', [...flags, '--restart', 'on-failure:2']);
        for (const start of [1, 2]) {
          await berth(bed, 'start', 'twice');
          await atRest(bed, 'twice');
          const [facts] = await assertAgree(bed, 'twice');
          assert.deepEqual(
            [
              facts?.unit.ActiveState,
              facts?.unit.Result,
              facts?.unit.NRestarts,
              facts?.container.RestartCount,
            ],
            ['failed', 'exit-code', '2', 2],
          );
          const [{ n } = { n: 0 }] = await query<{ n: number }>(
            bed,
            `SELECT count(*) AS n FROM event WHERE id = '${id}' AND status = 'died'`,
          );
          assert.equal(n, 3 * start);
        }
        await remove(bed, 'twice');
      }));

    test(`with ${runtime}, a container made with --rm is gone after its end, however it ended, and its exit record is not`, () =>
      leavingNothing(bed, async () => {
        const killed =
          'StopSignal SIGTERM failed to stop container gone in 1 seconds, resorting to SIGKILL\n';
        const ends: [string, string, string[], number, string?][] = [
          ['by itself', 'exit 0', [], 0],
          ['by a crash', 'exit 5', [], 5],
          [
            'by systemctl stop',
            'trap "exit 6" TERM; sleep 1000 & wait',
            ['systemctl', 'stop', 'berth-gone'],
            6,
          ],
          ['by berth stop', 'exec sleep 1000', ['berth', 'stop', '-t', '1', 'gone'], 137, killed],
        ];
        for (const [how, payload, stop, exitCode, told = ''] of ends) {
          const id = await createShell(bed, 'gone', payload, [...flags, '--rm', '--cidfile', '/tmp/cid']);
          await systemctl(bed, 'enable', 'berth-gone');
          await berth(bed, 'start', 'gone');
          if (stop.length > 0) {
            await until('it waits for its signal', async () => {
              const { code } = await bed.nsenter(['sh', '-c', `pgrep -f '^sleep 1000$'`]);
              return code === 0 || undefined;
            });
            const { code, stderr } = await bed.nsenter(stop);
            assert.deepEqual([code, stderr], [0, told]);
          }
          await until(`it is gone after its end ${how}`, async () => {
            const { LoadState } = await showUnit(bed, 'gone');
            const [{ n } = { n: 1 }] = await query<{ n: number }>(
              bed,
              `SELECT count(*) AS n FROM container WHERE id = '${id}'`,
            );
            return (LoadState === 'not-found' && n === 0) || undefined;
          });
          const records = await query<{ exit_code: number }>(
            bed,
            `SELECT exit_code FROM exit_record WHERE id = '${id}'`,
          );
          assert.deepEqual(records, [{ exit_code: exitCode }], how);
          await script(
            bed,
            `test ! -e /var/lib/berth/containers/${id} && test ! -e /run/berth/containers/${id} && test ! -e /tmp/cid`,
          );
        }
      }));
  }
});

/** systemd.time(7), as far as `systemctl show` uses it for short spans: "1s 234ms". */
function inSeconds(text: string): number {
  const units: Record<string, number> = { us: 1e-6, ms: 1e-3, s: 1, min: 60 };
  const parts = [...text.matchAll(/([\d.]+)(us|ms|s|min)/g)];
  assert.ok(parts.length > 0, text);
  return parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (units[unit] ?? Number.NaN), 0);
}

/** The smallest program that the kernel ends with SIGSEGV: an ELF file whose code is `hlt`. elf(5). */
function faultingProgram(): Buffer {
  const base = 0x400000n;
  const file = Buffer.alloc(121);
  file.write('\x7fELF\x02\x01\x01', 'latin1');
  file.writeUInt16LE(2, 16); // ET_EXEC
  file.writeUInt16LE(62, 18); // EM_X86_64
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(base + 120n, 24); // entry
  file.writeBigUInt64LE(64n, 32); // program headers follow this header
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64); // PT_LOAD
  file.writeUInt32LE(5, 68); // readable, executable
  file.writeBigUInt64LE(base, 80);
  file.writeBigUInt64LE(base, 88);
  file.writeBigUInt64LE(121n, 96);
  file.writeBigUInt64LE(121n, 104);
  file.writeBigUInt64LE(4096n, 112);
  file[120] = 0xf4; // hlt, which only the kernel may do
  return file;
}
