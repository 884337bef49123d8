/** What published ports come to, what is in the way of whom, and how they are shown: as Podman 5.4 answered, where it is asked. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressInUse, portClash, sharedHostPort } from '../../../src/model/network/port-clash.ts';
import {
  inspectExposed,
  inspectPorts,
  listedExposed,
  parseAskedPort,
  portLines,
  portsColumn,
} from '../../../src/model/network/port-display.ts';
import { hasPorts, joinPorts, publishRest } from '../../../src/model/network/port-mappings.ts';
import { parseExpose, parsePublish } from '../../../src/model/network/publish.ts';

const mappings = (texts: string) => texts.split(' ').filter(Boolean).map(parsePublish);
const exposed = (texts: string) => texts.split(' ').filter(Boolean).flatMap(parseExpose);

describe('joinPorts', () => {
  const JOINED: [asked: string, column: string][] = [
    ['8001:8001 8002:8002 8003:8003/udp', '0.0.0.0:8001-8002->8001-8002/tcp, 0.0.0.0:8003->8003/udp'],
    ['8002:8002 8001:8001', '0.0.0.0:8001-8002->8001-8002/tcp'],
    ['8001:8001 8001:8001', '0.0.0.0:8001->8001/tcp'],
    ['8001-8005:8001-8005 8003-8007:8003-8007', '0.0.0.0:8001-8007->8001-8007/tcp'],
    ['8001-8009:1-9 8003-8004:3-4', '0.0.0.0:8001-8009->1-9/tcp'],
    ['8001:1 8003:3', '0.0.0.0:8001->1/tcp, 0.0.0.0:8003->3/tcp'],
    ['8001:1 8002:3', '0.0.0.0:8001->1/tcp, 0.0.0.0:8002->3/tcp'],
    ['80 80 80-81 81', '0.0.0.0:0-1->80-81/tcp, 0.0.0.0:0->81/tcp'],
    ['81 80 8001:81', '0.0.0.0:8001->81/tcp, 0.0.0.0:0->80/tcp, 0.0.0.0:0->81/tcp'],
    ['127.0.0.1:80:80 81:81', '127.0.0.1:80->80/tcp, 0.0.0.0:81->81/tcp'],
    ['127.0.0.1:80:80 127.0.0.2:80:81', '127.0.0.1:80->80/tcp, 127.0.0.2:80->81/tcp'],
    ['[::]:80:80 80:80', ':::80->80/tcp, 0.0.0.0:80->80/tcp'],
    ['1-65535:1-65535', '0.0.0.0:1-65535->1-65535/tcp'],
  ];
  for (const [asked, column] of JOINED)
    it(`makes ${column} of ${asked}`, () => assert.equal(portsColumn(joinPorts(mappings(asked))), column));

  const CONFLICTS: [asked: string, port: number, protocol?: string][] = [
    ['8001-8005:8001-8005 8003-8007:8004-8008', 8003],
    ['8001-8005:8001-8005 8005:9000', 8005],
    ['8001:8001 8001:8002', 8001],
    ['8001:80 127.0.0.1:8001:81', 8001],
    ['[::1]:8001:80/udp [::]:8000-8002:80-82/udp', 8001, 'udp'],
  ];
  for (const [asked, port, protocol = 'tcp'] of CONFLICTS)
    it(`refuses ${asked}`, () =>
      assert.throws(() => joinPorts(mappings(asked)), {
        message: `conflicting port mappings for host port ${port} (protocol ${protocol})`,
      }));

  it('leaves what it was given as it was', () => {
    const asked = mappings('8001:1 8002:2');
    joinPorts(asked);
    assert.deepEqual(asked, mappings('8001:1 8002:2'));
  });
});

describe('published ports', () => {
  it('are those of a network of the container’s own', () => {
    assert.deepEqual((['bridge', 'none', 'host', 'container:a', 'ns:/x'] as const).filter(hasPorts), [
      'bridge',
    ]);
  });

  it('are with --publish-all what else is exposed, by protocol', () => {
    assert.deepEqual(
      publishRest(mappings('8080-8081:80-81'), exposed('80-82 80/udp')),
      mappings('82 80/udp'),
    );
  });

  const COLUMNS: [ports: string, exposed: string, column: string][] = [
    ['', '', ''],
    ['', '80/udp 81 80/sctp 80', '80/sctp, 80-81/tcp, 80/udp'],
    ['8080:80', '80-82 81/udp 85', '0.0.0.0:8080->80/tcp, 81-82/tcp, 85/tcp, 81/udp'],
    ['8080:81', '80-82', '0.0.0.0:8080->81/tcp, 80/tcp, 82/tcp'],
    ['', '100 99 3', '3/tcp, 99-100/tcp'],
  ];
  for (const [ports, open, column] of COLUMNS)
    it(`are ${JSON.stringify(column)} in the column of ps`, () =>
      assert.equal(portsColumn(mappings(ports), exposed(open)), column));

  it('are one entry each for inspect, in the order of Go’s maps, with what is only exposed', () => {
    const ports = mappings('9-10:9-10 127.0.0.1:90:9');
    assert.deepEqual(Object.entries(inspectPorts(ports, exposed('9 100/udp'))), [
      ['10/tcp', [{ HostIp: '0.0.0.0', HostPort: '10' }]],
      ['100/udp', null],
      [
        '9/tcp',
        [
          { HostIp: '0.0.0.0', HostPort: '9' },
          { HostIp: '127.0.0.1', HostPort: '90' },
        ],
      ],
    ]);
    assert.deepEqual(inspectExposed({ ports, exposedPorts: ['100/udp'] }), {
      '10/tcp': {},
      '100/udp': {},
      '9/tcp': {},
    });
  });

  it('that are exposed are protocols by number for ps', () => {
    assert.deepEqual(listedExposed(['80/tcp', '80/udp', '81/tcp']), { 80: ['tcp', 'udp'], 81: ['tcp'] });
    assert.equal(listedExposed(), null);
  });
});

describe('port', () => {
  const ports = mappings('9001:80 9002-9004:82-84/udp 127.0.0.1:9005:80');
  it('shows every port', () => {
    assert.deepEqual(portLines(ports), [
      '80/tcp -> 0.0.0.0:9001',
      '82/udp -> 0.0.0.0:9002',
      '83/udp -> 0.0.0.0:9003',
      '84/udp -> 0.0.0.0:9004',
      '80/tcp -> 127.0.0.1:9005',
    ]);
    assert.deepEqual(portLines(), []);
  });
  it('shows where one leads from', () => {
    assert.deepEqual(portLines(ports, parseAskedPort('80')), ['0.0.0.0:9001', '127.0.0.1:9005']);
    assert.deepEqual(portLines(ports, parseAskedPort('83/udp')), ['0.0.0.0:9003']);
    assert.deepEqual(portLines([], parseAskedPort('80')), []);
  });
  for (const text of ['83', '80/udp', '84/UDP', '85/udp', '80/', '0'])
    it(`does not find ${text}`, () =>
      assert.throws(() => portLines(ports, parseAskedPort(text)), {
        message: `failed to find published port "${text}"`,
      }));
  for (const [text, message] of [
    ['a', /^strconv\.ParseUint: parsing "a": invalid syntax/],
    ['-1', /^strconv\.ParseUint: parsing "-1": invalid syntax/],
    ['/tcp', /^strconv\.ParseUint: parsing "": invalid syntax/],
    ['70000', /^strconv\.ParseUint: parsing "70000": value out of range/],
    ['80/tcp/x', /^port formats are port\/protocol\. '80\/tcp\/x' is invalid$/],
  ] as const)
    it(`refuses ${text}`, () => assert.throws(() => parseAskedPort(text), { message }));
});

describe('portClash', () => {
  const web = { name: 'web', ports: mappings('8080-8082:80-82') };
  const CLASHES: [asked: string, message: string | undefined][] = [
    ['8079:80 8083:80', undefined],
    ['8081:80/udp', undefined],
    ['[::1]:8081:80', undefined],
    ['80', undefined],
    ['8070-8080:1-11', 'listen tcp4 :8080'],
    ['8082:1', 'listen tcp4 :8082'],
    ['127.0.0.1:8081:1', 'listen tcp4 127.0.0.1:8081'],
  ];
  for (const [asked, listen] of CLASHES)
    it(`of ${asked} is ${listen}`, () =>
      assert.equal(
        portClash({ name: 'new', ports: mappings(asked) }, [{ name: 'idle' }, web])?.message,
        listen &&
          `cannot listen on the TCP port: ${listen}: bind: address already in use: container web has it`,
      ));

  it('is none with the container itself', () => {
    assert.equal(portClash(web, [web]), undefined);
    assert.equal(portClash({ name: 'none' }, [web]), undefined);
  });

  it('ends with 126, in the words of every protocol', () => {
    const error = addressInUse(parsePublish('[::1]:53:53/udp'), 53);
    assert.equal(error.exitCode, 126);
    assert.equal(
      error.message,
      'cannot listen on the UDP port: listen udp6 [::1]:53: bind: address already in use',
    );
    assert.equal(
      addressInUse(parsePublish('9:9/sctp'), 9).message,
      'cannot listen on the SCTP port: listen sctp :9: bind: address already in use',
    );
  });

  it('is on the lowest port that both have', () => {
    const [a, b] = mappings('8000-8010:1-11 8005-8020:1-16');
    assert.ok(a && b);
    assert.deepEqual([sharedHostPort(a, b), sharedHostPort(b, a)], [8005, 8005]);
  });
});
