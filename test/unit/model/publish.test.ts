/** `--publish` and `--expose` as typed; every refusal is Podman 5.4's, word for word. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  parseExpose,
  parseImageExpose,
  parsePublish,
  sortExposed,
} from '../../../src/model/network/publish.ts';

describe('parsePublish', () => {
  const READ: [
    text: string,
    hostIp: string,
    hostPort: number,
    containerPort: number,
    range?: number,
    protocol?: string,
  ][] = [
    ['80', '', 0, 80],
    [':80', '', 0, 80],
    ['8080:80', '', 8080, 80],
    ['0080:+80', '', 80, 80],
    ['65535:1', '', 65_535, 1],
    ['8080:80/TCP', '', 8080, 80],
    ['53:53/udp', '', 53, 53, 1, 'udp'],
    ['9:9/Sctp', '', 9, 9, 1, 'sctp'],
    ['80-82', '', 0, 80, 3],
    ['8000-8010:80-90', '', 8000, 80, 11],
    ['127.0.0.1::80', '127.0.0.1', 0, 80],
    ['127.0.0.1:8080-8081:80-81/udp', '127.0.0.1', 8080, 80, 2, 'udp'],
    ['0.0.0.0:81:80', '', 81, 80],
    ['[::1]:81:80', '::1', 81, 80],
    ['[0:0::1]::80', '::1', 0, 80],
    ['[::]:81:80', '::', 81, 80],
    ['[::ffff:1.2.3.4]:1:3', '1.2.3.4', 1, 3],
  ];
  for (const [text, hostIp, hostPort, containerPort, range = 1, protocol = 'tcp'] of READ)
    it(`reads ${text}`, () =>
      assert.deepEqual(parsePublish(text), { hostIp, hostPort, containerPort, range, protocol }));

  const REFUSED: [text: string, message: string][] = [
    ['', 'must provide a non-empty container port to publish'],
    ['80:', 'must provide a non-empty container port to publish'],
    ['/tcp', 'must provide a non-empty container port to publish'],
    ['80/', 'must provide a non-empty protocol to publish'],
    ['::80', 'must provide a non-empty container host IP to publish'],
    ['80/tcp/udp', 'invalid port format - protocol can only be specified once'],
    ['80/foo', 'unrecognized protocol "foo" in port mapping'],
    ['8000-8010:80', 'host and container port ranges have different lengths: 11 vs 1'],
    ['0:80', 'parsing host port: port numbers must be between 1 and 65535 (inclusive), got 0'],
    ['80:65536', 'parsing container port: port numbers must be between 1 and 65535 (inclusive), got 65536'],
    ['a:80', 'parsing host port: invalid port number: strconv.Atoi: parsing "a": invalid syntax'],
    [
      '99999999999999999999:80',
      'parsing host port: invalid port number: strconv.Atoi: parsing "99999999999999999999": value out of range',
    ],
    ['-1:80', 'parsing host port: port numbers cannot be negative'],
    ['80-:80-', 'parsing container port: must provide ending number for port range'],
    [
      '80-70:80-70',
      'parsing container port: the end port of a range must be higher than the start port - 70 is not higher than 80',
    ],
    [
      '80-81-82:80',
      'parsing host port: invalid port format - port ranges are formatted as startPort-stopPort',
    ],
    ['1.2.3:80:80', 'cannot parse "1.2.3" as an IP address'],
    ['[::g]:1:3', 'cannot parse "::g" as an IP address'],
    ['1.2.3.4:80:80:80', 'invalid port format - format is [[hostIP:]hostPort:]containerPort'],
    ['[::1:80:80', 'invalid port format - format is [[hostIP:]hostPort:]containerPort'],
    ['::1]:80:80', 'invalid port format - IPv6 addresses must be enclosed by []'],
    ['[::1]80:80', "invalid port format - IPv6 address must be followed by a colon (':')"],
    ['[::1]:80', 'invalid port format - must provide host and destination port if specifying an IP'],
    ['[::1]:1:2:3', 'invalid port format - when v6 address specified, must be [ipv6]:hostPort:ctrPort'],
    ['[::1]:[::1]:3', 'invalid port format - at most one IPv6 address can be specified in a --publish'],
  ];
  for (const [text, message] of REFUSED)
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parsePublish(text), { message }));
});

describe('parseExpose', () => {
  const READ: [text: string, ports: string[]][] = [
    ['80', ['80/tcp']],
    ['80/', ['80/tcp']],
    ['80/UDP', ['80/udp']],
    ['80-82/sctp', ['80/sctp', '81/sctp', '82/sctp']],
  ];
  for (const [text, ports] of READ) it(`reads ${text}`, () => assert.deepEqual(parseExpose(text), ports));

  const bad = (text: string, why: string): [string, string] => [
    text,
    `invalid range format for --expose: ${text}: ${why}`,
  ];
  const REFUSED: [text: string, message: string][] = [
    bad('70000', 'strconv.ParseUint: parsing "70000": value out of range'),
    bad('a', 'strconv.ParseUint: parsing "a": invalid syntax'),
    bad('5-', 'strconv.ParseUint: parsing "": invalid syntax'),
    bad('-5', 'strconv.ParseUint: parsing "": invalid syntax'),
    bad('90-80', 'Invalid range specified for the Port: 90-80'),
    bad('/tcp', 'Empty string specified for ports.'),
    ['5-5', 'the end port of a range must be higher than the start port - 5 is not higher than 5'],
    ['1-2-3', 'invalid port format - port ranges are formatted as startPort-stopPort'],
    ['0', 'port numbers must be between 1 and 65535 (inclusive), got 0'],
    ['80/tcp/udp', 'invalid expose format - protocol can only be specified once'],
    ['80/foo', 'validating protocols for exposed port 80: unrecognized protocol "foo" in port mapping'],
  ];
  for (const [text, message] of REFUSED)
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseExpose(text), { message }));

  it('tells an image’s EXPOSE apart', () => {
    assert.deepEqual(parseImageExpose('90-91/tcp'), ['90/tcp', '91/tcp']);
    assert.throws(() => parseImageExpose('0'), {
      message: 'unable to convert image EXPOSE: port numbers must be between 1 and 65535 (inclusive), got 0',
    });
  });

  it('has each port once, in the order of numbers', () => {
    assert.deepEqual(sortExposed(['100/tcp', '9/udp', '9/tcp', '9/udp', '10/sctp']), [
      '9/tcp',
      '9/udp',
      '10/sctp',
      '100/tcp',
    ]);
  });
});
