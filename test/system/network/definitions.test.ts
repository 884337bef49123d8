/** Definitions of networks: as Podman makes them, used by both, and by several at once. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { execute } from '../../support/database.ts';
import { answer, berth, bootWith, createShell, leavingNothing, script } from '../../support/machine.ts';
import { preparePodman } from '../../support/peer.ts';
import type { Answer } from '../peer/case.ts';
import { NETWORKS } from '../peer/cases/networks.ts';
import { compare } from '../peer/compare.ts';
import { type Engine, planOf, runPlan } from '../peer/run.ts';

const FILES = '/etc/containers/networks';

describe('definitions of networks', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('networks', ['busybox']);
    await preparePodman(bed, ['busybox']);
    await script(
      bed,
      `ip link add va type veth peer name vb; ip addr add 10.89.0.5/24 dev va; ip link set va up
       echo 'nameserver 192.0.2.53' >/etc/resolv.conf`,
    );
    // What Podman makes once for all its networks is there before leaks are looked for.
    await bed.ok(['podman', 'run', '--rm', '--network', 'podman', 'localhost/busybox', 'true']);
  });
  after(() => bed.close());

  /** Files of networks are none of the leaks that are looked for everywhere. */
  const leavingNoNetwork = (work: () => Promise<void>): Promise<void> =>
    leavingNothing(bed, async () => {
      let left: string;
      try {
        await work();
      } finally {
        left = await script(bed, `ls -A ${FILES}; rm -f ${FILES}/*`);
      }
      assert.equal(left, '');
    });

  describe('Berth answers as Podman:', () => {
    const answers = new Map<Engine, Answer[]>();
    before(async () => {
      const plan = planOf(NETWORKS);
      // Both have them in the same directory.
      for (const engine of ['berth', 'podman'] as const) {
        await script(bed, `mkdir -p ${FILES}; rm -f ${FILES}/*.json`);
        await leavingNoNetwork(async () => {
          answers.set(engine, await runPlan(bed, engine, plan));
        });
      }
    });

    for (const [index, [title, options]] of NETWORKS.lines.entries())
      test(title, () => {
        const [own, peers] = [answers.get('berth')?.[index], answers.get('podman')?.[index]];
        compare(own ?? assert.fail(), peers ?? assert.fail(), options);
      });
  });

  const FLAGS = [
    '',
    '--internal --disable-dns --label a=b --opt mtu=1400',
    '--subnet 10.7.0.0/24 --gateway 10.7.0.254 --ip-range 10.7.0.128/25 --route 10.21.0.0/24,10.7.0.1,7',
    '--ipv6 --dns 192.0.2.1',
    '--opt isolate=strict --interface-name br7',
    '-d macvlan --opt parent=va --opt mode=private --subnet 10.7.0.0/24',
    '-d ipvlan --opt parent=va --opt mode=l3 --subnet 10.7.0.0/24',
  ];

  test('what one engine makes the other one shows with equal JSON, and uses', () =>
    leavingNoNetwork(async () => {
      for (const flags of FLAGS) {
        for (const [maker, user] of [
          ['berth', 'podman'],
          ['podman', 'berth'],
        ]) {
          await bed.ok(['sh', '-c', `${maker} network create ${flags} n`]);
          const [own, peers] = [
            await bed.ok([maker ?? '', 'network', 'inspect', 'n']),
            await bed.ok([user ?? '', 'network', 'inspect', 'n']),
          ];
          assert.equal(own, peers, `${maker} network create ${flags}`);
          await bed.ok([user ?? '', 'network', 'rm', 'n']);
        }
      }
    }));

  test('Podman runs containers in networks that Berth has made', () =>
    leavingNoNetwork(async () => {
      const RUN = 'podman run --rm --network n localhost/busybox';
      for (const [flags, address] of [
        ['--subnet 10.7.0.0/24 --ip-range 10.7.0.40-10.7.0.40', '10.7.0.40/24'],
        ['--subnet fd00:7::/64 --ip-range fd00:7::40-fd00:7::40', 'fd00:7::40/64'],
        ['-d macvlan --opt parent=va --subnet 10.7.0.0/24 --ip-range 10.7.0.40-10.7.0.40', '10.7.0.40/24'],
      ]) {
        const output = await bed.ok([
          'sh',
          '-c',
          `berth network create ${flags} n >/dev/null; ${RUN} ip -o addr show eth0; berth network rm n`,
        ]);
        assert.ok(output.includes(` ${address} `), `${flags}: ${output}`);
      }
    }));

  test('a prune leaves a network in which a container of Podman’s runs', () =>
    leavingNoNetwork(async () => {
      const output = await bed.ok([
        'sh',
        '-c',
        `berth network create n; podman run -d --name p --network n localhost/busybox sleep 1000 >/dev/null
         berth network prune -f; berth system prune -f; podman rm -f -t 0 p; berth network prune -f`,
      ]);
      assert.equal(output, 'n\nTotal reclaimed space: 0B\np\nn');
    }));

  test('networks that are made at once get names, bridges and subnets of their own, also by two instances', () =>
    leavingNoNetwork(async () => {
      const output = await bed.ok([
        'sh',
        '-c',
        `for n in 1 2 3; do berth network create & berth --root /srv/other network create & done >/dev/null; wait
         cd ${FILES}; jq -r '.name, .network_interface, .subnets[0].subnet' *.json`,
      ]);
      const words = output.split('\n');
      assert.equal(words.length, 18);
      const named = words.filter((word) => word.startsWith('podman')).toSorted();
      const subnets = words.filter((word) => word.startsWith('10.89.'));
      assert.equal(new Set(named).size, 6, output);
      assert.equal(new Set(subnets).size, 6, output);
      await bed.ok(['sh', '-c', 'berth network prune --force >/dev/null; rm -r /srv/other']);
    }));

  test('an address of an interface without a carrier keeps its subnet', () =>
    leavingNoNetwork(async () => {
      await script(bed, 'ip link add brx type bridge; ip addr add 10.89.1.1/24 dev brx; ip link set brx up');
      const { code, stderr } = await answer(bed, 'network', 'create', '--subnet', '10.89.1.128/25', 'n');
      assert.equal(code, 125);
      assert.equal(stderr, 'Error: subnet 10.89.1.128/25 is already used on the host or by another config');
      await berth(bed, 'network', 'create', 'n');
      assert.equal(
        await berth(bed, 'network', 'inspect', 'n', '--format', '{{range .Subnets}}{{.Subnet}}{{end}}'),
        '10.89.2.0/24',
      );
      await script(bed, 'ip link del brx; berth network rm n');
    }));

  test('a network that a container names stays until --force removes both', () =>
    leavingNoNetwork(async () => {
      await berth(bed, 'network', 'create', 'n');
      await createShell(bed, 'a', 'sleep 1000');
      await execute(
        bed,
        `UPDATE container SET config = json_set(config, '$.networks', json('[{"network":"n"},{"network":"podman"}]'))`,
      );
      await berth(bed, 'start', 'a');
      const id = await berth(bed, 'network', 'inspect', 'n', '--format', '{{.ID}}');
      for (const name of ['n', id, id.slice(0, 10)]) {
        assert.deepEqual(await answer(bed, 'network', 'rm', name), {
          code: 2,
          stdout: '',
          stderr:
            'Error: "n" has associated containers with it. Use -f to forcibly delete containers and pods: network is being used',
        });
      }
      assert.equal(await berth(bed, 'network', 'prune', '--force'), '');
      assert.equal(await berth(bed, 'system', 'prune', '--force'), 'Total reclaimed space: 0B');
      assert.equal(await berth(bed, 'network', 'ls', '-q', '--filter', 'dangling=true'), '');
      assert.match((await answer(bed, 'network', 'rm', '-f', 'podman')).stderr, /cannot be removed$/);
      assert.equal(await berth(bed, 'ps', '-q', '--filter', 'name=a', '--format', '{{.State}}'), 'running');
      assert.equal(await berth(bed, 'network', 'rm', '--force', '--time', '0', 'n'), 'n');
      assert.equal(await berth(bed, 'ps', '--all', '--quiet'), '');
    }));

  test('a file that is no network hides no other one, is told of, and takes no name', () =>
    leavingNoNetwork(async () => {
      await script(
        bed,
        `cd ${FILES}; echo rubbish >bad.json; echo '{"name":"x"}' >other.json; touch .n.999999999.tmp`,
      );
      const listed = await answer(bed, 'network', 'ls', '-q');
      assert.deepEqual([listed.code, listed.stdout], [0, 'podman']);
      assert.match(listed.stderr, /bad\.json cannot be used: .*: mend or remove it\n.*other\.json cannot be/);
      for (const verb of [['inspect'], ['rm'], ['create']]) {
        const { code, stderr } = await answer(bed, 'network', ...verb, 'bad');
        assert.equal(code, 125);
        assert.match(stderr, /bad/);
      }
      await script(bed, `rm ${FILES}/*.json; berth network create n; berth network rm n`);
    }));
});
