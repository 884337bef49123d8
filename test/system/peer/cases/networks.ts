/**
 * Definitions of networks. Both engines have theirs in the same directory: the story runs through one engine after the
 * other (network/definitions.test.ts), each beginning with none. The bed has an interface `va` of 10.89.0.0/24.
 */
import type { Options, Story } from '../case.ts';

const FILES = '/etc/containers/networks';

/** What is random in a definition. */
function tidy(text: string): string {
  return text
    .replace(/\bfd[0-9a-f]{2}:[0-9a-f:]*?:(?=:(1"|\/64))/g, 'ULA:')
    .replace(/"[0-9a-f]{64}"/g, '"ID"')
    .replace(/ m=\+[0-9.]+/g, '');
}

type Line = Story['lines'][number];

/** Makes the network `n` and shows its file; no trace of it stays. */
function create(flags: string, options: Options = {}): Line {
  return [
    `berth network create ${flags} n && cat ${FILES}/n.json && rm ${FILES}/n.json`,
    { tidy, ...options },
  ];
}

const OVERLAPS =
  'a network whose subnets overlap is none in which a container could start, or find its neighbour';

export const NETWORKS: Story = {
  title: 'networks',
  world: {},
  lines: [
    ...[
      ...['', '-d bridge', "-d ''", '--internal', '--internal --disable-dns', '--disable-dns', '--ipv6'],
      ...['--label a=b --label c --label d= --label a=c', "--label ''", '--label =b'],
      ...['--dns 1.1.1.1 --dns 8.8.8.8,fd00::1', '--dns x', "--dns ''", '--dns 1.1.1.1,,2.2.2.2'],
      ...['--disable-dns --dns 1.1.1.1', '--interface-name br5', '--interface-name podman0'],
      ...["--interface-name 'a b'", "--interface-name ''", '--interface-name a/b', '--interface-name va'],
      ...['-d foo', '-d host', '-d bridge --ipam-driver dhcp', '--ipam-driver none', '--ipam-driver foo'],
      ...['--ipam-driver none --subnet 10.5.0.0/24', '--ipam-driver none --dns 1.1.1.1', "--ipam-driver ''"],
      ...['--ipam-driver dhcp --ipv6', '--ipam-driver dhcp --subnet 10.7.0.0/24', '--ipam-driver host-local'],
    ].map((flags) => create(flags)),
    ...[
      ...['mtu=1400', 'mtu=x', 'mtu=-1', 'mtu=0', 'mtu=', 'mtu=99999999999999999999', 'vlan=5', 'vlan=0'],
      ...['vlan=4095', 'vlan=-1', 'vlan=x', 'vlan=', 'isolate=true', 'isolate=1', 'isolate=strict'],
      ...['isolate=x', 'isolate=', 'metric=100', 'metric=x', 'metric=-1', 'metric=4294967296'],
      ...['no_default_route=1', 'no_default_route=T', 'no_default_route=x', 'vrf=x', 'vrf=', 'mode=managed'],
      ...['mode=unmanaged', 'mode=x', 'mode=', 'bclim=1', 'host_interface_name=x', 'parent=va', 'foo=bar'],
      ...['=bar', 'foo', 'com.docker.network.bridge.name=br9', 'com.docker.network.driver.mtu=1400'],
      ...['com.docker.network.bridge.enable_icc=false'],
    ].map((option) => create(`--opt ${option}`)),
    ...[
      ...['10.7.0.0/24', '10.7.0.9/24', '10.7.0.0', 'x', "''", '10.7.0.0/33', '10.7.0.0/32', '10.7.0.0/31'],
      ...['0.0.0.0/0', 'fd00:7::/64', 'FD00:7::5/64', 'fd00:7::/128', '10.7.0.0/24,10.8.0.0/24'],
      ...['10.89.0.0/25', '10.89.0.0/16', '127.5.0.0/24', '10.88.0.0/24', '10.88.0.0/24 --opt vlan=5'],
      ...['10.7.0.0/24 --ipv6', 'fd00:7::/64 --ipv6', '10.7.0.0/24 --subnet fd00:7::/64 --ipv6'],
      ...['10.7.0.0/24 --subnet 10.8.0.0/24 --gateway 10.7.0.9,10.8.0.8', '10.7.0.0/024', '010.7.0.0/24'],
      ...['10.7.0.0/24 --subnet 10.8.0.0/24 --gateway 10.8.0.9', '10.7.0.0/24 --internal --disable-dns'],
      ...['10.7.0.0/24 --internal --disable-dns --gateway 10.7.0.5'],
    ].map((subnet) => create(`--subnet ${subnet}`)),
    ...[
      ...['10.7.0.9', '10.7.1.9', '10.7.0.0', 'x', "''", 'fd00::1', '::ffff:10.7.0.9', '10.7.0.9/24'],
      ...['10.7.0.9 --gateway 10.7.0.8', '10.7.0.9,10.7.0.8', "' 10.7.0.4 '", ','],
    ].map((gateway) => create(`--subnet 10.7.0.0/24 --gateway ${gateway}`)),
    create('--gateway 10.7.0.9'),
    create('--ip-range 10.7.0.0/25'),
    ...[
      ...['10.7.0.0/25', '10.7.0.130/25', '10.7.0.0/24', '10.7.0.0/23', '10.7.0.5/32', '10.7.0.4/31'],
      ...['10.7.0.10-10.7.0.20', '10.7.0.10-10.7.0.10', '10.7.0.10-10.7.1.10', '10.6.0.10-10.7.0.10'],
      ...['10.7.0.10-', '-10.7.0.10', 'x', 'x-y', "''", '10.7.0.10', 'fd00:7::/80', '10.7.0.5-10.7.0.9-1'],
      ...['10.7.0.0/25 --ip-range 10.7.0.128/25'],
    ].map((range) => create(`--subnet 10.7.0.0/24 --ip-range ${range}`)),
    create('--subnet fd00:7::/64 --ip-range fd00:7::/80'),
    ...[
      ...['10.21.0.0/24,10.7.0.250', '10.21.0.0/24,10.7.0.250,50', '10.21.0.0/24,10.7.0.250,x'],
      ...['10.21.0.0/24,10.7.0.250,4294967296', '10.21.0.5/24,10.7.0.250', '10.21.0.0,10.7.0.250'],
      ...['x,10.7.0.250', '10.21.0.0/24,x', 'fd00:5::/64,10.7.0.1', 'fd00::5/64,fd00::1'],
      ...['10.21.0.0/24,10.7.0.250 --route 10.22.0.0/24,10.7.0.250'],
    ].map((route) => create(`--subnet 10.7.0.0/24 --route ${route}`)),
    ...['10.21.0.0/24', '10.21.0.0/24,10.7.0.250,1,2'].map((route) =>
      create(`--subnet 10.7.0.0/24 --route ${route}`, {
        differs: { why: 'an error is one line', stderr: /^Error: invalid route: [^\n]*: Format: [^\n]*\n$/ },
      }),
    ),
    ...[
      ...['macvlan', 'macvlan --opt parent=va', 'macvlan --opt parent=nope', 'macvlan --opt parent='],
      ...['macvlan --interface-name va --opt parent=nope', 'macvlan --interface-name nope --opt parent=va'],
      ...['macvlan --interface-name va --subnet 10.89.0.0/24', 'macvlan --internal --subnet 10.7.0.0/24'],
      ...['macvlan --opt mode=passthru --opt bclim=5 --opt mtu=1400 --opt metric=7 --opt no_default_route=1'],
      ...['macvlan --opt mode=l2', 'macvlan --opt bclim=x', 'macvlan --opt isolate=true', 'macvlan --ipv6'],
      ...['macvlan --ipam-driver none', 'macvlan --ipam-driver dhcp --subnet 10.5.0.0/24'],
      ...['macvlan --ipam-driver host-local', 'macvlan --subnet fd00:7::/64', 'macvlan --dns 1.1.1.1'],
      ...['ipvlan', 'ipvlan --ipam-driver host-local', 'ipvlan --ipam-driver none'],
      ...[
        'ipvlan --opt parent=va --opt mode=l3 --subnet 10.1.0.0/24',
        'ipvlan --opt bclim=1 --subnet fd00::/64',
      ],
      ...['ipvlan --opt mode=bridge --subnet 10.1.0.0/24', 'ipvlan --opt mode=l3s --subnet 10.1.0.0/24'],
    ].map((driver) => create(`-d ${driver}`)),
    create('--subnet 10.88.0.0/24 --opt foo=2 --dns x --route 10.0.0.5/24,10.0.0.1'),
    create('--subnet 10.88.0.0/24 --dns x --route 10.0.0.5/24,10.0.0.1'),
    create('--subnet 10.88.0.0/24 --dns 1.1.1.1 --route 10.0.0.5/24,10.0.0.1'),
    create('--interface-name aaaaaaaaaaaaaaaa', {
      differs: {
        why: 'the kernel takes no such name, so no container could start',
        code: '125',
        stdout: '',
        stderr: 'Error: bridge name aaaaaaaaaaaaaaaa invalid: it is longer than 15 characters\n',
      },
    }),
    create('--subnet 10.7.0.0/24 --subnet 10.7.0.0/25', {
      differs: {
        why: OVERLAPS,
        code: '125',
        stdout: '',
        stderr: 'Error: subnets 10.7.0.0/24 and 10.7.0.0/25 overlap\n',
      },
    }),
    create('--subnet 10.7.0.0/24 --ip-range 10.7.0.20-10.7.0.10', {
      differs: {
        why: 'there is no address in it',
        code: '125',
        stdout: '',
        stderr: 'Error: lease range start ip 10.7.0.20 is after its end ip 10.7.0.10\n',
      },
    }),
    ...["'a b'", '-- -x', 'a/b', '.a', 'host', 'none', 'bridge', 'ns', 'podman', 'a b', '--bogus'].map(
      (name): Line => [`berth network create ${name}`],
    ),
    ['berth network create --ignore podman'],
    ['berth network create --ignore --subnet x podman'],
    ['berth network create --opt foo=1 podman'],

    // Two networks with all that is shown of them.
    ['berth network ls'],
    ['berth network create --label a=b --label c n1'],
    ['berth network create n1'],
    ['berth network create --ignore -d foo n1'],
    ['berth network create --label a=x --subnet 10.7.0.0/24 --ip-range 10.7.0.0/25 n2'],
    ['berth network create -d macvlan --internal --disable-dns n3'],
    ['berth network create --interface-name podman1 n4'],
    ['berth network create --opt vlan=6 --interface-name podman1 n4'],
    ['berth network create --subnet 10.89.1.0/24 n5'],
    ['berth network create; berth network create -d macvlan'],
    ['berth network ls -n'],
    ['berth network ls --no-trunc'],
    ['berth network ls -q --no-trunc --format x'],
    ['berth network ls --format json', { tidy }],
    [
      'berth network ls --format "{{.ID}} {{.Name}} {{.Driver}} {{.Labels}} {{.NetworkInterface}} {{.Options}}"',
    ],
    ['berth network ls --no-trunc --noheading --format "table {{.ID}} {{.Name}}"'],
    [
      'berth network ls --format "table {{.ID}} {{.Name}} {{.Driver}} {{.Labels}} {{.NetworkInterface}} {{.IPv6Enabled}} {{.Internal}} {{.DNSEnabled}} {{.Options}} {{.IPAMOptions}} {{.Routes}} {{.NetworkDNSServers}}"',
    ],
    ['berth network ls --filter name=n2 --format "{{json .}}"', { tidy }],
    ['berth network ls --format {{.Nope}}'],
    ['berth network ls extra'],
    ...[
      ...['name=n1', 'name=n', 'name=^n', "name='('", 'driver=bridge', 'driver=brid', 'label=a', 'label=a=b'],
      ...['label=a --filter label=c', 'label!=a', 'id=2f259', 'id=f259b', 'id=^2f259', 'dangling=true'],
      ...['dangling=false', 'dangling=x', 'until=1h', 'until=x', 'until=2099-01-01', 'since=n1', 'foo=1'],
      ...['foo', 'name=n1 --filter name=n2', 'name=n --filter driver=macvlan', 'name=zzz'],
    ].map((filter): Line => [`berth network ls -q --filter ${filter}`]),
    ['berth network ls --filter name=zzz --format json'],
    ['berth network ls --filter name=zzz --format "table {{.Name}}"'],
    ['berth network inspect n1 podman', { tidy }],
    ['berth network inspect nope n2 --format {{.Name}}'],
    ['berth network inspect nope'],
    ['berth network inspect'],
    ["berth network inspect ''"],
    ['berth network inspect 2f259bab --format {{.Name}}'],
    [
      'berth network inspect n2 --format "{{range .Subnets}}{{.Subnet}} {{.Gateway}} {{.LeaseRange.StartIP}} {{.LeaseRange.EndIP}}{{end}} {{.Labels}} {{.Containers}}"',
    ],
    ['berth network inspect n1 --format "{{printf \\"%T %T %T\\" . .Subnets .Containers}}{{json .Subnets}}"'],
    [
      'berth network inspect n1 --format "{{.Subnets}}"',
      { differs: { why: 'an address is a text', stdout: '[{10.89.1.0/24 10.89.1.1 <nil>}]\n' } },
    ],
    ['berth inspect --type network n2', { tidy }],
    ['berth inspect n3 --format "{{.Name}} {{.Driver}} {{.Internal}} {{.Options}}"'],
    ['berth inspect --type network nope'],
    ['berth network exists n1'],
    ['berth network exists nope'],
    ['berth network exists 2f259bab'],
    ['berth network exists'],

    ['berth network update n1 --dns-add 1.1.1.1,8.8.8.8; berth network update n1 --dns-add 8.8.8.8'],
    ['berth network inspect n1 --format {{.NetworkDNSServers}}'],
    ['berth network update n1 --dns-drop 8.8.8.8 --dns-add 9.9.9.9 --dns-add fd00::1 --dns-drop 9.9.9.9'],
    ['berth network inspect n1 --format {{.NetworkDNSServers}}'],
    ['berth network update n1 --dns-add x'],
    ['berth network update n1 --dns-drop x'],
    ["berth network update n1 --dns-add ''; berth network update n1"],
    ['berth network update nope --dns-add 1.1.1.1'],
    ['berth network update'],
    ['berth network update n1 n2'],
    [`cat ${FILES}/n1.json`, { tidy }],
    [
      `berth network update podman --dns-add 1.1.1.1; cat ${FILES}/podman.json; rm ${FILES}/podman.json`,
      { tidy },
    ],

    ['berth network rm podman'],
    ['berth network rm -f podman'],
    ['berth network rm nope'],
    ['berth network rm -f nope'],
    ['berth network rm'],
    ['berth network rm -t 5 n2'],
    ["berth network rm ''"],
    ['berth network rm nope n4 n3'],
    ['berth network rm $(berth network ls --format {{.ID}} --filter name=n2 | sed s/...$//) | wc -c'],
    ['berth network prune extra'],
    ['echo n | berth network prune'],
    ['berth network prune'],
    ['berth network create --label p=q p1; berth network create p2'],
    ['berth network prune -f --filter label=p=q'],
    ...['foo=1', 'name=n1', 'id=1', 'driver=bridge', 'dangling=true'].map(
      (filter): Line => [`berth network prune -f --filter ${filter}`],
    ),
    ['berth network prune -f --filter until=1h'],
    ['echo n | berth system prune', { tidy: (text) => text.replace(/\t- all dangling build cache\n/, '') }],
    ['berth network create --label k=v s1; berth system prune -f --filter label=k=v'],
    ['berth network prune -f | sort'],
    ['berth network ls -n'],
    [
      'berth events --stream=false --since 10m --filter type=network --filter event=create --format "{{.Type}} {{.Status}} {{.Network}} {{.Name}} {{.Attributes}}" | tail -3',
    ],
    ['berth events --stream=false --since 10m --filter type=network --filter event=create | tail -2'],
    ['berth network'],
    ['berth network foo'],
  ],
};
