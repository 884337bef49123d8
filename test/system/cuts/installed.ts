/** The test build in a bed, over the installed package, and its words to a container's next processes. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from '../../../packaging/build.ts';
import type { Bed } from '../../bed/bed.ts';
import { script } from '../../support/machine.ts';

/** So that a cleanup has one to run. */
const POSTSTOP_HOOK = `mkdir -p /run/berth-cuts /usr/share/containers/oci/hooks.d
  echo '{"version":"1.0.0","hook":{"path":"/bin/true"},"when":{"always":true},"stages":["poststop"]}' \\
    >/usr/share/containers/oci/hooks.d/true.json`;

/** Replaces the program by one that can be cut. */
export async function installTestBuild(bed: Bed): Promise<void> {
  const out = await mkdtemp(join(tmpdir(), 'berth-cuts-'));
  try {
    const { lib } = await build({ out, testCuts: true });
    await bed.copyIn(join(lib, 'berth'), '/usr/lib/berth/berth');
    await script(bed, POSTSTOP_HOOK);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

/** What is to happen once at points of a container's next plans: `fail start before write-spec`. */
export async function arrange(bed: Bed, name: string, ...lines: string[]): Promise<void> {
  await bed.ok(['tee', `/run/berth-cuts/${name}`], { quick: true, input: lines.join('\n') });
  await script(bed, `rm -f /run/berth-cuts/${name}.hit`);
}

/** Asserts that every point that was arranged has been reached. */
export async function assertReached(bed: Bed, name: string): Promise<void> {
  assert.equal(await script(bed, `cat /run/berth-cuts/${name}`), '', 'points that were not reached');
}
