/** `--network` and the flags beside it. Refusals are Podman 5.4's, but where a comment says otherwise. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type AddressFlags,
  type NetworkChoice,
  parseNetworkFlags,
} from '../../../src/model/network/choice.ts';

const DEFAULTS = { network: 'none', defaultNetwork: 'podman' };
const NO_FLAGS: AddressFlags = { ip: '', ip6: '', mac: '', aliases: [] };

const choose = (networks: string[], flags: Partial<AddressFlags> = {}): NetworkChoice =>
  parseNetworkFlags(networks, { ...NO_FLAGS, ...flags }, DEFAULTS);
const bridge = (...networks: NonNullable<NetworkChoice['networks']>): NetworkChoice => ({
  network: 'bridge',
  networks,
});
const podman = { network: 'podman' };

describe('parseNetworkFlags', () => {
  const READ: [networks: string[], choice: NetworkChoice, flags?: Partial<AddressFlags>][] = [
    [['none'], { network: 'none' }],
    [['host'], { network: 'host' }],
    [['container:a'], { network: 'container:a' }],
    [['ns:/x:y'], { network: 'ns:/x:y' }],
    [['private'], bridge(podman)],
    [['bridge'], bridge(podman)],
    [['bridge:'], bridge(podman)],
    [['default'], bridge(podman)],
    [['a,b'], bridge({ network: 'a' }, { network: 'b' })],
    [['b', 'a'], bridge({ network: 'b' }, { network: 'a' })],
    [['bridge:alias=x', 'a'], bridge({ ...podman, aliases: ['x'] }, { network: 'a' })],
    [['a', 'b,c'], bridge({ network: 'a' }, { network: 'b,c' })],
    [['a:alias=x', 'b', 'a:alias=y'], bridge({ network: 'a', aliases: ['y'] }, { network: 'b' })],
    [
      [
        'a:ip=10.0.0.1,ip6=fd00::0:1,mac=02-00-00-00-00-0A,alias=x,alias=y,interface_name=in0,host_interface_name=out0',
      ],
      bridge({
        network: 'a',
        ips: ['10.0.0.1', 'fd00::1'],
        mac: '02:00:00:00:00:0a',
        aliases: ['x', 'y'],
        interfaceName: 'in0',
        hostInterfaceName: 'out0',
      }),
    ],
    [['a:mac=0200.0000.000a'], bridge({ network: 'a', mac: '02:00:00:00:00:0a' })],
    [
      ['bridge'],
      bridge({ ...podman, ips: ['10.88.0.9', 'fd00::9'], mac: '02:00:00:00:00:01', aliases: ['x'] }),
      { ip: '10.88.0.9', ip6: 'fd00::9', mac: '02:00:00:00:00:01', aliases: ['x'] },
    ],
    // Aliases of flags take the place of others.
    [
      ['a:alias=x', 'b'],
      bridge({ network: 'a', aliases: ['y', 'y'] }, { network: 'b', aliases: ['y', 'y'] }),
      { aliases: ['y', 'y'] },
    ],
    [['a:ip=10.0.0.1'], bridge({ network: 'a', ips: ['10.0.0.1', '::1'] }), { ip: '::1' }],
  ];
  for (const [networks, choice, flags] of READ)
    it(`reads ${networks.join(' and ')}${flags === undefined ? '' : ` with ${JSON.stringify(flags)}`}`, () =>
      assert.deepEqual(choose(networks, flags), choice));

  it('takes an empty text for none', () => {
    assert.deepEqual(choose(['']), choose([]));
    assert.equal(choose([]).network, 'none');
  });

  const REFUSED: [networks: string[], message: string, flags?: Partial<AddressFlags>][] = [
    ...(['none', 'host', 'container:x', 'private', ''] as const).map((mode): [string[], string] => [
      [mode, 'a'],
      `cannot set multiple networks without bridge network mode, selected mode ${mode.split(':')[0] || 'private'}: invalid argument`,
    ]),
    ...['none', 'host', 'bridge', 'container:x', 'private', 'pasta:x'].map((mode): [string[], string] => [
      ['a', mode],
      `can only set extra network names, selected mode ${mode.split(':')[0]} conflicts with bridge: invalid argument`,
    ]),
    [['a', ''], 'network name cannot be empty: invalid argument'],
    [['a', ':alias=x'], 'network name cannot be empty: invalid argument'],
    [[':ip=1'], 'network name cannot be empty'],
    // Podman takes the empty name for any network's ID.
    [['a,'], 'network name cannot be empty'],
    [['container:'], 'invalid config provided: namespace mode container requires a value'],
    [
      ['pod'],
      'cannot use pod namespace as container is not joining a pod or pod has no infra container: invalid argument',
    ],
    // Podman's start says that there is none any more.
    [['slirp4netns:mtu=1'], '--network slirp4netns: there is none here: use bridge'],
    [
      ['pasta:-4'],
      'invalid config provided: pasta networking is only supported for rootless mode or when inside a nested userns: use bridge',
    ],
    [['bridge:ip=x'], 'invalid ip address "x"'],
    [['bridge:mac=zz'], 'address zz: invalid MAC address'],
    [['bridge:alias='], 'alias cannot be empty'],
    [['bridge:interface_name='], 'interface_name cannot be empty'],
    [
      ['a:interface_name=e0', 'b:interface_name=e0'],
      'network interface name "e0" is already assigned to another network',
    ],
    [['bridge'], '"x" is not an ip address', { ip: 'x' }],
    [['bridge'], 'address zz: invalid MAC address', { mac: 'zz' }],
    ...(['none', 'host', 'container:x', 'private', ''] as const).flatMap(
      (mode): [string[], string, Partial<AddressFlags>][] => [
        [[mode], '--ip can only be set when the network mode is bridge: invalid argument', { ip: '1.1.1.1' }],
        [
          [mode],
          '--mac-address can only be set when the network mode is bridge: invalid argument',
          { mac: '02:00:00:00:00:01' },
        ],
        [
          [mode],
          '--network-alias can only be set when the network mode is bridge: invalid argument',
          { aliases: ['x'] },
        ],
      ],
    ),
    [['a,b'], '--ip6 can only be set for a single network: invalid argument', { ip6: '::1' }],
    [
      ['a,b'],
      '--mac-address can only be set for a single network: invalid argument',
      { mac: '02:00:00:00:00:01' },
    ],
    // With Podman these fail at the start, or mean nothing.
    [
      ['a:ip=10.0.0.1'],
      '10.0.0.1 and 10.0.0.2 in network a: a container has one address of each family there',
      { ip: '10.0.0.2' },
    ],
    [
      ['a:mtu=9'],
      'invalid option for network a: unknown option "mtu": use ip, ip6, mac, alias, interface_name, host_interface_name',
    ],
    [
      ['a:interface_name=sixteen-letters-'],
      'invalid option for network a: interface_name "sixteen-letters-" is no name of an interface: use 15 letters at most, and no / or :',
    ],
    [
      ['bridge:interface_name=lo'],
      'interface_name "lo" is no name of an interface: use 15 letters at most, and no / or :',
    ],
    [
      ['bridge:host_interface_name=a/b'],
      'host_interface_name "a/b" is no name of an interface: use 15 letters at most, and no / or :',
    ],
    [
      ['bridge'],
      'address 03:00:00:00:00:01: invalid MAC address: its first byte must be even',
      { mac: '03:00:00:00:00:01' },
    ],
    [['bridge:mac=02:00:00:00:00:00:00:01'], 'address 02:00:00:00:00:00:00:01: invalid MAC address'],
    [['bridge:mac=02:00-00:00:00:01'], 'address 02:00-00:00:00:01: invalid MAC address'],
    [['bridge'], 'alias "a b" is no name of a host', { aliases: ['a b'] }],
  ];
  for (const [networks, message, flags] of REFUSED)
    it(`refuses ${JSON.stringify(networks)}${flags === undefined ? '' : ` with ${JSON.stringify(flags)}`}`, () =>
      assert.throws(() => choose(networks, flags), { message }));
});
