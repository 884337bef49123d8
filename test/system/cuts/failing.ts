/** Steps that fail instead of being killed; and plans as they are printed and done. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planCleanup } from '../../../src/model/plan/cleanup.ts';
import { planCreate } from '../../../src/model/plan/create.ts';
import { planRemove } from '../../../src/model/plan/remove.ts';
import { planStart } from '../../../src/model/plan/start.ts';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree } from '../../support/agree.ts';
import { config } from '../../support/config.ts';
import { berth, leavingNothing, remove, script, systemctl, until } from '../../support/machine.ts';
import { arrange, assertReached } from './installed.ts';

const CREATE = ['create', '--name', 'f', '--stop-timeout', '5', '--cidfile', '/run/cid-f', '-v', '/mine'];
const PAYLOAD = ['busybox', 'sh', '-c', 'trap "exit 0" TERM; sleep 1000 & wait'];
const whole = config({
  cidFile: '/run/cid-f',
  mounts: [{ type: 'volume', volume: 'v', destination: '/mine', options: [] }],
});

/** It stays for as long as the volume does. */
const LOCK_OF_VOLUME = /^runtime file: \/run\/berth\/locks\/volume-/;

export function showFailingSteps(bed: () => Bed): void {
  test('a create whose step fails, whichever, says so and leaves nothing', () =>
    leavingNothing(bed(), async () => {
      for (const step of planCreate(whole).steps) {
        await arrange(bed(), 'f', `fail create after ${step}`);
        const failed = await bed().nsenter(['berth', ...CREATE, ...PAYLOAD]);
        assert.deepEqual(
          [failed.code, failed.stderr],
          [125, `Error: the test fails at: create after ${step}\n`],
        );
        await assertReached(bed(), 'f');
        await script(bed(), '! ls /run/cid-f /usr/local/lib/systemd/system/berth-f.service 2>/dev/null');
        assert.equal(await berth(bed(), 'ps', '-aq'), '');
      }
    }));

  test('a start whose step fails, whichever, is rolled back, says so, and leaves nothing but its failed unit', () =>
    leavingNothing(bed(), async () => {
      await berth(bed(), ...CREATE, ...PAYLOAD);
      for (const step of planStart(whole, { mounted: false, bundle: false }).steps) {
        await leavingNothing(bed(), async () => {
          await arrange(bed(), 'f', `fail start after ${step}`);
          const failed = await bed().nsenter(['berth', 'start', 'f']);
          assert.equal(failed.code, 125);
          assert.ok(failed.stderr.trim().endsWith(`: the test fails at: start after ${step}`), failed.stderr);
          await assertReached(bed(), 'f');
          await assertAgree(bed(), 'f');
        }, [/^unit: berth-f\.service failed/, LOCK_OF_VOLUME]);
      }
      await berth(bed(), 'start', 'f');
      await remove(bed(), 'f');
    }));

  test('what fails in undoing a failed start is told beside it, and done by cleanup', () =>
    leavingNothing(bed(), async () => {
      await berth(bed(), ...CREATE, ...PAYLOAD);
      await arrange(
        bed(),
        'f',
        'fail start before start-payload',
        'fail start undo create-in-runtime',
        'fail start undo mount-rootfs',
      );
      const failed = await bed().nsenter(['berth', 'start', 'f']);
      const both =
        'the test fails at: start before start-payload (and while undoing it: the test fails at: start undo create-in-runtime; the test fails at: start undo mount-rootfs)';
      assert.ok(failed.stderr.trim().endsWith(both), failed.stderr);
      assert.equal(await berth(bed(), 'inspect', '--format', '{{.State.Error}}', 'f'), both);
      await assertAgree(bed(), 'f');
      await berth(bed(), 'start', 'f');
      await remove(bed(), 'f');
    }));

  for (const [policy, end] of [
    ['no', ': berth-cleanup tries again'],
    ['unless-stopped', ''],
  ] as const) {
    const whose = policy === 'no' ? 'berth-stop' : 'berth-cleanup';
    test(`a cleanup by ${whose} does the other steps when one fails, tells of all that failed, and the next start works`, () =>
      leavingNothing(bed(), async () => {
        const checked = ['--health-cmd', 'true', '--health-interval', '1h'];
        await berth(bed(), ...CREATE, '--restart', policy, ...checked, ...PAYLOAD);
        const { steps } = planCleanup({
          cgroup: true,
          bundle: true,
          poststopHooks: true,
          network: false,
          volumes: true,
          checks: true,
        });
        await systemctl(bed(), 'start', 'berth-f');
        await arrange(bed(), 'f', ...steps.map((step) => `fail cleanup after ${step}`));
        await bed().nsenter(['systemctl', 'stop', 'berth-f']);
        await assertReached(bed(), 'f');
        await assertAgree(bed(), 'f');
        const told = steps.map((step) => `the test fails at: cleanup after ${step}`).join('; ');
        await until('the journal has it', async () =>
          (await bed().journal('-u', 'berth-f', '-o', 'cat')).includes(
            `cleanup of container f: ${told}${end}\n`,
          )
            ? true
            : undefined,
        );
        await berth(bed(), 'start', 'f');
        await remove(bed(), 'f');
      }));
  }

  test('an rm whose step fails, whichever, says so, and the next rm does the rest', () =>
    leavingNothing(bed(), async () => {
      for (const step of planRemove(whole).steps) {
        await berth(bed(), ...CREATE, ...PAYLOAD);
        await systemctl(bed(), '--quiet', 'enable', 'berth-f');
        await arrange(bed(), 'f', `fail remove before ${step}`);
        const failed = await bed().nsenter(['berth', 'rm', '--volumes', 'f']);
        assert.deepEqual(
          [failed.code, failed.stderr],
          [125, `Error: the test fails at: remove before ${step}\n`],
        );
        await assertReached(bed(), 'f');
        // What was asked for is known from the first step on.
        await berth(bed(), 'rm', ...(step === 'record-removing' ? ['--volumes'] : []), 'f');
      }
    }));
}

