/** NetworkSettings of `inspect`, as Podman 5.4 showed them of containers like these. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type NetworkFacts,
  networkAliases,
  networkSettings,
} from '../../../src/model/inspect/network-settings.ts';
import type { NetworkStatus } from '../../../src/model/network/network.ts';
import { parsePublish } from '../../../src/model/network/publish.ts';
import { config } from '../../support/config.ts';

type Settings = Record<string, unknown> & { Networks: Record<string, Record<string, unknown>> };

const settings = (owner: Partial<NetworkFacts['owner']>, facts: Partial<NetworkFacts> = {}): Settings =>
  networkSettings({
    owner: { ...config({ hostname: '0123456789ab' }), ...owner },
    ids: {},
    ...facts,
  }) as Settings;

const STATUS: NetworkStatus = {
  interfaces: {
    eth0: {
      mac_address: '02:00:00:00:00:01',
      subnets: [
        { ipnet: 'fd00:1::2/64', gateway: 'fd00:1::1' },
        { ipnet: '10.99.0.2/24', gateway: '10.99.0.1' },
        { ipnet: '10.98.0.2/16' },
      ],
    },
  },
};

const ADDRESS = {
  EndpointID: '',
  Gateway: '10.99.0.1',
  IPAddress: '10.99.0.2',
  IPPrefixLen: 24,
  SecondaryIPAddresses: [{ Addr: '10.98.0.2', PrefixLength: 16 }],
  IPv6Gateway: 'fd00:1::1',
  GlobalIPv6Address: 'fd00:1::2',
  GlobalIPv6PrefixLen: 64,
  MacAddress: '02:00:00:00:00:01',
};

describe('NetworkSettings', () => {
  const port = { ports: [parsePublish('8080:80')], exposedPorts: ['90/tcp'] };

  it('has ports of whatever is not the host’s network, and no networks of a namespace that a path names', () => {
    const ofMode = (network: NetworkFacts['owner']['network']) =>
      settings({ network, exposedPorts: ['9/tcp'] });
    assert.deepEqual(
      [ofMode('none').Ports, Object.keys(ofMode('none').Networks)],
      [{ '9/tcp': null }, ['none']],
    );
    assert.deepEqual([ofMode('host').Ports, Object.keys(ofMode('host').Networks)], [{}, ['host']]);
    assert.deepEqual([ofMode('ns:/x').Ports, ofMode('ns:/x').Networks], [{ '9/tcp': null }, undefined]);
    assert.deepEqual(settings({ network: 'bridge', ...port }).Ports, {
      '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }],
      '90/tcp': null,
    });
  });

  it('names the namespace by the process, or by its place where it is kept', () => {
    assert.equal(settings({ network: 'none' }).SandboxKey, '');
    assert.equal(settings({ network: 'none' }, { pid: 7 }).SandboxKey, '/proc/7/ns/net');
    assert.equal(settings({ network: 'host' }, { pid: 7 }).SandboxKey, '');
    assert.equal(settings({ network: 'bridge' }, { pid: 7, namespace: '/run/n' }).SandboxKey, '/run/n');
  });

  it('has the networks by name, with addresses while it runs', () => {
    const owner = {
      network: 'bridge' as const,
      networks: [{ network: 'b', aliases: ['x'] }, { network: 'a' }],
    };
    const idle = settings(owner, { ids: { b: 'b1' } });
    assert.deepEqual(Object.keys(idle.Networks), ['a', 'b']);
    const { a, b } = idle.Networks;
    assert.deepEqual([a?.NetworkID, a?.Aliases, a?.IPAddress], ['a', ['0123456789ab'], '']);
    assert.deepEqual([b?.NetworkID, b?.Aliases], ['b1', ['x', '0123456789ab']]);
    const running = settings(owner, { pid: 7, status: { b: STATUS } });
    const { NetworkID, DriverOpts, IPAMConfig, Links, Aliases, ...address } = running.Networks.b ?? {};
    assert.deepEqual(address, ADDRESS);
    assert.equal(running.IPAddress, '');
  });

  it('has an address of its own only where the default network is the only one', () => {
    const podman = { network: 'podman' };
    const of = (...networks: { network: string }[]) =>
      settings({ network: 'bridge', networks }, { status: { podman: STATUS } });
    const { IPAddress, MacAddress, SecondaryIPAddresses } = of(podman);
    assert.deepEqual(
      [IPAddress, MacAddress, SecondaryIPAddresses],
      ['10.99.0.2', '02:00:00:00:00:01', ADDRESS.SecondaryIPAddresses],
    );
    assert.equal(of(podman, { network: 'a' }).IPAddress, '');
  });
});

describe('networkAliases', () => {
  it('are those asked for, the short ID, and a host name of its own', () => {
    const names = (owner: Partial<NetworkFacts['owner']>, aliases?: string[]) =>
      networkAliases({ ...config(), ...owner }, aliases === undefined ? {} : { aliases });
    assert.deepEqual(names({ hostname: 'box' }, ['a', 'a']), ['a', 'a', '0123456789ab', 'box']);
    assert.deepEqual(names({ hostname: '0123456789ab' }), ['0123456789ab']);
    assert.deepEqual(names({ hostname: 'host', namespaces: { uts: 'host' } }), ['0123456789ab']);
  });
});
