/** Many containers in networks, one after the other and at once. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { berth, bootWith, leavingNothing, RUNTIMES, remove, script } from '../../support/machine.ts';
import { TIMES } from '../../support/times.ts';

const KEPT = [/^runtime file: \/run\/berth\/netns$/];

describe('many containers in networks', () => {
  let bed: Bed;

  before(async () => {
    bed = await bootWith('networkmany', ['busybox']);
    await script(
      bed,
      `rm /etc/containers/containers.conf; echo nameserver 192.0.2.53 >/etc/resolv.conf
       berth network create --ipv6 --subnet 10.91.0.0/24 --subnet fd00:91::/64 front >/dev/null`,
    );
  });
  after(() => bed?.close());

  const gone = (work: () => Promise<void>): Promise<void> => leavingNothing(bed, work, KEPT);

  test(`${100 * TIMES} times SIGKILL for all of a container leaves no namespace, interface, address, rule or name, with either runtime`, () =>
    gone(async () => {
      for (const [index, runtime] of RUNTIMES.entries())
        await script(
          bed,
          `berth create --name ${runtime} --runtime ${runtime} --network front -p 808${index}:80 busybox sleep 1000 >/dev/null`,
        );
      // Two at a time, one with each runtime. What is left of a round is printed, and ends it.
      const left = await script(
        bed,
        `left() {
           find /run/berth/netns /run/berth/containers -mindepth 1 | sed 's/^/file: /'
           ls /sys/class/net | grep -v -x lo | sed 's/^/link: /'
           nft list ruleset | grep -e 'dport 808' -e '10\\.91' | sed 's/^/rule: /'
           sed 's/^/name: /' /run/containers/networks/aardvark-dns/front 2>/dev/null
           sqlite3 /var/lib/berth/berth.db "SELECT 'address: ' || address FROM network_address"
         }
         for round in $(seq ${50 * TIMES}); do
           systemctl start berth-crun berth-runc
           # That it sees what is there.
           [ $round != 1 ] || [ "$(left | cut -d : -f 1 | sort -u | wc -l)" = 5 ] || { echo blind; left; exit; }
           systemctl kill --signal=KILL berth-crun berth-runc
           until systemctl is-failed -q berth-crun && systemctl is-failed -q berth-runc; do :; done
           rest=$(left || true)
           [ -z "$rest" ] || { echo "round $round: $rest"; exit; }
           systemctl reset-failed berth-crun berth-runc
         done`,
      );
      assert.equal(left, '');
      await remove(bed, ...RUNTIMES);
    }));

  test('a hundred containers that start at once, by either runtime, have an address each, and give it back', () =>
    gone(async () => {
      const names = Array.from({ length: 100 }, (_, index) => `m${index}`);
      await script(
        bed,
        `${names.map((name, index) => `berth create --name ${name} --runtime ${RUNTIMES[index % 2]} --network front busybox sleep 1000`).join('\n')} >/dev/null
         systemctl start ${names.map((name) => `berth-${name}`).join(' ')}`,
      );
      const addresses = await berth(
        bed,
        ...['inspect', '--format', '{{.NetworkSettings.Networks.front.IPAddress}}', ...names],
      );
      const all = addresses.trim().split('\n');
      assert.equal(new Set(all).size, 100);
      assert.ok(all.every((address) => /^10\.91\.0\.\d+$/.test(address)));
      await remove(bed, ...names);
    }));
});