export function showPlans(bed: () => Bed): void {
  /** Step names of what --dry-run prints. */
  const planned = async (...args: string[]): Promise<string[]> => {
    const text = await berth(bed(), ...args.toSpliced(1, 0, '--dry-run'));
    return [...text.matchAll(/^ {2}(\S+)/gm)].map(([, step = '']) => step);
  };

  test('what --dry-run prints is what is then done, and printing it does nothing of it', () =>
    leavingNothing(bed(), async () => {
      const trace = '/run/berth-cuts/f.trace';
      const health = ['--health-cmd', 'true', '--health-interval', '1h'];
      for (const command of [
        [...CREATE, ...health, ...PAYLOAD],
        ['start', 'f'],
        ['restart', 'f'],
        ['stop', 'f'],
        ['start', 'f'],
        ['rm', '--force', '--volumes', 'f'],
        ['run', '--detach', '--name', 'f', ...PAYLOAD],
        ['stop', 'f'],
        ['rm', 'f'],
      ]) {
        await script(bed(), `: >${trace}`);
        // Each once, in the order of their first times; there is nothing to kill, and whether berth-stop comes early enough to
        // look after `berth stop` is a matter of luck.
        const steps = [...new Set(await planned(...command))].filter((step) => step !== 'kill-payload');
        assert.equal(await script(bed(), `cat ${trace}`), '', `a dry ${command[0]} does nothing`);
        await berth(bed(), ...command);
        // berth-start has something to do beyond READY=1, when `start` returns.
        const done = await until(`as many steps of ${command[0]} as planned are done`, async () => {
          const names = new Set((await script(bed(), `cat ${trace}`)).split('\n').filter(Boolean));
          // `rm` holds the lock in the first one while the others are done; the second is the verb's word to berth-stop.
          for (const step of ['clean-up-and-remove', 'record-signalled', 'kill-payload']) names.delete(step);
          const others = [...names];
          return others.length < steps.length ? undefined : others;
        });
        assert.deepEqual(done, steps, command.join(' '));
      }
      await script(bed(), `rm ${trace}`);
    }));

  test('--dry-run and inspect answer while a start holds the lock', () =>
    leavingNothing(bed(), async () => {
      await berth(bed(), ...CREATE, ...PAYLOAD);
      await arrange(bed(), 'f', 'hold start before write-spec');
      await systemctl(bed(), 'start', '--no-block', 'berth-f');
      await until('it is held', async () => {
        const { code } = await bed().nsenter(['test', '-s', '/run/berth-cuts/f.hit']);
        return code === 0 || undefined;
      });
      assert.ok((await planned('start', 'f')).includes('sweep-leftovers'), 'it shows what is there');
      assert.ok((await planned('rm', 'f')).includes('delete-row'));
      await berth(bed(), 'inspect', 'f');
      await systemctl(bed(), 'kill', '--signal', 'CONT', 'berth-f');
      await until('it runs', async () => {
        const { stdout } = await bed().nsenter(['systemctl', 'show', '-P', 'ActiveState', 'berth-f']);
        return stdout.trim() === 'active' || undefined;
      });
      await remove(bed(), 'f');
    }));
}
