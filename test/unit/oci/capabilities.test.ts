import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  ALL_CAPABILITIES,
  capabilitiesOfMask,
  capabilitySets,
  DEFAULT_CAPABILITIES,
  execCapabilitySets,
  normalizeCapabilities,
} from '../../../src/oci/capabilities.ts';

const NOTHING_ASKED = { capAdd: [], capDrop: [], uid: 0, hostBounding: ALL_CAPABILITIES };

describe('capabilitySets', () => {
  it('gives root the default set as bounding, effective and permitted, and nothing inheritable', () => {
    const sets = capabilitySets(NOTHING_ASKED);
    const expected = [...DEFAULT_CAPABILITIES].sort();
    assert.deepEqual(sets, {
      bounding: expected,
      effective: expected,
      permitted: expected,
      inheritable: [],
      ambient: [],
    });
  });

  it('gives another user the bounding set but holds nothing of it', () => {
    const sets = capabilitySets({ ...NOTHING_ASKED, uid: 1000 });
    assert.deepEqual(sets.bounding, [...DEFAULT_CAPABILITIES].sort());
    assert.deepEqual([sets.effective, sets.permitted, sets.inheritable, sets.ambient], [[], [], [], []]);
  });

  it('makes what was added ambient for another user', () => {
    const sets = capabilitySets({ ...NOTHING_ASKED, uid: 1000, capAdd: ['net_admin'], capDrop: ['ALL'] });
    for (const set of Object.values(sets)) {
      assert.deepEqual(set, ['CAP_NET_ADMIN']);
    }
  });

  it('gives a privileged root everything the host has, but for what is dropped', () => {
    const { bounding } = capabilitySets({ ...NOTHING_ASKED, privileged: true, capDrop: ['mknod'] });
    assert.equal(bounding.length, ALL_CAPABILITIES.length - 1);
    assert.ok(!bounding.includes('CAP_MKNOD'));
  });

  it('holds nothing for a privileged other user', () => {
    assert.deepEqual(capabilitySets({ ...NOTHING_ASKED, privileged: true, uid: 7 }).effective, []);
  });

  for (const [capAdd, capDrop, text] of [
    [['foo'], [], '"CAP_FOO": unknown capability'],
    [[], ['cap_foo'], '"CAP_FOO": unknown capability'],
    [['chown'], ['CAP_CHOWN'], 'capability "CAP_CHOWN" cannot be dropped and added'],
    [['all'], ['All'], 'adding all caps and removing all caps not allowed'],
    [['all', 'chown'], ['chown'], 'capability "CAP_CHOWN" cannot be dropped and added'],
  ] as const) {
    it(`refuses adding [${capAdd}] and dropping [${capDrop}]: ${text}`, () => {
      assert.throws(() => capabilitySets({ ...NOTHING_ASKED, capAdd, capDrop }), {
        name: 'BerthError',
        message: text,
        exitCode: 125,
      });
    });
  }
});

describe('the algebra of capability sets', () => {
  const name = fc.constantFrom(...ALL_CAPABILITIES, 'ALL');
  const spelling = fc.tuple(name, fc.boolean(), fc.boolean()).map(([full, short, lower]) => {
    const one = short ? full.replace(/^CAP_/, '') : full;
    return lower ? one.toLowerCase() : one;
  });
  const request = fc
    .record({
      capAdd: fc.array(spelling, { maxLength: 6 }),
      capDrop: fc.array(spelling, { maxLength: 6 }),
      privileged: fc.boolean(),
      uid: fc.constantFrom(0, 1, 1000),
      hostBounding: fc.subarray([...ALL_CAPABILITIES]),
    })
    .filter(({ capAdd, capDrop }) => {
      const drop = normalizeCapabilities(capDrop);
      return !normalizeCapabilities(capAdd).some((one) => drop.includes(one));
    });

  it('never leaves the host’s bounding set, and every set lies in the bounding one', () => {
    fc.assert(
      fc.property(request, (asked) => {
        const sets = capabilitySets(asked);
        for (const one of Object.values(sets).flat()) {
          assert.ok(asked.hostBounding.includes(one));
          assert.ok(sets.bounding.includes(one));
        }
      }),
    );
  });

  it('keeps ambient within inheritable and permitted, as the kernel demands', () => {
    fc.assert(
      fc.property(request, (asked) => {
        const { ambient, inheritable, permitted } = capabilitySets(asked);
        assert.ok(ambient.every((one) => inheritable.includes(one) && permitted.includes(one)));
      }),
    );
  });

  it('has nothing that was dropped by name, and everything added by name that the host has', () => {
    fc.assert(
      fc.property(request, (asked) => {
        const { bounding } = capabilitySets(asked);
        const drop = normalizeCapabilities(asked.capDrop);
        const add = normalizeCapabilities(asked.capAdd).filter((one) => asked.hostBounding.includes(one));
        assert.ok(bounding.every((one) => !drop.includes(one)));
        assert.ok(add.every((one) => bounding.includes(one)));
      }),
    );
  });

  it('does not depend on spelling, order or repetition', () => {
    fc.assert(
      fc.property(request, (asked) => {
        const other = {
          ...asked,
          capAdd: normalizeCapabilities([...asked.capAdd, ...asked.capAdd]).toReversed(),
          capDrop: normalizeCapabilities(asked.capDrop).toReversed(),
        };
        assert.deepEqual(capabilitySets(other), capabilitySets(asked));
      }),
    );
  });
});

describe('execCapabilitySets', () => {
  const container = capabilitySets({ ...NOTHING_ASKED, uid: 1000, capAdd: ['NET_ADMIN'] });

  it('leaves another user what the container made ambient', () => {
    const sets = execCapabilitySets(container, { uid: 1000, privileged: false, hostBounding: [] });
    assert.deepEqual(sets, container);
  });

  it('gives root the container’s bounding set', () => {
    const sets = execCapabilitySets(container, { uid: 0, privileged: false, hostBounding: [] });
    assert.deepEqual(sets.effective, container.bounding);
    assert.deepEqual(sets.ambient, []);
  });

  it('gives a privileged root the host’s', () => {
    const sets = execCapabilitySets(container, { uid: 0, privileged: true, hostBounding: ['CAP_SYS_ADMIN'] });
    assert.deepEqual(sets.effective, ['CAP_SYS_ADMIN']);
  });
});

describe('capabilitiesOfMask', () => {
  it('reads the mask of /proc/PID/status', () => {
    assert.deepEqual(capabilitiesOfMask('000001ffffffffff\n'), ALL_CAPABILITIES);
    assert.deepEqual(capabilitiesOfMask('0'), []);
    assert.deepEqual(capabilitiesOfMask('0000010000000001'), ['CAP_CHOWN', 'CAP_CHECKPOINT_RESTORE']);
  });

  it('skips bits of a newer kernel', () => {
    assert.deepEqual(capabilitiesOfMask('ffffffffffffffff'), ALL_CAPABILITIES);
  });
});
