/** Whether two answers to one line are the same, or differ as it is written down. */
import assert from 'node:assert/strict';
import { type Answer, ASPECTS, type Options } from './case.ts';
import { agree } from './normalise.ts';

/** Fails where the two differ without a reason, and where a reason has nothing left to explain. */
export function compare(own: Answer, peers: Answer, { differs, tidy = (text) => text }: Options = {}): void {
  for (const aspect of ASPECTS) {
    const [ours, theirs] = [tidy(own[aspect]), tidy(peers[aspect])];
    const meant = differs?.[aspect];
    if (meant === undefined) {
      if (!agree(aspect, ours, theirs)) assert.deepEqual(own, peers, `Podman's ${aspect} is another`);
      continue;
    }
    assert.ok(!agree(aspect, ours, theirs), `no difference any more: ${differs?.why}`);
    if (typeof meant === 'string') assert.equal(ours, meant);
    else assert.match(ours, meant);
  }
}
