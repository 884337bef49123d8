/** Which IDs an image needs in a user namespace. */
import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fromText, toBytes } from './byte-string.ts';
import { imageView, lookAt } from './merged.ts';
import { layerDirectory, type StoragePaths } from './paths.ts';

/**
 * The highest user or group ID of all files in the layers, and of /etc/passwd and /etc/group as they lie over each other, where
 * nobody does not count; -1 without layers.
 * @param diffIds lowest layer first.
 */
export function highestId(paths: StoragePaths, diffIds: readonly string[]): number {
  const owners = diffIds.map((diffId) =>
    highestOwner(fromText(realpathSync(join(layerDirectory(paths, diffId), 'diff')))),
  );
  return Math.max(-1, ...owners, ...accountIds(paths, diffIds));
}

function highestOwner(top: string): number {
  let highest = 0;
  const pending = [top];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const stat = lstatSync(toBytes(path));
    highest = Math.max(highest, stat.uid, stat.gid);
    if (stat.isDirectory())
      for (const name of readdirSync(toBytes(path), 'latin1')) pending.push(`${path}/${name}`);
  }
  return highest;
}

function accountIds(paths: StoragePaths, diffIds: readonly string[]): number[] {
  const { layers } = imageView(paths, diffIds);
  return ['/etc/passwd', '/etc/group'].flatMap((file) => {
    // The topmost layer that has it; a link is followed by nobody here, as it is for Podman.
    const layer = layers.find(({ base }) => lookAt([{ base, opaque: new Set() }], file)?.isFile());
    if (layer === undefined || lookAt(layers, file)?.isFile() !== true) return [];
    return readFileSync(toBytes(`${layer.base}${file}`), 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .filter(([name]) => name !== 'nobody' && name !== 'nogroup')
      .flatMap(([, , ...fields]) => (file === '/etc/passwd' ? fields.slice(0, 2) : fields.slice(0, 1)))
      .filter((field) => /^\d+$/.test(field))
      .map(Number);
  });
}
