/**
 * Copies of layers with other owners, for where layers cannot be shown with them (idmap.ts). They cost the image's size once
 * more, and are the container's alone.
 */
import {
  chmodSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { BerthError } from '../model/errors.ts';
import { hostOwner, type IdMappings } from '../model/user-namespace/id-map.ts';
import { run } from '../sys/spawn.ts';
import { syncFileSystem } from '../sys/sync.ts';
import { fromText, toBytes } from './byte-string.ts';
import { xattrsOfNamespace } from './file-capabilities.ts';
import { layerDirectory, type StoragePaths } from './paths.ts';
import { describeFailure, runOrFail } from './program.ts';
import { parseXattrDump, restoreRecord, type Xattrs } from './xattrs.ts';

/** Makes what is missing below `directory`: `<diff id>/diff`, each whole or not at all. */
export async function shiftLayers(
  paths: StoragePaths,
  layers: readonly string[],
  { directory, ids }: { directory: string; ids: IdMappings },
): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const diffId of new Set(layers)) {
    const target = join(directory, diffId);
    if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) continue;
    const unfinished = `${target}.new`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { mode: 0o700 });
    const source = realpathSync(join(layerDirectory(paths, diffId), 'diff'));
    const copied = await run('cp', ['--archive', '--reflink=auto', '--', source, join(unfinished, 'diff')]);
    if (copied.code !== 0)
      throw new BerthError('storage', `cannot copy layer ${diffId}: ${describeFailure(copied)}`);
    await changeOwners(source, join(unfinished, 'diff'), {
      owner: (owner) => hostOwner(ids, owner),
      xattrs: (xattrs) => xattrsOfNamespace(xattrs, ids),
    });
    // All of it on the disk before it has its name.
    await syncFileSystem(unfinished);
    renameSync(unfinished, target);
  }
}

interface Change {
  owner(owner: { uid: number; gid: number }): { uid: number; gid: number };
  xattrs(xattrs: Xattrs): Xattrs;
}

/** Changes the owners, and whose the file capabilities are, of all files of a copy. */
export async function changeOwners(source: string, copy: string, change: Change): Promise<void> {
  shift(fromText(copy), change);
  await shiftCapabilities(source, copy, change);
}

/** chown takes setuid, setgid and file capabilities away (chown(2)). */
function shift(path: string, change: Change): void {
  const bytes = toBytes(path);
  const stat = lstatSync(bytes);
  const { uid, gid } = change.owner(stat);
  lchownSync(bytes, uid, gid);
  if (!stat.isSymbolicLink()) chmodSync(bytes, stat.mode & 0o7777);
  if (!stat.isDirectory()) return;
  for (const name of readdirSync(bytes, 'latin1')) shift(`${path}/${name}`, change);
}

async function shiftCapabilities(source: string, target: string, change: Change): Promise<void> {
  const { stdout } = await run(
    'getfattr',
    ['-R', '-P', '-h', '--encoding=base64', '--match=^security\\.capability$', '--dump', '--', '.'],
    { cwd: source },
  );
  const records = parseXattrDump(stdout).map(([path, attributes]) =>
    restoreRecord(path, change.xattrs(attributes)),
  );
  if (records.length === 0) return;
  const input = records.join('');
  runOrFail('set file capabilities', 'setfattr', ['-h', '--restore=-'], { cwd: target, input });
}
