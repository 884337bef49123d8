/** SIGKILL at every named step of every verb: the next start, stop and rm work without --force, and nothing is left. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { bootWith, leavingNothing, type RuntimeName } from '../../support/machine.ts';
import { type Cell, cellsOf, SITUATIONS } from './cells.ts';
import { showFailingSteps, showPlans } from './failing.ts';
import { installTestBuild } from './installed.ts';
import { cutScript } from './script.ts';

/** As many at once as a small machine has processors. */
const LANES = 2;

describe('cuts', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('cuts');
    await installTestBuild(bed);
  });
  after(() => bed.close());

  for (const situation of SITUATIONS) {
    test(`with crun, a kill at any step of "${situation}" is made good by the next start, stop or rm`, () =>
      leavingNothing(bed, () => showCells(cellsOf(situation), 'crun')));
  }

  test('with runc, a kill at any step of a start or a stop is made good by the next start', () =>
    leavingNothing(bed, () =>
      showCells([...cellsOf('start', ['start']), ...cellsOf('stop', ['start'])], 'runc'),
    ));

  showFailingSteps(() => bed);
  showPlans(() => bed);

  /** Every cell must end well; the lanes share them out in turn. */
  async function showCells(cells: Cell[], runtime: RuntimeName): Promise<void> {
    const lanes = Array.from({ length: LANES }, (_, lane) => cells.filter((_, n) => n % LANES === lane));
    const logs = await Promise.all(
      lanes.map((lane, n) =>
        bed.sh(cutScript(`lane${n}`, runtime, lane), { quick: true, timeoutMs: 600_000 }),
      ),
    );
    const log = logs.join('\n');
    assert.equal(log.match(/^ok /gm)?.length, cells.length, log.replace(/^ok .*\n/gm, ''));
  }
});
