/** Networks and ports of containers that were created: what the flags take, and how it is shown. The networks are made by peer.test.ts. */
import type { Cell, Cells, Options, Story } from '../case.ts';

const BOX = 'localhost/busybox';

/** Numbers that the kernel chose. */
function withoutChosen(text: string): string {
  return sameName(text).replace(/\b(3[2-9]|[45]\d|6[0-5])\d{3}\b/g, 'PORT');
}

/** The default network's, which is not the engine that is asked. */
function sameName(text: string): string {
  return text.replace(/\bpodman\b/g, 'berth');
}

const NAMED: Options = { tidy: sameName };
const CHOSEN: Options = { tidy: withoutChosen };

const INSPECTED =
  "'{{.HostConfig.NetworkMode}} {{json .HostConfig.PortBindings}} {{.HostConfig.PublishAllPorts}} {{json .Config.ExposedPorts}} {{json .NetworkSettings}}'";
const LISTED =
  "'{{.Ports}} | {{.Networks}} | {{.ExposedPorts}} | {{json .Ports}} {{json .Networks}} {{json .ExposedPorts}}'";

/** Made with the flags, it is looked at with inspect. */
function inspected(flags: string, options: Options = NAMED): Cell {
  const line = `berth create --name % ${flags} ${BOX} true && berth inspect --format ${INSPECTED} %`;
  return ['absent', line, options];
}

/** The same, and with ps: of Podman, networks and ports of several addresses or protocols are in an order by chance there. */
function shown(flags: string, options: Options = NAMED): Cell {
  const [state, line, ...rest] = inspected(flags, options);
  return [state, `${line} && berth ps --all --filter name=% --format ${LISTED}`, ...rest];
}

/** Podman makes a container that cannot start, or of which the words mean nothing. */
function refused(flags: string, stderr: RegExp): Cell {
  const differs = {
    why: 'what cannot work is refused by create, not by the first start',
    ...{ code: '125', stdout: '', stderr, after: / is gone$/ },
  };
  return ['absent', `berth create --name % ${flags} ${BOX} true`, { differs }];
}

