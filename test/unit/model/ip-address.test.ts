/** Addresses and subnets as numbers. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  contains,
  formatAddress,
  formatSubnet,
  hostRange,
  lastOf,
  overlap,
  parseAddress,
  parseSubnet,
  plus,
  type Subnet,
} from '../../../src/model/network/ip-address.ts';

const address = (text: string) => parseAddress(text) ?? assert.fail(text);
const subnet = (text: string): Subnet => parseSubnet(text) ?? assert.fail(text);

describe('addresses', () => {
  for (const [text, written] of [
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['FD00:0:0:7::0A', 'fd00:0:0:7::a'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['1:2:3:4:5:6:0:0', '1:2:3:4:5:6::'],
    ['::ffff:10.7.0.9', '10.7.0.9'],
    ['::ffff:a07:9', '10.7.0.9'],
    ['64:ff9b::10.7.0.9', '64:ff9b::a07:9'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
  ] as const)
    it(`${text} is written ${written}`, () => assert.equal(formatAddress(address(text)), written));

  for (const text of [
    '',
    'x',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4/24',
    'fe80::1%eth0',
    '1::2::3',
    ':1',
  ])
    it(`${JSON.stringify(text)} is none`, () => assert.equal(parseAddress(text), undefined));

  it('are counted across the borders of their parts', () => {
    assert.equal(formatAddress(plus(address('10.89.0.255'), 1n)), '10.89.1.0');
    assert.equal(formatAddress(plus(address('fd00::ffff'), 1n)), 'fd00::1:0');
  });
});

describe('subnets', () => {
  for (const [text, written, first, last] of [
    ['10.7.0.9/24', '10.7.0.0/24', '10.7.0.1', '10.7.0.254'],
    ['10.7.0.9/30', '10.7.0.8/30', '10.7.0.9', '10.7.0.10'],
    ['10.7.0.9/31', '10.7.0.8/31', '10.7.0.8', '10.7.0.9'],
    ['10.7.0.9/32', '10.7.0.9/32', '10.7.0.9', '10.7.0.9'],
    ['0.0.0.0/0', '0.0.0.0/0', '0.0.0.1', '255.255.255.254'],
    ['fd00:7::5/64', 'fd00:7::/64', 'fd00:7::1', 'fd00:7::ffff:ffff:ffff:ffff'],
    ['fd00::5/128', 'fd00::5/128', 'fd00::5', 'fd00::5'],
  ] as const)
    it(`${text} is ${written}, with hosts from ${first} to ${last}`, () => {
      assert.equal(formatSubnet(subnet(text)), written);
      const range = hostRange(subnet(text));
      assert.deepEqual([formatAddress(range.first), formatAddress(range.last)], [first, last]);
    });

  for (const text of [
    '',
    '10.7.0.0',
    '10.7.0.0/33',
    'fd00::/129',
    '10.7.0.0/',
    '10.7.0.0/-1',
    '10.7.0.0/1000',
    '/8',
  ])
    it(`${JSON.stringify(text)} is none`, () => assert.equal(parseSubnet(text), undefined));

  it('hold addresses of their own family, from the first bit to the last', () => {
    const net = subnet('10.7.0.0/24');
    for (const [text, isIn] of [
      ['10.7.0.0', true],
      ['10.7.0.255', true],
      ['10.6.255.255', false],
      ['10.7.1.0', false],
      ['::a07:0', false],
    ] as const)
      assert.equal(contains(net, address(text)), isIn, text);
    assert.equal(formatAddress(lastOf(net)), '10.7.0.255');
  });

  it('overlap when one holds the other', () => {
    for (const [one, other, does] of [
      ['10.7.0.0/24', '10.7.0.128/25', true],
      ['10.7.0.128/25', '10.7.0.0/24', true],
      ['10.7.0.0/24', '10.7.1.0/24', false],
      ['0.0.0.0/0', '10.7.1.0/24', true],
      ['0.0.0.0/0', '::/0', false],
    ] as const)
      assert.equal(overlap(subnet(one), subnet(other)), does, `${one} ${other}`);
  });
});
