/** Free ports, with real sockets that are in the way. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import type { PortMapping } from '../../../src/model/network/network.ts';
import { freePort } from '../../../src/network/free-port.ts';

const tcp: PortMapping = { hostIp: '', hostPort: 0, containerPort: 80, range: 1, protocol: 'tcp' };

const none = (): boolean => false;

describe('freePort', () => {
  for (const wanted of [
    tcp,
    { ...tcp, range: 20 },
    { ...tcp, protocol: 'udp' as const, range: 3 },
    { ...tcp, protocol: 'sctp' as const },
    { ...tcp, hostIp: '127.0.0.1' },
    { ...tcp, hostIp: '::1' },
    // Addresses of documentation, which no host has.
    { ...tcp, hostIp: '192.0.2.1' },
    { ...tcp, hostIp: '2001:db8::1', protocol: 'udp' as const },
  ])
    it(`finds ${wanted.range} of ${wanted.protocol} at ${wanted.hostIp || 'all addresses'}, and lets go of them`, async () => {
      const port = freePort(wanted, none);
      assert.ok(port !== undefined && port >= 1024 && port + wanted.range - 1 <= 65_535, String(port));
      const bound = wanted.protocol === 'udp' ? createSocket('udp4').bind(port) : createServer().listen(port);
      await once(bound, 'listening');
      bound.close();
    });

  it('passes over ports that are said to be taken', () => {
    const seen = new Set<number>();
    const port = freePort(tcp, (one) => seen.size < 5 && seen.add(one).size <= 5);
    assert.equal(seen.size, 5);
    assert.ok(port !== undefined);
    assert.equal(
      freePort(tcp, () => true),
      undefined,
    );
  });
});
