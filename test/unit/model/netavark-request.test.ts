import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interfaceNames } from '../../../src/model/network/netavark-request.ts';

const names = (...args: Parameters<typeof interfaceNames>): string =>
  [...interfaceNames(...args)].map(([network, name]) => `${network} ${name}`).join(', ');

test('interfaces are numbered in order, around names that were asked for', () => {
  assert.equal(names([{ network: 'a' }, { network: 'b' }]), 'a eth0, b eth1');
  assert.equal(
    names([{ network: 'a' }, { network: 'b', interfaceName: 'eth0' }, { network: 'c' }]),
    'a eth1, b eth0, c eth2',
  );
});

test('interfaces that are there keep their names, and a new one gets the first that is free', () => {
  const present = { b: { interface_name: 'eth1' } };
  assert.equal(names([{ network: 'b' }, { network: 'c' }], present), 'b eth1, c eth0');
  assert.equal(
    names([{ network: 'b' }, { network: 'c' }, { network: 'd' }], present),
    'b eth1, c eth0, d eth2',
  );
});
