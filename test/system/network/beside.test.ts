/** Berth and Podman in the same networks: neither gives away an address that the other has, and each reads what the other writes. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { leaseCount } from '../../support/leases.ts';
import { answer, bootWith, leavingNothing, RUNTIMES, script } from '../../support/machine.ts';
import { preparePodman } from '../../support/peer.ts';

/** Each engine's folder for namespaces, and scopes that systemd ends when it gets to them. */
const KEPT = [
  /^runtime file: \/run\/berth\/netns$/,
  /^mount: \/run\/netns \(tmpfs\)/,
  /^cgroup: (.*\/libpod-|\/systemd\b)/,
];

/** A network of six addresses of IPv4, of which the gateway has one. */
const NARROW = 'narrow';

const address = (engine: string, name: string): string =>
  `${engine} inspect --format '{{(index .NetworkSettings.Networks "${NARROW}").IPAddress}} {{(index .NetworkSettings.Networks "${NARROW}").GlobalIPv6Address}}' ${name}`;

/** Whether Podman can have an address of the network, by its last byte. */
const FREE = `free() { podman run --rm --network ${NARROW} --ip 10.98.0.$1 busybox true 2>&1 | grep -o 'already allocated' || echo free; }`;

describe('Berth and Podman in one network', () => {
  let bed: Bed;

  before(async () => {
    bed = await bootWith('beside', ['busybox']);
    await preparePodman(bed, ['busybox']);
    await script(
      bed,
      `rm /etc/containers/containers.conf; echo nameserver 192.0.2.53 >/etc/resolv.conf
       podman network create --ipv6 --subnet 10.98.0.0/29 --subnet fd00:98::/125 ${NARROW} >/dev/null`,
    );
  });
  after(() => bed?.close());

  const gone = (work: () => Promise<void>): Promise<void> =>
    leavingNothing(
      bed,
      () =>
        work().catch(async (error: unknown) => {
          await bed.nsenter(['podman', 'rm', '--all', '--force', '--time', '0']);
          throw error;
        }),
      KEPT,
    );

  for (const [turn, runtime] of RUNTIMES.entries())
    test(`all of its addresses are given away by turns, each once, and then there are none for either, with ${runtime}`, () =>
      gone(async () => {
        // Berth first, or Podman: whoever comes first makes the file of addresses.
        const engines = turn === 0 ? ['berth', 'podman'] : ['podman', 'berth'];
        const RUN = `run() { who=$1; shift; [ $who = podman ] || set -- --runtime ${runtime} "$@"; $who run "$@"; }`;
        await script(bed, 'rm -f /run/containers/networks/ipam.db');
        const out = await script(
          bed,
          `${RUN}
           for n in 1 2 3 4 5; do
             [ $((n % 2)) = 1 ] && engine=${engines[0]} || engine=${engines[1]}
             run $engine -d --name c$n --network ${NARROW} busybox sleep 1000 >/dev/null
             ${address('$engine', 'c$n')}
           done
           for engine in ${engines.join(' ')}; do
             $engine run --rm --network ${NARROW} busybox true 2>&1 | grep -o 'failed to find free IP.*'
           done
           for engine in ${engines.join(' ')}; do $engine exec $([ $engine = ${engines[0]} ] && echo c1 || echo c2) nslookup c3 | grep -c '10[.]98'; done`,
        );
        const lines = out.trimEnd().split('\n');
        const given = lines.slice(0, 5).map((line) => line.split(' '));
        assert.deepEqual(
          given.map(([v4]) => v4).sort(),
          [2, 3, 4, 5, 6].map((n) => `10.98.0.${n}`),
        );
        assert.equal(new Set(given.map(([, v6]) => v6)).size, 5);
        assert.deepEqual(
          lines.slice(5, 7),
          Array(2).fill('failed to find free IP in range: 10.98.0.1 - 10.98.0.6'),
        );
        // What one has the other may not ask for, and it is said who has it.
        const [mine, theirs] = turn === 0 ? [0, 1] : [1, 0];
        const asked = await answer(
          bed,
          ...['run', '--rm', '--network', NARROW, '--ip', String(given[theirs]?.[0]), 'busybox', 'true'],
        );
        assert.equal(asked.code, 126);
        assert.match(
          asked.stderr,
          /requested ip address [\d.]+ is already allocated to container ID [0-9a-f]{64}$/,
        );
        const peers = await bed.nsenter([
          'podman',
          'run',
          '--rm',
          '--network',
          NARROW,
          '--ip',
          String(given[mine]?.[0]),
          'busybox',
          'true',
        ]);
        assert.match(
          peers.stderr,
          /requested ip address [\d.]+ is already allocated to container ID [0-9a-f]{64}$/m,
        );
        // What Berth gives back, Podman can have, and the other way round.
        const again = await script(
          bed,
          `${RUN}
           for n in 1 2; do
             [ $((n % 2)) = 1 ] && { engine=${engines[0]}; other=${engines[1]}; } || { engine=${engines[1]}; other=${engines[0]}; }
             before=$(${address('$engine', 'c$n')}); $engine rm -f -t 0 c$n >/dev/null
             run $other -d --name c$n --network ${NARROW} busybox sleep 1000 >/dev/null
             [ "\${before% *}" = "$(${address('$other', 'c$n')} | cut -d ' ' -f 1)" ] && echo same
             $other rm -f -t 0 c$n >/dev/null
             run $engine -d --name c$n --network ${NARROW} --ip \${before% *} busybox sleep 1000 >/dev/null
           done
           berth rm -f -a -t 0 >/dev/null; podman rm -f -a -t 0 >/dev/null`,
        );
        assert.deepEqual(again.trimEnd().split('\n'), Array(2).fill('same'));
      }));

  for (const runtime of RUNTIMES)
    test(`an address is free for Podman once its container of Berth has left the network, or was killed with all that it had, with ${runtime}`, () =>
      gone(async () => {
        const out = await script(
          bed,
          `${FREE}
           berth run -d --runtime ${runtime} --name moves busybox sleep 1000 >/dev/null
           berth network connect --ip 10.98.0.5 ${NARROW} moves; free 5
           berth network connect --ip 10.98.0.6 ${NARROW} moves 2>/dev/null || free 6
           berth network disconnect ${NARROW} moves; free 5
           berth network connect --ip 10.98.0.5 ${NARROW} moves; berth rm -f -t 0 moves >/dev/null; free 5
           berth create --runtime ${runtime} --name dies --network ${NARROW} --ip 10.98.0.4 busybox sleep 1000 >/dev/null
           systemctl start berth-dies; free 4; systemctl kill --signal=KILL berth-dies
           until systemctl is-failed -q berth-dies; do :; done; free 4
           systemctl start berth-dies; free 4`,
        );
        assert.deepEqual(out.trimEnd().split('\n'), [
          'already allocated',
          'free',
          'free',
          'free',
          'already allocated',
          'free',
          'already allocated',
        ]);
        await script(bed, 'berth rm -f -t 0 dies >/dev/null');
      }));

  test('a book of addresses that is broken is told of, and keeps no container from starting or ending', () =>
    gone(async () => {
      const out = await script(
        bed,
        `echo nonsense >/run/containers/networks/ipam.db
         berth run -d --name c --network ${NARROW} busybox sleep 1000 >/dev/null
         journalctl -q -o cat -u berth-c --grep 'ipam.db' | grep -c 'ipam.db cannot be used: it is no file of bbolt'
         berth rm -f -t 0 c >/dev/null; cat /run/containers/networks/ipam.db; rm /run/containers/networks/ipam.db`,
      );
      const [told, ...rest] = out.trimEnd().split('\n');
      assert.ok(Number(told) > 0);
      assert.deepEqual(rest, ['nonsense']);
    }));

  test('after a power loss an address that a container of Berth had is free for Podman', async () => {
    for (const [index, runtime] of RUNTIMES.entries())
      await script(
        bed,
        `berth run -d --runtime ${runtime} --name gone${index} --network ${NARROW} --ip 10.98.0.${index + 3} busybox sleep 1000 >/dev/null`,
      );
    await bed.powerLoss();
    assert.equal(await script(bed, `${FREE}\nfree 3; free 4`), 'free\nfree');
    await script(bed, 'berth rm gone0 gone1 >/dev/null');
    assert.equal(await leaseCount(bed), 0);
  });
});