export const PORTS: Cells = {
  title: 'published and exposed ports',
  cells: [
    ...[
      ...['-p 8080:80/SCTP', '-p 127.0.0.1:8081:80', '-p 0080:+80'],
      ...["-p '[::1]:8081:80'", "-p '[::ffff:1.2.3.4]:1:3'", '-p 0.0.0.0:81:80'],
      ...['-p 8000-8003:9000-9003', '-p 8081:81,8082:82', '-p 8002:82 -p 8001:81', '-p 81:81 -p 83:83'],
      ...['-p 8001-8005:1-5 -p 8003-8007:3-7', '-p 8001:1 -p 8001:1', '-p 8001-8009:1-9 -p 8003:3'],
      ...['--expose 80', '--expose 80-82/udp', '--expose 80/TCP,82,81', '--expose 80/ --expose 81/sctp'],
      ...["--expose ''", "-p ''", '--expose 80/udp,81', '--expose 3-5 --expose 7,9', '-P'],
      ...['-p 8080:80 --expose 79-81', '-p 8080-8089:80-89 --expose 80-91 --expose 93/udp'],
    ].map((flags) => shown(`--network bridge ${flags}`)),
    ...[
      ...['-p 80', '-p :80', '-p 80-82', '-p 127.0.0.1::80', "-p '[::1]::80'", '-p 80 -p 8080:81'],
      ...['-P --expose 80', '-P -p 8080:80 --expose 80', '-p 80/udp'],
    ].map((flags) => shown(`--network bridge ${flags}`, CHOSEN)),
    ...[...['-p 8001:1 -p 8003:3/udp'], ...['-P --expose 80-82,80/udp -p 8081:81', '-p 80 -p 80']].map(
      (flags) => inspected(`--network bridge ${flags}`, CHOSEN),
    ),
    ...[...['-p 80:80 --expose 90', '-P --expose 90', '-p 80:80 -P', '-p 80:80 -p 80:81']].flatMap((flags) =>
      ['none', 'host', 'ns:/proc/1/ns/net'].map((mode) => shown(`--network ${mode} ${flags}`)),
    ),
    ...[
      // All others are in test/unit/model/publish.test.ts.
      ...['-p 8000-8010:80', '-p 80/foo', '-p 0:80', '-p a:80', '-p 80:', '-p 1.2.3:80:80', "-p '[::1]:80'"],
      ...['-p 80-70:80-70', '-p 8001-8005:1-5 -p 8003-8007:4-8'],
      ...[
        '--expose 80/foo',
        '--expose 0',
        '--expose 70000',
        '--expose 90-80',
        '--expose 1-2-3',
        "--expose '5 '",
      ],
    ].map((flags): Cell => ['absent', `berth create --name % --network bridge ${flags} ${BOX} true`]),
    ['absent', `berth create --name % --network none -p a:80 ${BOX} true`],
    refused(
      '--network bridge -p 8001:1 -p 8001:2',
      /^Error: conflicting port mappings for host port 8001 \(protocol tcp\)$/m,
    ),
    refused(
      '--network bridge -p 8001-8005:1-5 -p 8005:9000',
      /^Error: conflicting port mappings for host port 8005 \(protocol tcp\)$/m,
    ),
    refused(
      '--network bridge -p 8001:1 -p 127.0.0.1:8001:2',
      /^Error: conflicting port mappings for host port 8001 \(protocol tcp\)$/m,
    ),
    [
      'created',
      `berth commit -q --change 'EXPOSE 80' --change 'EXPOSE 81/udp' % localhost/%
       for flags in '--network none' '--network bridge' '--network bridge --expose 90' '--network bridge -p 8080:80' '--network bridge -P -p 8081:81/udp' '--network host -P'; do
         berth create --name %-x $flags localhost/% true
         berth inspect --format ${INSPECTED} %-x
         berth ps --all --filter name=%-x --format ${LISTED}
         berth rm %-x
       done
       berth rmi localhost/%`,
      CHOSEN,
    ],
    [
      'absent',
      `berth create --name % --network bridge -p 8080:80 --expose 90/udp ${BOX} true
       berth commit -q % localhost/% && berth image inspect --format '{{json .Config.ExposedPorts}}' localhost/%
       berth rmi localhost/%`,
    ],
    ...['', ' 80', ' 80/udp', ' a', ' 80/', ' /tcp', ' 70000', ' 80/tcp/x', " ''", ' 80 81', ' -- -1'].map(
      (rest): Cell => ['running', `berth port %${rest}`],
    ),
    [
      'absent',
      `berth create --name % --network bridge -p 8080:80 ${BOX} true; berth port % && berth port % 80`,
    ],
    ['created', 'berth port --all %'],
    ['created', 'berth port --all --latest'],
    ['created', 'berth port --latest % 80 81'],
  ],
};

