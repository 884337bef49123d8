/** `network create`: what its flags come to, and what is refused. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { command, networkRequest } from '../../../src/cli/commands/network-create.ts';
import { parseCommandLine } from '../../../src/cli/parse.ts';
import { BerthError } from '../../../src/model/errors.ts';
import { defaultNetwork, type NetworkDefinition } from '../../../src/model/network/network.ts';
import { networkDefinition } from '../../../src/model/network/request.ts';
import { ALONE, type Recorded, WITH_INTERFACE } from './network-create.cases.ts';

const CREATED = '2026-11-28T03:00:00Z';
const NOTHING = { hostSubnets: ['127.0.0.1/8', '::1/128'], hostInterfaces: ['lo'] };
const INTERFACE = {
  hostSubnets: [...NOTHING.hostSubnets, '10.89.0.5/24', 'fd00:9::1/64'],
  hostInterfaces: ['lo', 'va', 'vb'],
};

function words(flags: string): string[] {
  return [...flags.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

function define(
  flags: string,
  around: typeof NOTHING = NOTHING,
  networks: NetworkDefinition[] = [],
  name = ['n'],
): NetworkDefinition {
  const args = parseCommandLine(command, [...words(flags.replaceAll('""', "''")), ...name]);
  return networkDefinition(networkRequest(args), {
    ...around,
    networks: [defaultNetwork(CREATED), ...networks],
    id: 'ab'.repeat(32),
    created: CREATED,
    randomBytes: (count) => new Uint8Array(count).fill(7),
  });
}

/** What is random. */
const ULA = /"fd(?!00:)[0-9a-f:]+?(?=::1"|::\/64")/g;
const still = (definition: object): object =>
  JSON.parse(JSON.stringify(definition).replace(ULA, '"ULA')) as object;

function answers([flags, recorded]: Recorded, around: typeof NOTHING): void {
  if (typeof recorded === 'string') {
    assert.throws(
      () => define(flags, around),
      (error) => {
        assert.ok(error instanceof BerthError);
        assert.equal(error.exitCode, 125);
        assert.equal(error.message.slice(0, recorded.length), recorded);
        assert.match(error.message.slice(recorded.length), /^$|^: /);
        return true;
      },
    );
    return;
  }
  const { name, id, created, ...definition } = define(flags, around);
  assert.deepEqual([name, id, created], ['n', 'ab'.repeat(32), CREATED]);
  assert.deepEqual(still(definition), still(recorded));
}

describe('network create answers as Podman', () => {
  for (const recorded of ALONE) it(recorded[0] || '(no flag)', () => answers(recorded, NOTHING));
  for (const recorded of WITH_INTERFACE)
    it(`${recorded[0] || '(no flag)'}, beside an interface`, () => answers(recorded, INTERFACE));
});

describe('network create refuses what Podman takes, and no container could use', () => {
  for (const [flags, message] of [
    ['--subnet 10.7.0.0/24 --subnet 10.7.0.0/24', 'subnets 10.7.0.0/24 and 10.7.0.0/24 overlap'],
    ['--subnet 10.7.0.128/25 --subnet 10.7.0.0/24', 'subnets 10.7.0.128/25 and 10.7.0.0/24 overlap'],
    [
      '--subnet 10.7.0.0/24 --ip-range 10.7.0.20-10.7.0.10',
      'lease range start ip 10.7.0.20 is after its end ip 10.7.0.10',
    ],
    ['--interface-name aaaaaaaaaaaaaaaa', /^bridge name a{16} invalid: it is longer than 15 characters$/],
  ] as const)
    it(flags, () => assert.throws(() => define(flags), { message }));

  for (const [name, message] of [
    ['a b', 'network name a b invalid: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument'],
    ['pasta', 'cannot create network with name "pasta" because it conflicts with a valid network mode'],
    ['podman', 'network name podman already used: network already exists'],
    ['2f259bab93aa', 'network name 2f259bab93aa already used: network already exists'],
    ['a'.repeat(201), 'network name is too long: 201 characters, at most 200'],
  ] as const)
    it(`the name ${name}`, () => assert.throws(() => define('', NOTHING, [], [name]), { message }));
});

describe('network create beside other networks', () => {
  const bridge = (name: string, subnet: string, network_interface: string): NetworkDefinition => ({
    ...defaultNetwork(CREATED),
    ...{ id: 'cd'.repeat(32), name, network_interface, subnets: [{ subnet }] },
  });

  it('takes the first free subnet and bridge, and is called as the bridge without a name', () => {
    const others = [
      bridge('a', '10.89.0.128/25', 'podman1'),
      bridge('podman2', '10.89.2.0/23', 'br0'),
      { ...bridge('m', '10.89.1.0/30', 'x'), driver: 'macvlan' },
    ];
    const { name, network_interface, subnets } = define('', INTERFACE, others, []);
    assert.deepEqual([name, network_interface], ['podman3', 'podman3']);
    assert.deepEqual(subnets, [{ subnet: '10.89.4.0/24', gateway: '10.89.4.1' }]);
    assert.equal(define('-d macvlan', INTERFACE, others, []).network_interface, undefined);
  });

  it('a bridge is one network’s, unless they differ by their VLAN', () => {
    const others = [bridge('a', '10.7.0.0/24', 'br0')];
    assert.throws(() => define('--interface-name br0', NOTHING, others), {
      message: 'bridge name br0 already in use',
    });
    assert.equal(define('--interface-name br0 --opt vlan=3', NOTHING, others).network_interface, 'br0');
  });

  it('says so when there is no subnet left', () =>
    assert.throws(() => define('', NOTHING, [bridge('a', '10.0.0.0/8', 'br0')]), {
      message: 'could not find free subnet from subnet pools: write one with --subnet',
    }));
});
