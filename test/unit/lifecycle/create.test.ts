/** A name that nobody asked for may be taken between its choice and its use. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { perhapsRenamed } from '../../../src/lifecycle/create.ts';
import { BerthError } from '../../../src/model/errors.ts';
import { nameInUse } from '../../../src/model/name.ts';

describe('a create whose name is taken meanwhile', () => {
  /** Fails so many times; tells how often it was called. */
  function failing(times: number, error: Error = nameInUse('calm_keel', 'id')) {
    let calls = 0;
    return {
      calls: () => calls,
      work: async (): Promise<string> => {
        if (calls++ < times) throw error;
        return 'made';
      },
    };
  }

  it('is done again with another one, if it chose the name itself', async () => {
    const twice = failing(2);
    assert.equal(await perhapsRenamed({}, twice.work), 'made');
    assert.equal(twice.calls(), 3);
  });

  it('fails if the name was asked for', async () => {
    const once = failing(1);
    await assert.rejects(perhapsRenamed({ name: 'calm_keel' }, once.work), { code: 'name-in-use' });
    assert.equal(once.calls(), 1);
  });

  it('fails in the end, and at once for any other reason', async () => {
    const always = failing(Number.POSITIVE_INFINITY);
    await assert.rejects(perhapsRenamed({}, always.work), { code: 'name-in-use' });
    assert.equal(always.calls(), 5);
    const other = failing(1, new BerthError('invalid', 'no'));
    await assert.rejects(perhapsRenamed({}, other.work), { code: 'invalid' });
    assert.equal(other.calls(), 1);
  });
});
