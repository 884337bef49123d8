/** Ports that are held, seen with real sockets of others. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { parsePublish } from '../../../src/model/network/publish.ts';
import { freePort } from '../../../src/network/free-port.ts';
import { reservePorts } from '../../../src/network/reserved-ports.ts';

const PLACES = ['0.0.0.0', '127.0.0.1', '::', '::1'];

/** A mapping of this place to a port that was free a moment ago. */
function mappingOf(place: string, protocol: string) {
  const wanted = parsePublish(`${place.includes(':') ? `[${place}]` : place}::80/${protocol}`);
  const hostPort = freePort(wanted, () => false);
  assert.ok(hostPort !== undefined);
  return { ...wanted, hostPort };
}

/** Undefined once somebody else has bound it, and let go of it. */
async function bindAs(protocol: string, place: string, port: number): Promise<string | undefined> {
  try {
    if (protocol === 'tcp') {
      const server = createServer().listen({ host: place, port, ipv6Only: true });
      await once(server, 'listening');
      server.close();
    } else {
      const isV6 = place.includes(':');
      const socket = createSocket({ type: isV6 ? 'udp6' : 'udp4', ipv6Only: isV6 });
      socket.bind(port, place);
      await once(socket, 'listening');
      socket.close();
    }
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

describe('reservePorts', () => {
  for (const protocol of ['tcp', 'udp'])
    for (const place of PLACES)
      it(`keeps a port of ${protocol} at ${place} from everybody else until it is released`, async () => {
        const mapping = mappingOf(place, protocol);
        const held = reservePorts([mapping]);
        assert.equal(held.fds.length, 1);
        assert.equal(await bindAs(protocol, place, mapping.hostPort), 'EADDRINUSE');
        assert.throws(() => reservePorts([mapping]), {
          code: 'address-in-use',
          exitCode: 126,
          message: /: bind: address already in use$/,
        });
        const other = place.includes(':') ? '127.0.0.1' : '::1';
        assert.equal(
          await bindAs(protocol, other, mapping.hostPort),
          undefined,
          'the other family has its own',
        );
        held.release();
        assert.equal(await bindAs(protocol, place, mapping.hostPort), undefined);
      });

  it('of which one is taken holds none', async () => {
    const [one, taken] = [mappingOf('127.0.0.1', 'tcp'), mappingOf('127.0.0.1', 'tcp')];
    const server = createServer().listen(taken.hostPort, '127.0.0.1');
    await once(server, 'listening');
    assert.throws(() => reservePorts([one, taken]), { code: 'address-in-use' });
    assert.equal(await bindAs('tcp', '127.0.0.1', one.hostPort), undefined);
    server.close();
  });

  it('takes a port on which a connection has ended a moment ago', async () => {
    const mapping = mappingOf('127.0.0.1', 'tcp');
    const server = createServer((socket) => socket.end()).listen(mapping.hostPort, '127.0.0.1');
    await once(server, 'listening');
    await once(connect(mapping.hostPort, '127.0.0.1').resume(), 'close');
    await new Promise((resolve) => server.close(resolve));
    reservePorts([mapping]).release();
  });

  it('says which address the host has not', () => {
    assert.throws(() => reservePorts([parsePublish('192.0.2.1:8080:80')]), {
      code: 'network',
      exitCode: 126,
      message:
        'cannot listen on the TCP port: listen tcp4 192.0.2.1:8080: bind: cannot assign requested address',
    });
  });

  it('holds a port of SCTP where the kernel has SCTP, and goes on where it has none', () => {
    const held = reservePorts([mappingOf('0.0.0.0', 'sctp')]);
    // By now its module is loaded, if there is one.
    const hasSctp = /^SCTP\b/m.test(readFileSync('/proc/net/protocols', 'utf8'));
    assert.equal(held.fds.length, hasSctp ? 1 : 0);
    held.release();
  });
});
