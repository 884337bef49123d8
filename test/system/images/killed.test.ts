import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { bootInstalled } from '../../bed/installed.ts';
import { killRounds } from '../../support/kill-rounds.ts';
import { leavingNothing, script } from '../../support/machine.ts';

/** BERTH_KILLS=200 takes minutes. */
const KILLS = Number(process.env.BERTH_KILLS ?? 40);

/**
 * Layers that are there must be whole: `find` counts what the untouched load made of them. Nothing of a killed load may be
 * in the way or stay; so each round ends with a load that must succeed and leave its folder empty.
 */
const WHOLE = `
  whole() {
    for layer in $(ls "$state/layers" | grep -E '^[0-9a-f]{64}$'); do
      [ "$(cd "$state/layers/$layer" && find . | wc -l)" = "$(cat "/tmp/whole/$layer")" ] || { echo "half a layer: $layer"; exit 1; }
    done
  }`;

describe('a load that is cut off', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootInstalled({ name: 'load-cut', images: ['layers', 'busybox'] });
    await bed.sh(`
      berth load --quiet -i /images/layers.tar >/dev/null
      mkdir /tmp/whole
      cd /var/lib/berth/layers
      for layer in $(ls | grep -E '^[0-9a-f]{64}$'); do (cd $layer && find . | wc -l >/tmp/whole/$layer); done
      zstd --quiet --fast --stdout /images/layers.tar >/tmp/packed`);
  });
  after(() => bed.close());

  test(`by kill -9 at ${KILLS} random moments shows no half layer, and the next load succeeds and sweeps`, async () => {
    await leavingNothing(bed, async () => {
      const rounds = killRounds(KILLS, {
        strike: `
          rm -rf $state/layers/[0-9a-f]*
          archive=/images/layers.tar; [ $((round % 3)) != 0 ] || archive=/tmp/packed
          berth load --quiet -i $archive >/tmp/said 2>&1 &
          load=$!
          sleep $delay
          if kill -9 $load 2>/dev/null; then wait $load 2>/dev/null || hit=yes; else wait $load; fi`,
        recover: `
          whole
          if [ $((round % 5)) = 0 ]; then
            berth load --quiet -i /images/layers.tar | grep -qx 'Loaded image: localhost/layers:latest'
            [ "$(ls $state/layers | grep -cE '^[0-9a-f]{64}$')" = 3 ]
            [ -z "$(ls -A $state/layers/tmp)" ] || { ls -A $state/layers/tmp; exit 1; }
            whole
          fi`,
      });
      const said = await bed.run(['bash', '-euc', `state=/var/lib/berth; ${WHOLE}; ${rounds}`]);
      assert.equal(said.code, 0, `${said.stdout.slice(-2000)}${said.stderr.slice(-2000)}`);
      await script(
        bed,
        'berth load --quiet -i /images/layers.tar; berth run --rm --entrypoint "" layers true',
      );
    });
  });

  for (const [what, options] of [
    ['no blocks', 'size=4m'],
    ['no inodes', 'size=40m,nr_inodes=300'],
  ]) {
    test(`by a disk that has ${what} left says so in one line and leaves nothing`, async () => {
      await bed.sh(`mkdir -p /tmp/small; mount -t tmpfs -o ${options} tmpfs /tmp/small`);
      const load = ['berth', '--root', '/tmp/small/state', 'load', '--quiet', '-i', '/images/layers.tar'];
      const refused = await bed.run(load);
      assert.equal(refused.code, 125);
      assert.match(refused.stderr, /^Error: [^\n]*no space left[^\n]*\n$/i);
      assert.equal(await script(bed, 'find /tmp/small/state/layers -mindepth 1 ! -name tmp'), '');
      assert.equal(await script(bed, 'berth --root /tmp/small/state images --quiet'), '');
      await bed.sh('umount /tmp/small');
    });
  }
});
