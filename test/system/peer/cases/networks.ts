/**
 * Definitions of networks; test/unit/cli has many more flags of create, as they were recorded. Both engines have theirs in the same directory: the story runs through one engine after the
 * other (network/definitions.test.ts), each beginning with none. The bed has an interface `va` of 10.89.0.0/24.
 */
import type { Options, Story } from '../case.ts';

const FILES = '/etc/containers/networks';

/** What is random in a definition; and the network that has Podman's name, which for all cases is Berth's. */
function tidy(text: string): string {
  return named(text)
    .replace(/\bfd[0-9a-f]{2}:[0-9a-f:]*?:(?=:(1"|\/64))/g, 'ULA:')
    .replace(/"[0-9a-f]{64}"/g, '"ID"')
    .replace(/ m=\+[0-9.]+/g, '');
}

function named(text: string): string {
  return text.replace(/\bpodman\b/g, 'berth').replace(/(more than one result for network ID)[^\n]*/g, '$1');
}

type Line = Story['lines'][number];

/** Makes the network `n` and shows its file; no trace of it stays. */
function create(flags: string, options: Options = {}): Line {
  return [
    `berth network create ${flags} n && cat ${FILES}/n.json && rm ${FILES}/n.json`,
    { tidy, ...options },
  ];
}

const LINES: Line[] = [
  ...[
    ...['', '--ipv6', '--internal --disable-dns --label a=b --label c', '--dns 1.1.1.1,fd00::1', '-d foo'],
    ...['--opt mtu=1400 --opt isolate=1', '--opt foo=bar', '--opt vlan=4095', "--interface-name 'a b'"],
    ...['--subnet 10.7.0.9/24 --gateway 10.7.0.9 --ip-range 10.7.0.128/25', '--subnet x'],
    ...['--subnet 10.89.0.0/25', '--subnet 127.5.0.0/24', '--subnet 10.88.0.0/24', '--gateway x'],
    ...['--subnet 10.7.0.0/24 --gateway 10.8.0.1', '--subnet 10.7.0.0/24 --ip-range 10.7.0.0/23'],
    ...['--route 10.21.0.0/24,10.89.1.9,5 --route fd00:5::/64,fd00::1', '--route 10.21.0.5/24,10.7.0.1'],
    ...[
      '-d macvlan',
      '-d macvlan --opt parent=va --opt bclim=5',
      '-d macvlan --opt parent=nope',
      '-d ipvlan',
    ],
    ...['-d ipvlan --opt mode=l3 --subnet fd00:7::/64', '--ipam-driver none', '--dns x', "--label ''"],
  ].map((flags) => create(flags)),
  create('--route 10.21.0.0/24', {
    differs: { why: 'an error is one line', stderr: /^Error: invalid route: [^\n]*: Format: [^\n]*\n$/ },
  }),
  create('--interface-name aaaaaaaaaaaaaaaa', {
    differs: {
      why: 'the kernel takes no such name, so no container could start',
      code: '125',
      stdout: '',
      stderr: 'Error: bridge name aaaaaaaaaaaaaaaa invalid: it is longer than 15 characters\n',
    },
  }),
  ...["'a b'", '-- -x', '.a', 'host', 'podman', 'a b', '--bogus'].map(
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
  ['berth network ls --format "{{.ID}} {{.Name}} {{.Driver}} {{.NetworkInterface}} {{.Options}}"'],
  ['berth network ls --no-trunc --noheading --format "table {{.ID}} {{.Name}}"'],
  [
    'berth network ls --format "table {{.ID}} {{.Name}} {{.Driver}} {{.NetworkInterface}} {{.IPv6Enabled}} {{.Internal}} {{.DNSEnabled}} {{.Options}} {{.IPAMOptions}} {{.Routes}} {{.NetworkDNSServers}}"',
  ],
  ['berth network ls --filter name=n2 --format "{{json .}}"', { tidy }],
  ['berth network ls --format {{.Nope}}'],
  ['berth network ls extra'],
  ...[
    ...['name=^n', 'label=a --filter label=c', 'label!=a', 'id=2f259', 'dangling=true', 'dangling=x'],
    ...['until=x', 'since=n1', 'foo', 'name=n --filter driver=macvlan', 'name=zzz'],
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
  ...['foo=1', 'name=n1'].map((filter): Line => [`berth network prune -f --filter ${filter}`]),
  ['berth network prune -f --filter until=1h'],
  ['echo n | berth system prune', { tidy: (text) => text.replace(/\t- all dangling build cache\n/, '') }],
  ['berth network create --label k=v s1; berth system prune -f --filter label=k=v'],
  ['berth network prune -f | sort'],
  ['berth network ls -n'],
  [
    'berth events --stream=false --since 10m --filter type=network --filter event=create --format "{{.Type}} {{.Status}} {{.Network}} {{.Name}} {{.Attributes}}" | tail -3',
  ],
  ['berth events --stream=false --since 10m --filter type=network --filter event=create | tail -2'],
  ['berth network foo'],
];

export const NETWORKS: Story = {
  title: 'networks',
  world: {},
  lines: LINES.map(([line, options]) => [line, { tidy: named, ...options }]),
};
