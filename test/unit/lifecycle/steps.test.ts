/** Steps by name: order, rollback, and what becomes of several errors. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { doSteps, type Steps, trySteps } from '../../../src/lifecycle/steps.ts';
import { allErrors, BerthError, RollbackError } from '../../../src/model/errors.ts';
import type { Plan } from '../../../src/model/plan/plan.ts';

type Name = 'a' | 'b' | 'c';
const PLAN: Plan<Name> = { of: 'start', steps: ['a', 'b', 'c'] };

/** Steps that write down what is called, and fail where told: `b` or `undo a`. */
function recording(...failing: string[]): { log: string[]; steps: Steps<Name, unknown> } {
  const log: string[] = [];
  const call = async (what: string): Promise<void> => {
    log.push(what);
    if (failing.includes(what)) throw new BerthError('storage', `${what} failed`, { exitCode: 126 });
  };
  const step = (name: Name) => ({ do: () => call(name), undo: () => call(`undo ${name}`) });
  return { log, steps: { a: step('a'), b: step('b'), c: { do: () => call('c') } } };
}

describe('doSteps', () => {
  it('does the steps in order and undoes none if none fails', async () => {
    const { log, steps } = recording();
    await doSteps(PLAN, steps, undefined);
    assert.deepEqual(log, ['a', 'b', 'c']);
  });

  it('undoes the failed step and those before it, last first, and throws the error itself', async () => {
    const { log, steps } = recording('b');
    await assert.rejects(doSteps(PLAN, steps, undefined), { name: 'BerthError', message: 'b failed' });
    assert.deepEqual(log, ['a', 'b', 'undo b', 'undo a']);
  });

  it('undoes all of it even if undoing fails too, and keeps every error', async () => {
    const { log, steps } = recording('c', 'undo b', 'undo a');
    const thrown = await doSteps(PLAN, steps, undefined).catch((error: unknown) => error);
    assert.ok(thrown instanceof RollbackError);
    assert.equal(thrown.message, 'c failed (and while undoing it: undo b failed; undo a failed)');
    assert.deepEqual([thrown.code, thrown.exitCode, thrown.rollback.length], ['storage', 126, 2]);
    assert.deepEqual(log, ['a', 'b', 'c', 'undo b', 'undo a']);
  });
});

describe('trySteps', () => {
  it('goes on after a failure, undoes nothing, and keeps what failed', async () => {
    const { log, steps } = recording('a', 'c');
    const failures: unknown[] = [];
    await trySteps(PLAN, steps, { failures });
    assert.deepEqual(log, ['a', 'b', 'c']);
    const error = allErrors('cleanup of web', failures);
    assert.equal(error.message, 'cleanup of web: a failed; c failed');
    assert.deepEqual([error.code, error.exitCode], ['storage', 126]);
  });
});
