import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { contains, parseAddress, parseSubnet } from '../../../src/model/network/ip-address.ts';
import { allocatesAddresses, chooseAddresses } from '../../../src/model/network/ipam.ts';
import { defaultNetwork, type NetworkDefinition } from '../../../src/model/network/network.ts';

const nobody = (): undefined => undefined;
const ID = 'a'.repeat(64);

function network(...subnets: NonNullable<NetworkDefinition['subnets']>): NetworkDefinition {
  return { ...defaultNetwork(''), name: 'n', subnets };
}

test('an address that was asked for is taken in its subnet, a free one in each other', () => {
  const both = network(
    { subnet: '10.1.0.0/24', gateway: '10.1.0.1' },
    { subnet: 'fd00::/64', gateway: 'fd00::1' },
  );
  const [four, six = ''] = chooseAddresses(both, { ips: ['10.1.0.7'] }, { containerId: ID, ownerOf: nobody });
  assert.equal(four, '10.1.0.7');
  assert.match(six, /^fd00::[0-9a-f]{1,4}$/);
});

const REFUSED: [string, NetworkDefinition, string[], (address: string) => string | undefined, RegExp][] = [
  [
    'outside',
    network({ subnet: '10.1.0.0/24' }),
    ['10.2.0.1'],
    nobody,
    /^requested static ip 10\.2\.0\.1 not in any subnet on network n$/,
  ],
  [
    'of another family',
    network({ subnet: '10.1.0.0/24' }),
    ['fd00::2'],
    nobody,
    /^requested static ip fd00::2 not in any subnet on network n$/,
  ],
  [
    'taken',
    network({ subnet: '10.1.0.0/24' }),
    ['10.1.0.2'],
    () => 'b',
    /^IPAM error: requested ip address 10\.1\.0\.2 is already allocated to container ID b$/,
  ],
  [
    "the gateway's",
    network({ subnet: '10.1.0.0/24', gateway: '10.1.0.1' }),
    ['10.1.0.1'],
    nobody,
    /allocated to the gateway$/,
  ],
  [
    'none left',
    network({ subnet: '10.1.0.0/30', gateway: '10.1.0.1' }),
    [],
    () => 'b',
    /^IPAM error: failed to find free IP in range: 10\.1\.0\.1 - 10\.1\.0\.2$/,
  ],
];

for (const [what, definition, ips, ownerOf, message] of REFUSED)
  test(`refused with exit code 126: ${what}`, () => {
    assert.throws(() => chooseAddresses(definition, { ips }, { containerId: ID, ownerOf }), {
      message,
      exitCode: 126,
    });
  });

test('containers fill a subnet to its last address, none twice, never the gateway, and come back to their own', () => {
  fc.assert(
    fc.property(fc.integer({ min: 25, max: 30 }), fc.integer({ min: 0, max: 2 ** 40 }), (prefix, seed) => {
      const subnet = `10.1.0.0/${prefix}`;
      const definition = network({ subnet, gateway: '10.1.0.1' });
      const taken = new Map<string, string>();
      const ids = Array.from({ length: 2 ** (32 - prefix) - 3 }, (_, index) =>
        (seed + index * 7919).toString(16).padStart(12, '0').padEnd(64, '0'),
      );
      const choose = (containerId: string): string =>
        chooseAddresses(definition, {}, { containerId, ownerOf: (address) => taken.get(address) })[0] ?? '';
      for (const id of ids) {
        const address = choose(id);
        const parsed = parseAddress(address);
        assert.ok(parsed !== undefined && contains(parseSubnet(subnet) ?? assert.fail(), parsed), address);
        assert.notEqual(address, '10.1.0.1');
        assert.ok(!taken.has(address));
        taken.set(address, id);
      }
      assert.throws(() => choose('f'.repeat(64)), /failed to find free IP/);
      for (const [address, id] of [...taken]) {
        taken.delete(address);
        assert.equal(choose(id), address);
        taken.set(address, id);
      }
    }),
    { numRuns: 25 },
  );
});

test('a lease range bounds the free addresses', () => {
  const definition = network({
    subnet: '10.1.0.0/24',
    lease_range: { start_ip: '10.1.0.100', end_ip: '10.1.0.101' },
  });
  const taken = new Set<string>();
  for (let count = 0; count < 2; count++) {
    const [address = ''] = chooseAddresses(
      definition,
      {},
      {
        containerId: ID,
        ownerOf: (text) => (taken.has(text) ? 'x' : undefined),
      },
    );
    taken.add(address);
  }
  assert.deepEqual([...taken].sort(), ['10.1.0.100', '10.1.0.101']);
});

test('a DHCP server, or nobody, chooses where the network says so', () => {
  assert.equal(allocatesAddresses(defaultNetwork('')), true);
  assert.equal(allocatesAddresses({ ...defaultNetwork(''), ipam_options: { driver: 'dhcp' } }), false);
  assert.equal(allocatesAddresses({ ...defaultNetwork(''), ipam_options: { driver: 'none' } }), false);
});
