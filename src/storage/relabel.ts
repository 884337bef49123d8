/** SELinux labels of whole trees: `z` and `Z` of a mount, and what is copied into a volume. */
import { realpathSync } from 'node:fs';
import { BerthError, systemReason } from '../model/errors.ts';
import { assertMayRelabel } from '../model/selinux.ts';
import { readLabel, writeLabel } from '../sys/selinux.ts';
import { toBytes } from './byte-string.ts';
import { namesIn, openChild, openTop, ownPath, type Place } from './rooted.ts';

/** Files between two words to a listener. */
const BATCH = 1000;

/**
 * Gives a file, or a directory with all below it, a label. Links in the tree are labelled themselves and never followed,
 * whoever changes it meanwhile; what goes meanwhile is left out, as is what lies on a file system without labels.
 *
 * The top comes last: a tree whose top has the label has it everywhere, and is left as it is. So a second start costs one look,
 * and one that was cut off is begun again.
 * @param stillAtIt called every so often
 * @throws BerthError `invalid` for a directory that the host needs as it is, or naming the file that cannot be labelled
 */
export async function relabelTree(
  file: string,
  label: string,
  stillAtIt: () => Promise<void> = async () => {},
): Promise<void> {
  const real = realpathSync(file);
  assertMayRelabel(real);
  using top = openTop(real);
  const before = readLabel(ownPath(top));
  if (before === undefined || before === label) return;
  let count = 0;
  for (const place of top.stat.isDirectory() ? below(top) : []) {
    relabel(place, label, () => `${real}${toBytes(place.path).toString()}`);
    count += 1;
    if (count % BATCH === 0) await stillAtIt();
  }
  relabel(top, label, () => real);
}

const NO_MOUNTS = { directory: '', mounts: new Map<string, string>() };

/** What lies below a directory, each before the directory that it is in; open while the caller looks at it. */
function* below(directory: Place): Generator<Place> {
  for (const name of namesIn(directory)) {
    using child = openChild(NO_MOUNTS, directory, name);
    if (child === undefined) continue;
    if (child.stat.isDirectory()) yield* below(child);
    yield child;
  }
}

function relabel(place: Place, label: string, name: () => string): void {
  try {
    writeLabel(ownPath(place), label);
  } catch (error) {
    throw new BerthError(
      'invalid',
      `cannot give ${name()} the SELinux label ${label}: ${systemReason(error)}`,
      { cause: error },
    );
  }
}
