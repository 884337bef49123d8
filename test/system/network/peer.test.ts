/** What `inspect` and `network inspect` say of running containers in networks, beside Podman's in the same networks. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { bootWith, leavingNothing, script } from '../../support/machine.ts';
import { preparePodman } from '../../support/peer.ts';

/**
 * Each engine keeps its folder for namespaces, Podman's is a mount; and the scopes of Podman's conmons are ended by systemd when
 * it gets to them.
 */
const KEPT = [
  /^runtime file: \/run\/berth\/netns$/,
  /^mount: \/run\/netns \(tmpfs\)/,
  /^cgroup: (.*\/libpod-|\/systemd\b)/,
];

type Engine = 'berth' | 'podman';

/** Name → flags of `run`; PORT is another port of the host for each engine. */
const CASES: Record<string, string> = {
  'a bridge of two families, with ports and an alias':
    '--network both:alias=web --hostname there -p PORT:80 -p 127.0.0.1:PORT:53/udp',
  'two networks, one with a fixed address of each family in the first':
    '--network both:ip=10.94.0.ENGINE,ip6=fd00:94::ENGINE --network second',
  'an interface name and a hardware address':
    '--network second:interface_name=lan0,mac=02:00:00:00:95:0ENGINE',
  'an internal network without names': '--network inside --no-hosts',
  'macvlan on an interface of the host': '--network lan',
  'no network': '--network none',
};

describe('running containers in networks, beside Podman', () => {
  let bed: Bed;

  before(async () => {
    bed = await bootWith('networkpeer', ['busybox']);
    await preparePodman(bed, ['busybox']);
    await script(
      bed,
      `rm /etc/containers/containers.conf; echo nameserver 192.0.2.53 >/etc/resolv.conf
       ip link add uplink type veth peer name uplinkp; ip link set uplink up; ip link set uplinkp up
       berth network create --ipv6 --subnet 10.94.0.0/24 --subnet fd00:94::/64 both >/dev/null
       berth network create --subnet 10.95.0.0/24 second >/dev/null
       berth network create --internal --disable-dns --subnet 10.96.0.0/24 inside >/dev/null
       berth network create -d macvlan -o parent=uplink --subnet 10.97.0.0/24 lan >/dev/null`,
    );
  });
  after(() => bed?.close());

  for (const [title, flags] of Object.entries(CASES)) {
    test(title, () =>
      leavingNothing(
        bed,
        async () => {
          const [mine, peers] = [await seenOf('berth', flags), await seenOf('podman', flags)];
          assert.deepEqual(mine, peers);
          // That there was something to compare.
          assert.match(
            JSON.stringify(mine),
            flags.includes('none') ? /"SandboxKey":"PLACE"/ : /"MacAddress":"MAC"/,
          );
          assert.equal(mine.reached, 'yes');
        },
        KEPT,
      ),
    );
  }

  /** With what each engine chooses for itself replaced by a word for it. */
  async function seenOf(engine: Engine, flags: string): Promise<Record<string, unknown>> {
    const number = engine === 'berth' ? 7 : 8;
    const words = flags.replaceAll('PORT', () => `1808${number}`).replaceAll('ENGINE', String(number));
    const name = `it-${engine}`;
    const text = await script(
      bed,
      `${engine} run -d --name ${name} ${words} busybox sleep 1000 >/dev/null
       ${engine} inspect --format '{{json .NetworkSettings}}' ${name}
       echo '['; for network in $(${engine} inspect --format '{{range $name, $it := .NetworkSettings.Networks}}{{$name}} {{end}}' ${name}); do
         [ $network = none ] || { ${engine} network inspect --format '{{json .Containers}},' $network; }; done; echo '[]]'
       ${engine} exec ${name} ip -o link | grep -c . ; ${engine} exec ${name} true && echo yes
       ${engine} rm -f -t 0 ${name} >/dev/null`,
    );
    const [settings = '', ...rest] = text.split('\n');
    const end = rest.indexOf('[]]');
    const own = (json: string): unknown => JSON.parse(withoutChoice(json));
    return {
      settings: own(settings),
      networks: own(rest.slice(0, end + 1).join('')),
      links: rest[end + 1],
      reached: rest[end + 2],
    };
  }
});

function withoutChoice(json: string): string {
  return (
    json
      .replaceAll(/"SandboxKey":"[^"]+"/g, '"SandboxKey":"PLACE"')
      .replaceAll(/[0-9a-f]{64}(?=":\{"name")/g, 'ID')
      // Podman prints Go's word for an address that is not there.
      .replaceAll('"Gateway":"<nil>"', '"Gateway":""')
      // Which of two networks has eth0 is chance with Podman.
      .replaceAll(/"eth\d"/g, '"ETH"')
      .replaceAll(/it-(berth|podman)/g, 'NAME')
      .replaceAll(/"(HostPort)":"1808\d"/g, '"$1":"PORT"')
      .replaceAll(/"(MacAddress|mac_address)":"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}"/g, '"$1":"MAC"')
      .replaceAll(/"(IPAddress|ipnet)":"(\d+\.\d+\.\d+)\.\d+(\/\d+)?"/g, '"$1":"$2.N$3"')
      .replaceAll(/"(GlobalIPv6Address|ipnet)":"(fd00:\d+::)[0-9a-f:]+(\/\d+)?"/g, '"$1":"$2N$3"')
      .replaceAll(/(?<="Aliases":\[[^\]]*)"[0-9a-f]{12}"/g, '"SHORT"')
  );
}
