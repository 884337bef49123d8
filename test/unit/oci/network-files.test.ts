/** Names in files, for containers in networks; what Podman 5.4 writes in the same situations. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { networkNames } from '../../../src/model/network/names.ts';
import { defaultNetwork, type NetworkRecord } from '../../../src/model/network/network.ts';
import {
  changedHostsText,
  changedResolvConfText,
  hostsText,
  networkResolvConfText,
} from '../../../src/oci/files.ts';
import { config } from '../../support/config.ts';

const HOST =
  'search corp.example\noptions edns0\nnameserver 192.0.2.53\nnameserver 127.0.0.1\nnameserver 2001:db8::53\n';
const BASE = '127.0.0.1\tlocalhost\n';

interface Net {
  ipnets: string[];
  dns?: string[];
}
/** n1 has names and both families, n2 names, podman neither. */
const NETS: Record<string, Net> = {
  podman: { ipnets: ['10.88.0.2/16'] },
  n2: { ipnets: ['10.89.0.2/24'], dns: ['10.89.0.1'] },
  n1: { ipnets: ['10.1.0.2/24', 'fd00:1::2/64'], dns: ['10.1.0.1', 'fd00:1::1'] },
};

function record(...networks: string[]): NetworkRecord {
  return {
    request: {
      container_id: '',
      container_name: '',
      container_hostname: '',
      networks: {},
      network_info: Object.fromEntries(networks.map((name) => [name, { ...defaultNetwork(''), name }])),
    },
    status: Object.fromEntries(
      networks.map((name) => {
        const { ipnets = [], dns = [] } = NETS[name] ?? {};
        const subnets = ipnets.map((ipnet) => ({ ipnet, gateway: ipnet.replace(/2\/.*/, '1') }));
        return [
          name,
          {
            dns_server_ips: dns,
            dns_search_domains: dns.length > 0 ? ['dns.podman'] : [],
            interfaces: { eth0: { mac_address: '', subnets } },
          },
        ];
      }),
    ),
  };
}

const names = (...networks: string[]) =>
  networkNames({ networks: networks.map((network) => ({ network })) }, record(...networks));

describe('/etc/resolv.conf', () => {
  const CASES: [networks: string[], asked: Partial<Parameters<typeof networkResolvConfText>[0]>, string][] = [
    [['podman'], {}, 'search corp.example\nnameserver 192.0.2.53\noptions edns0\n'],
    [['n2'], {}, 'search dns.podman\nnameserver 10.89.0.1\noptions edns0\n'],
    [['n1'], {}, 'search dns.podman\nnameserver 10.1.0.1\nnameserver fd00:1::1\noptions edns0\n'],
    [
      ['n1', 'n2'],
      {},
      'search dns.podman\nnameserver 10.1.0.1\nnameserver fd00:1::1\nnameserver 10.89.0.1\noptions edns0\n',
    ],
    [['n2'], { dns: ['1.2.3.4'] }, 'search dns.podman\nnameserver 10.89.0.1\noptions edns0\n'],
    [['n2'], { dnsSearch: ['foo'] }, 'search foo\nnameserver 10.89.0.1\noptions edns0\n'],
    [['n2'], { dnsSearch: ['.'] }, 'nameserver 10.89.0.1\noptions edns0\n'],
    [['n2'], { dnsOptions: ['bar'] }, 'search dns.podman\nnameserver 10.89.0.1\noptions bar\n'],
    [['podman'], { dns: ['1.2.3.4'], dnsSearch: ['foo'] }, 'search foo\nnameserver 1.2.3.4\noptions edns0\n'],
    [
      ['podman', 'n2'],
      { dns: ['1.2.3.4'] },
      'search dns.podman\nnameserver 1.2.3.4\nnameserver 10.89.0.1\noptions edns0\n',
    ],
  ];
  for (const [networks, asked, expected] of CASES)
    test(`in ${networks.join(' and ')} with ${JSON.stringify(asked)}`, () =>
      assert.equal(networkResolvConfText(asked, HOST, names(...networks)), expected));

  test('a host whose servers are its own alone: public ones, of the families that the container has', () => {
    const text = networkResolvConfText({}, 'nameserver 127.0.0.1\n', names('podman'));
    assert.equal(text, 'nameserver 8.8.8.8\nnameserver 8.8.4.4\n');
  });
});

describe('/etc/hosts', () => {
  const box = config({ network: 'bridge', hostname: 'h', name: 'box' });

  test('the host, and the container by each of its addresses', () => {
    assert.equal(
      hostsText(box, BASE, names('n1', 'podman')),
      `${BASE}10.1.0.1\thost.containers.internal host.docker.internal\n10.1.0.2\th box\nfd00:1::2\th box\n10.88.0.2\th box\n`,
    );
  });

  test('names that are there already are not given again, and host-gateway is the host', () => {
    const asked = config({ ...box, addHosts: ['x:host-gateway', 'host.docker.internal:1.1.1.1'] });
    assert.equal(
      hostsText(asked, BASE, names('podman')),
      `10.88.0.1\tx\n1.1.1.1\thost.docker.internal\n${BASE}10.88.0.1\thost.containers.internal\n10.88.0.2\th box\n`,
    );
  });
});

describe('a network that comes or goes', () => {
  const box = config({ network: 'bridge', hostname: 'h', name: 'box' });
  const [one, both] = [names('podman'), names('podman', 'n2')];

  test("changes its own lines and leaves others' alone", () => {
    const before = `${hostsText(box, BASE, one)}9.9.9.9\tmine`;
    const after = changedHostsText(box, before, { before: one, after: both });
    assert.equal(after, `${before}\n10.89.0.2\th box\n`);
    assert.equal(changedHostsText(box, after, { before: both, after: one }), `${before}\n`);
  });

  test('brings its servers and its domain', () => {
    const before = 'search corp.example\nnameserver 192.0.2.53\n';
    const after = changedResolvConfText(before, { before: one, after: both });
    assert.equal(after, 'search corp.example dns.podman\nnameserver 192.0.2.53\nnameserver 10.89.0.1\n');
    assert.equal(
      changedResolvConfText(after, { before: both, after: one }),
      'search corp.example dns.podman\nnameserver 192.0.2.53\n',
    );
    assert.equal(
      changedResolvConfText('nameserver 192.0.2.53\n', { before: one, after: both }),
      'search dns.podman\nnameserver 192.0.2.53\nnameserver 10.89.0.1\n',
    );
  });
});
