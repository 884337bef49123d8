/** Networks as they are looked for, shown and changed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseFilters } from '../../../src/model/filters.ts';
import { inspectNetwork, networkObject } from '../../../src/model/inspect/network.ts';
import { networkFilter } from '../../../src/model/network/filter.ts';
import { defaultNetwork, type NetworkDefinition } from '../../../src/model/network/network.ts';
import { withDnsServers } from '../../../src/model/network/request.ts';

const NOW = Date.parse('2026-11-28T04:00:00Z');
const PODMAN = defaultNetwork('2026-11-28T03:00:00Z');
const N1: NetworkDefinition = {
  ...PODMAN,
  ...{ name: 'n1', id: 'ab'.repeat(32), labels: { a: 'b', c: '' }, created: '2026-11-28T01:00:00Z' },
};
const N2: NetworkDefinition = {
  ...PODMAN,
  ...{ name: 'n2', id: 'cd'.repeat(32), driver: 'macvlan', labels: { a: 'x' } },
};
const ALL = [N1, N2, PODMAN];

describe('filters of networks', () => {
  const isUsed = ({ name }: NetworkDefinition): boolean => name === 'n2';
  const passing = (texts: string[], prune = false): string[] =>
    ALL.filter(networkFilter(parseFilters(texts), { now: NOW, isUsed }, { prune })).map(({ name }) => name);

  for (const [texts, names] of [
    [[], ['n1', 'n2', 'podman']],
    [['name=n1'], ['n1']],
    [['name=n'], ['n1', 'n2', 'podman']],
    [['name=^n'], ['n1', 'n2']],
    [['name=('], []],
    [
      ['name=n1', 'name=n2'],
      ['n1', 'n2'],
    ],
    [['driver=bridge'], ['n1', 'podman']],
    [['driver=brid'], []],
    [['label=a'], ['n1', 'n2']],
    [['label=a=b'], ['n1']],
    [['label=a', 'label=c'], ['n1']],
    [['label!=a'], ['podman']],
    [['id=2f'], ['podman']],
    [['id=f2'], []],
    [['id=^2f'], ['podman']],
    [['dangling=true'], ['n1']],
    [['dangling=false'], ['n2', 'podman']],
    [['until=2h'], ['n1']],
    [['name=n', 'driver=macvlan'], ['n2']],
  ] as const)
    it(texts.join(' ') || '(none)', () => assert.deepEqual(passing([...texts]), names));

  for (const [text, prune, message] of [
    ['foo=1', false, /^invalid filter "foo": use label, label!, until, name, driver, id, dangling$/],
    ['name=n1', true, /^invalid filter "name": use label, label!, until$/],
    ['dangling=x', false, /^invalid dangling filter value "x"/],
    ['until=x', true, /^failed to parse value as time or duration: "x"/],
  ] as const)
    it(`${text} is refused${prune ? ' of a prune' : ''}`, () =>
      assert.throws(() => passing([text], prune), { message }));
});

describe('a network as it is shown', () => {
  it('has Podman’s order of fields, whatever that of its file, and keeps those that are not known', () => {
    const { driver, name, ...rest } = N1;
    const text = JSON.stringify(networkObject({ future: 1, ...rest, driver, name } as NetworkDefinition));
    assert.match(
      text,
      /^\{"name":"n1","id":"(ab)+","driver":"bridge","network_interface":"podman0","created":/,
    );
    assert.match(text, /"dns_enabled":false,"labels":\{.*\},"ipam_options":\{.*\},"future":1\}$/);
  });

  it('names the containers that are in it', () =>
    assert.deepEqual(
      (
        inspectNetwork(PODMAN, [
          {
            id: 'ef'.repeat(32),
            name: 'web',
            status: {
              dns_server_ips: ['10.88.0.1'],
              interfaces: {
                eth0: {
                  mac_address: '02:00:00:00:00:01',
                  subnets: [{ gateway: '10.88.0.1', ipnet: '10.88.0.2/16' }, { ipnet: 'fd00::2/64' }],
                },
              },
            },
          },
        ]) as { containers: object }
      ).containers,
      {
        ['ef'.repeat(32)]: {
          name: 'web',
          interfaces: {
            eth0: {
              subnets: [{ ipnet: '10.88.0.2/16', gateway: '10.88.0.1' }, { ipnet: 'fd00::2/64' }],
              mac_address: '02:00:00:00:00:01',
            },
          },
        },
      },
    ));
});

describe('name servers of a network', () => {
  const after = (before: string[], add: string[], drop: string[]): string[] | undefined =>
    withDnsServers({ ...N1, ...(before.length === 0 ? {} : { network_dns_servers: before }) }, { add, drop })
      .network_dns_servers;

  it('go before others come, each once', () => {
    assert.deepEqual(after(['1.1.1.1'], ['8.8.8.8', '1.1.1.1'], []), ['1.1.1.1', '8.8.8.8']);
    assert.deepEqual(after(['1.1.1.1'], ['2.2.2.2'], ['2.2.2.2', '1.1.1.1']), ['2.2.2.2']);
    assert.equal(after(['1.1.1.1'], [], ['1.1.1.1']), undefined);
  });

  it('are addresses', () => {
    assert.throws(() => after([], ['x'], []), {
      message: 'unable to parse ip x specified in AddDNSServer: invalid argument',
    });
    assert.throws(() => after([], [], ['x']), {
      message: 'unable to parse ip x specified in RemoveDNSServer: invalid argument',
    });
  });
});
