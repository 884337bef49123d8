import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isUnmasked, maskedPaths, readonlyPaths } from '../../../src/oci/masks.ts';
import { config } from '../../support/config.ts';

const security = (changes: Parameters<typeof config>[1] = {}) => config({}, changes).security;

describe('masked and read-only paths', () => {
  it('are the defaults when nothing was asked for, each once', () => {
    const masked = maskedPaths(security());
    assert.ok(masked.includes('/proc/kcore') && masked.includes('/sys/firmware'));
    assert.equal(new Set(masked).size, masked.length);
    assert.ok(readonlyPaths(security()).includes('/proc/sys'));
  });

  it('are none when everything is unmasked, or privileged', () => {
    for (const open of [security({ unmask: 'ALL' }), security({ privileged: true })]) {
      assert.deepEqual(maskedPaths(open), []);
      assert.deepEqual(readonlyPaths(open), []);
    }
  });

  it('keep what was asked to be masked, whatever else is unmasked', () => {
    assert.deepEqual(maskedPaths(security({ unmask: 'ALL', mask: ['/a', '/b', '/a'] })), ['/a', '/b']);
    assert.deepEqual(maskedPaths(security({ privileged: true, mask: ['/a'] })), ['/a']);
    assert.ok(
      maskedPaths(security({ unmask: ['/proc/kcore'], mask: ['/proc/kcore'] })).includes('/proc/kcore'),
    );
  });

  it('lose only what is named', () => {
    const one = security({ unmask: ['/proc/kcore', '/proc/sys'] });
    assert.deepEqual(difference(maskedPaths(security()), maskedPaths(one)), ['/proc/kcore']);
    assert.deepEqual(difference(readonlyPaths(security()), readonlyPaths(one)), ['/proc/sys']);
  });
});

describe('isUnmasked', () => {
  for (const [pattern, path, expected] of [
    ['/proc/kcore', '/proc/kcore', true],
    ['/proc', '/proc/kcore', false],
    ['/proc/*', '/proc/kcore', true],
    ['/*', '/proc/kcore', false],
    ['/proc/?core', '/proc/kcore', true],
    ['/proc?kcore', '/proc/kcore', false],
    ['/proc/[ak]core', '/proc/kcore', true],
    ['/proc/[^k]core', '/proc/kcore', false],
    ['/proc/k.ore', '/proc/kcore', false],
    ['/proc/k[core', '/proc/kcore', false],
    ['/proc/kcore+', '/proc/kcore', false],
  ] as const) {
    it(`says ${expected} for ${path} and the pattern ${pattern}`, () => {
      assert.equal(isUnmasked(security({ unmask: [pattern] }), path), expected);
    });
  }
});

function difference(all: string[], some: string[]): string[] {
  return all.filter((one) => !some.includes(one));
}
