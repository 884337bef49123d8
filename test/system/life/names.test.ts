/** A name is free again as soon as nobody has it: create and rm killed at any moment. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { killRounds } from '../../support/kill-rounds.ts';
import { bootWith, leavingNothing, script } from '../../support/machine.ts';
import { TIMES } from '../../support/times.ts';

/** Kills that cut a create short; of rm, half as many. */
const KILLS = 8 * TIMES;

describe('life: names', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('names');
  });
  after(() => bed.close());

  test('berth create killed at random moments never blocks the name, and leaves nothing once it is used again', () =>
    leavingNothing(bed, async () => {
      await script(
        bed,
        killRounds(KILLS, {
          // One that was killed after its last step is whole.
          strike: `
            ${killedAfterDelay('berth create --name n --cidfile /tmp/cid busybox true')}
            if berth ps -a --format json | grep -q '"State": "created"'; then hit=no; berth rm n >/dev/null; fi`,
          recover: `
            berth create --name n busybox true >/dev/null
            berth start n >/dev/null
            berth rm -f n >/dev/null
            rm -f /tmp/cid /tmp/said`,
        }),
      );
    }));

  test('a unit of that name that systemd still has in memory does not stand for the new container', () =>
    leavingNothing(bed, async () => {
      await script(
        bed,
        `berth create --name n busybox sleep 1000 >/dev/null
         systemctl enable -q berth-n
         # What a killed rm leaves, and a person who removes the link by hand: systemd knows the unit and is not told.
         rm /etc/systemd/system/multi-user.target.wants/berth-n.service
         berth rm n >/dev/null
         berth create --name n busybox sleep 1000 >/dev/null
         berth start n >/dev/null
         berth rm -f -t 0 n >/dev/null
         systemctl daemon-reload`,
      );
    }));

  test('rm of a container that was enabled and then masked leaves the mask, which is a person’s, and no link', () =>
    leavingNothing(bed, async () => {
      await script(
        bed,
        `berth create --name n busybox sleep 1000 >/dev/null
         systemctl enable -q berth-n
         systemctl mask -q berth-n
         berth rm n >/dev/null
         test -L /etc/systemd/system/berth-n.service
         test ! -L /etc/systemd/system/multi-user.target.wants/berth-n.service
         systemctl unmask -q berth-n`,
      );
    }));

  test('however many enabled containers a command removes, systemd is reloaded once, and not for those that were never enabled', () =>
    leavingNothing(bed, async () => {
      const count = async (): Promise<number> =>
        (await bed.journal('--output=cat', '_PID=1')).match(/^Reloading finished/gm)?.length ?? 0;
      const reloads = async (command: string): Promise<number> => {
        const before = await count();
        await script(bed, command);
        return (await count()) - before;
      };
      assert.equal(await reloads('systemctl daemon-reload'), 1);
      const create = `for name in a b c; do berth create --name $name busybox true >/dev/null; done`;
      const enable = 'systemctl enable -q berth-a berth-b berth-c';
      for (const remove of ['berth rm a b c', 'berth rm -f a b c', 'berth container prune -f']) {
        await script(bed, `${create}; ${enable}`);
        assert.equal(await reloads(`${remove} >/dev/null`), 1, remove);
        assert.equal(
          await script(bed, 'systemctl list-units --all --plain --no-legend "berth-[abc].service"'),
          '',
        );
        await script(bed, create);
        assert.equal(await reloads(`${remove} >/dev/null`), 0, remove);
      }
    }));

  test('berth rm killed at random moments never blocks the name either', () =>
    leavingNothing(bed, async () => {
      await script(
        bed,
        killRounds(KILLS / 2, {
          strike: `
            berth create --name n --stop-timeout 0 busybox sleep 1000 >/dev/null
            systemctl enable -q berth-n
            [ $((round % 2)) = 0 ] || berth start n >/dev/null
            ${killedAfterDelay('berth rm -f -t 0 n')}`,
          recover: `
            berth create --replace --name n --stop-timeout 0 busybox sleep 1000 >/dev/null
            berth start n >/dev/null
            berth rm -f -t 0 n >/dev/null
            rm -f /tmp/said`,
        }),
      );
    }));
});

/** Hit: it was killed before it ended; failing by itself ends the test. */
const killedAfterDelay = (command: string): string =>
  `code=0; timeout -s KILL $delay ${command} >/tmp/said 2>&1 || code=$?
            case $code in 0) ;; 137) hit=yes ;; *) cat /tmp/said; exit $code ;; esac`;
