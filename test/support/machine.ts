/** A bed with Berth and images in it, and the commands that the system tests give there. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bed } from '../bed/bed.ts';
import type { ImageName } from '../bed/images.ts';
import { bootInstalled } from '../bed/installed.ts';
import { assertNoLeaks, type LeakOptions, leakSnapshot } from '../bed/leaks.ts';
import { load, rowCounts } from './berth.ts';
import { leaseCount } from './leases.ts';

/** Both runtimes that Berth supports: what matters to a container's life is shown with each. */
export const RUNTIMES = ['crun', 'runc'] as const;
export type RuntimeName = (typeof RUNTIMES)[number];

/** Boots a bed with the package installed and the images loaded under localhost/NAME:latest. */
export async function bootWith(name: string, images: ImageName[] = ['busybox']): Promise<Bed> {
  const bed = await bootInstalled({ name, images });
  await load(bed, ...images);
  return bed;
}

/** Waits until the timer of a container's health check runs: it is started after the container is. */
export async function timerRuns(bed: Bed, name: string): Promise<void> {
  const asked = ['systemctl', 'is-active', '--quiet', `berth-health@${name}.timer`];
  await until(`the timer of ${name} runs`, async () => (await bed.nsenter(asked)).code === 0 || undefined);
}

const UNTIL_MS = 120_000;

/** `berth ARGS`, entered directly: for verbs that ask systemd and make no cgroup themselves. Must succeed. */
export function berth(bed: Bed, ...args: string[]): Promise<string> {
  return bed.ok(['berth', ...args], { quick: true });
}

/** `systemctl ARGS`, entered directly; must succeed. */
export function systemctl(bed: Bed, ...args: string[]): Promise<string> {
  return bed.ok(['systemctl', ...args], { quick: true });
}

/** A shell script (`sh -eu`), entered directly; must succeed. */
export function script(bed: Bed, text: string): Promise<string> {
  return bed.sh(text, { quick: true });
}

/** Creates a container of the busybox image whose payload is a shell script; its ID. */
export function createShell(bed: Bed, name: string, payload: string, flags: string[] = []): Promise<string> {
  return berth(bed, 'create', '--name', name, ...flags, 'busybox', 'sh', '-c', payload);
}

/** Force-removes containers without a grace, with their anonymous volumes. */
export async function remove(bed: Bed, ...names: string[]): Promise<void> {
  await berth(bed, 'rm', '--force', '--volumes', '--time', '0', ...names);
}

/** Asks again until the probe answers something else than undefined; throws after a time that only what hangs takes. */
export async function until<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + UNTIL_MS;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) assert.fail(`not within ${UNTIL_MS} ms: ${what}`);
    await delay(10);
  }
}

/** systemd's own slice for all instances of berth-health@, which it keeps. */
const HEALTH_SLICE = /^cgroup: \/system\.slice\/system-berth\\x2dhealth\.slice$/;

const LEAK_OPTIONS: LeakOptions = {
  // Folders made at the first container of a boot, or the first one in a network, crun's cache of compiled seccomp profiles, the lock of all image mounts.
  allow: [
    /^runtime file: \/run\/berth\/(netns|locks(\/image-mounts\.\w+)?|containers|runc|crun(\/\.cache.*)?)$/,
    HEALTH_SLICE,
  ],
  rows: async (bed) => ({ ...(await rowCounts(bed)), leases: await leaseCount(bed) }),
};

/** Does the work and asserts that the bed is afterwards as it was before: no mount, unit, cgroup, process, file, volume, row or address more. */
export async function leavingNothing<T>(bed: Bed, work: () => Promise<T>, allow: RegExp[] = []): Promise<T> {
  const before = await leakSnapshot(bed, LEAK_OPTIONS);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    // So that one failure stays one: the next test finds the bed as this one did.
    await bed.nsenter(['berth', 'rm', '--all', '--force', '--time', '0']);
    await bed.nsenter(['berth', 'volume', 'rm', '--all', '--force']);
    throw error;
  }
  await assertNoLeaks(bed, before, { ...LEAK_OPTIONS, allow: [...(LEAK_OPTIONS.allow ?? []), ...allow] });
  // A folder that holds nothing is no leak; one that still holds a container's files is.
  const left = await script(
    bed,
    'find /run/berth/containers /var/lib/berth/containers /var/lib/berth/volumes -mindepth 1 2>/dev/null || true',
  );
  if (left !== '') await assertOwned(bed, left.split('\n'));
  return result;
}

/** Asserts that each path belongs to a container or a volume that is there. */
async function assertOwned(bed: Bed, paths: string[]): Promise<void> {
  const volumes = paths.some((path) => path.includes('/volumes/'))
    ? await berth(bed, 'volume', 'ls', '--quiet')
    : '';
  const names = `${await berth(bed, 'ps', '--all', '--quiet', '--no-trunc')}\n${volumes}`;
  for (const path of paths) {
    assert.ok(
      names.split('\n').some((id) => id !== '' && path.includes(id)),
      `left behind: ${path}`,
    );
  }
}

/** What a command answers, that may fail; without line ends. */
export async function answer(
  bed: Bed,
  ...argv: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await bed.nsenter(['berth', ...argv]);
  return { code, stdout: stdout.trimEnd(), stderr: stderr.trimEnd() };
}
