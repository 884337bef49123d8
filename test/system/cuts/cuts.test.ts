/** SIGKILL at every named step of every verb: the next start, stop, rm, and the same again, work without --force, and nothing is left. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { bootWith, leavingNothing, RUNTIMES } from '../../support/machine.ts';
import { type Cell, cellsOf, SITUATIONS } from './cells.ts';
import { showFailingSteps, showPlans } from './failing.ts';
import { installTestBuild } from './installed.ts';
import { cutScript } from './script.ts';

describe('cuts', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('cuts');
    await installTestBuild(bed);
    await bed.ok(['berth', 'secret', 'create', 'cut', '-'], { quick: true, input: 'text' });
  });
  after(() => bed.close());

  for (const situation of SITUATIONS.filter((one) => one !== 'frozen')) {
    const meanwhile = situation === 'stop' ? cellsOf('frozen') : [];
    const title = meanwhile.length > 0 ? `${situation}" or "frozen` : situation;
    test(`a kill at any step of "${title}" is made good by whatever comes next`, () =>
      leavingNothing(bed, () => showCells(cellsOf(situation), meanwhile)));
  }

  showFailingSteps(() => bed);
  showPlans(() => bed);

  /** Every cell must end well; each runtime has a lane for its own. Those that only wait have a lane each beside them. */
  async function showCells(cells: Cell[], waiting: Cell[] = []): Promise<void> {
    const lanes = [
      ...RUNTIMES.map((runtime) => cells.filter((cell) => cell.runtime === runtime)),
      ...waiting.map((cell) => [cell]),
    ];
    const logs = await Promise.all(
      lanes.map((lane, n) => bed.sh(cutScript(`lane${n}`, lane), { quick: true, timeoutMs: 1_800_000 })),
    );
    const log = logs.join('\n');
    assert.equal(log.match(/^ok /gm)?.length, cells.length + waiting.length, log.replace(/^ok .*\n/gm, ''));
  }
});
