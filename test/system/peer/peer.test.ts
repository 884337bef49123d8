/** The same command lines through Podman and Berth, on containers in the same states. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { bootWith, leavingNothing } from '../../support/machine.ts';
import { preparePodman } from '../../support/peer.ts';
import type { Answer } from './case.ts';
import { GROUPS } from './cases/all.ts';
import { compare } from './compare.ts';
import { assertAllAgree, clearUp, planOf, runPlan, titleOf } from './run.ts';

/** Podman makes a mount of its folder of layers, and not each of several that run at a time finds it free to take it away again. */
const PODMANS_OWN = /^mount: \/var\/lib\/containers\/storage\/overlay \(/;

describe('Berth answers as Podman:', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('peer', ['busybox']);
    await preparePodman(bed, ['busybox']);
    await bed.sh(
      'podman network create --subnet 10.120.1.0/24 peer-a; podman network create --subnet 10.120.2.0/24 --subnet fd00:b::/64 peer-b; mv /etc/containers/networks/peer-?.json /srv',
    );
  });
  after(() => bed.close());

  for (const group of GROUPS) {
    describe(group.title, () => {
      let own: Answer[];
      let peers: Answer[];
      before(async () => {
        const plan = planOf(group);
        // The definitions are the host's: both engines read the same files, and a prune takes them away.
        if (JSON.stringify(plan).includes('peer-a'))
          await bed.sh(
            `cd /etc/containers; mkdir -p networks; cp /srv/peer-a.json /srv/peer-b.json networks/`,
          );
        await leavingNothing(bed, async () => {
          [own, peers] = await Promise.all([runPlan(bed, 'berth', plan), runPlan(bed, 'podman', plan)]);
          await assertAllAgree(bed);
          await Promise.all([clearUp(bed, 'berth'), clearUp(bed, 'podman')]);
        }, [PODMANS_OWN]);
        await bed.sh('rm -f /etc/containers/networks/peer-?.json');
      });

      const titles =
        'world' in group
          ? group.lines.map(([line, options]) => ({ title: line, options }))
          : group.cells.map((cell) => ({ title: titleOf(cell), options: cell[2] }));
      for (const [index, { title, options }] of titles.entries()) {
        test(title, () => compare(own[index] ?? assert.fail(), peers[index] ?? assert.fail(), options));
      }
    });
  }
});