export const NETWORK_FLAGS: Cells = {
  title: 'flags about networks',
  cells: [
    ...[
      ...['bridge', 'private', 'default', 'podman', 'bridge:', 'bridge:alias=a,alias=b', 'peer-a', 'host'],
      ...['bridge --hostname box', 'bridge --uts host', 'peer-a --network-alias a,b --network-alias c'],
      ...['peer-a:alias=x --network-alias y --hostname box', 'bridge --network-alias a --network-alias a'],
      ...["bridge --network-alias ''", "bridge --ip ''", 'bridge --ip 10.88.7.9', 'peer-b --ip6 fd00:b::9'],
      ...['bridge --mac-address 02-00-00-00-00-01', 'peer-a:ip=10.120.1.9,mac=0200.0000.0009'],
      ...[
        'peer-a:interface_name=in0,host_interface_name=out0',
        'bridge:ip=10.88.7.8 --mac-address 2e:00:00:00:00:01',
      ],
      ...['2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9', '2f259b'],
    ].map((network) => shown(`--network ${network}`)),
    ...[
      ...[
        'peer-a,peer-b',
        'peer-b,peer-a',
        'peer-a --network peer-b',
        'peer-a,peer-a',
        'bridge --network peer-a',
      ],
      ...['peer-a:alias=x --network peer-a:alias=y', 'peer-b:alias=x --network peer-a --network-alias w'],
      ...[
        'bridge:alias=x --network peer-a',
        'podman --network 2f259b',
        'peer-a:interface_name=eth0 --network peer-b',
      ],
    ].map((network) => inspected(`--network ${network}`)),
    ...[
      ...[
        'nope',
        'peer-a,nope',
        'peer-a --network nope',
        'PEER-A',
        'none,peer-a',
        'bridge,peer-a',
        'peer-a,alias=x',
      ],
      ...['none --network peer-a', 'host --network none', 'container:x --network peer-a', 'pasta'],
      ...[
        'private --network peer-a',
        "'' --network peer-a",
        "peer-a --network ''",
        'peer-a --network :alias=x',
      ],
      ...['none', 'host', 'bridge', 'private', 'pasta', 'container:x', 'pod'].map(
        (mode) => `peer-a --network ${mode}`,
      ),
      ...[':ip=10.0.0.1', 'pod', 'bridge:ip=x', 'bridge:ip6=', 'bridge:mac=zz', 'bridge:alias='],
      ...['bridge:interface_name=', 'peer-a:interface_name=e --network peer-b:interface_name=e'],
      ...['bridge --ip x', 'bridge --mac-address zz', 'peer-a,peer-b --ip 10.120.1.9'],
      ...['peer-a,peer-b --ip6 fd00:b::9', 'peer-a,peer-b --mac-address 02:00:00:00:00:01'],
      ...['none --ip 10.88.0.9', 'host --ip6 ::9', 'private --ip 10.88.0.9', "'' --network-alias a"],
      ...['container:x --mac-address 02:00:00:00:00:01', 'ns:/x --network-alias a'],
    ].map((network): Cell => ['absent', `berth create --name % --network ${network} ${BOX} true`]),
    ['absent', `berth create --name % --net peer-a ${BOX} true && berth inspect --format ${INSPECTED} %`],
    refused(
      '--network bridge --ip 10.99.0.9',
      /^Error: requested static ip 10.99.0.9 not in any subnet on network podman$/m,
    ),
    refused(
      '--network peer-a:ip6=fd00::1',
      /^Error: requested static ip fd00::1 not in any subnet on network peer-a$/m,
    ),
    refused('--network peer-a:ip=10.120.1.8 --ip 10.120.1.9', /has one address of each family there$/m),
    refused('--network bridge:mtu=9', /^Error: unknown option "mtu": use ip, /m),
    refused('--network bridge --mac-address 03:00:00:00:00:01', /: its first byte must be even$/m),
    refused(
      '--network bridge --mac-address 02:00:00:00:00:00:00:01',
      /^Error: address 02:.*: invalid MAC address$/m,
    ),
    refused(
      '--network bridge:interface_name=a/b',
      /^Error: interface_name "a\/b" is no name of an interface/m,
    ),
    refused("--network bridge --network-alias 'a b'", /^Error: alias "a b" is no name of a host$/m),
    refused('--network slirp4netns', /^Error: --network slirp4netns: there is none here: use bridge$/m),
  ],
};

/** What a list says of containers in networks. */
export const NETWORK_LISTS: Story = {
  title: 'containers in networks',
  world: {},
  lines: [
    [
      `berth create --name one --network bridge -p 8080:80 --expose 90 ${BOX} true
       berth create --name two --network peer-a:alias=q ${BOX} true
       berth create --name three --network peer-a,podman ${BOX} true
       berth create --name four --network container:one --expose 91 -p 81:81 ${BOX} true
       berth create --name five --network none --expose 92 ${BOX} true`,
    ],
    [`berth inspect --format ${INSPECTED} four`, NAMED],
    ['berth ps --all'],
    ['berth ps --all --format "table {{.Names}} {{.Ports}} {{.ExposedPorts}}"'],
    ...[
      ...['podman', 'peer-a', 'peer-b', 'nope', '2f259b', 'peer-a,podman', 'none', 'bridge', 'container:one'],
      ...['container:nope', 'container:', 'one', 'peer-b --filter network=peer-a'],
    ].map((network): [string] => [`berth ps --all --filter network=${network} --format '{{.Names}}'`]),
    ["berth ps --all --filter network= --format '{{.Names}}'"],
    ['berth ps --all --filter publish=80'],
    ['berth ps --all --filter expose=80'],
    [`berth ps --all --filter name=four --format ${LISTED}`],
    ['berth port --all'],
    ['berth port four'],
    ['berth port --latest 80'],
  ],
};
