import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCgroupParent, sliceCgroup, sliceWithin } from '../../../src/model/slice.ts';

describe('a slice', () => {
  it('lies in those that its name begins with', () => {
    assert.equal(sliceCgroup('system.slice'), '/system.slice');
    assert.equal(sliceCgroup('a-b-c.slice'), '/a.slice/a-b.slice/a-b-c.slice');
    assert.equal(sliceCgroup('-.slice'), '');
  });

  it('can have another one in it', () => {
    assert.equal(sliceWithin('system.slice', 'berth'), 'system-berth.slice');
    assert.equal(sliceWithin('-.slice', 'berth'), 'berth.slice');
  });

  it('may be named with its parents, and be the root', () => {
    assert.equal(parseCgroupParent('/machine.slice/machine-x.slice'), 'machine-x.slice');
    assert.equal(parseCgroupParent('-.slice'), '-.slice');
  });
});
