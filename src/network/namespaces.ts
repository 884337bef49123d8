/** Network namespaces that outlive their processes: a file each below the run directory, on which the kernel's own is bound. */
import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BerthError } from '../model/errors.ts';
import { makeDirectory } from '../sys/files.ts';
import { run } from '../sys/spawn.ts';

/** statfs(2): the file system that files of namespaces are in. */
const NSFS_MAGIC = 0x6e736673;

export function networkNamespaces(runDir: string) {
  const pathOf = (id: string): string => path.join(runDir, 'netns', id);
  const emptyFile = async (id: string): Promise<string> => {
    await remove(id);
    makeDirectory(path.dirname(pathOf(id)), 0o755);
    writeFileSync(pathOf(id), '', { mode: 0o444 });
    return pathOf(id);
  };
  const remove = async (id: string): Promise<void> => {
    const file = pathOf(id);
    // More than one, if a start was killed in a moment of bad luck.
    while (isBound(file)) await succeed('unmount a network namespace', 'umount', [file]);
    rmSync(file, { force: true });
  };

  return {
    namespacePath: pathOf,

    hasNamespace: (id: string): boolean => existsSync(pathOf(id)),

    /** A namespace without anything in it but a loopback that is down; one that is there gives way. */
    async makeNamespace(id: string): Promise<void> {
      const file = await emptyFile(id);
      await succeed('make a network namespace', 'unshare', [`--net=${file}`, 'true']);
    },

    /** Keeps the namespace of a process, which others may have made. */
    async keepNamespace(id: string, pid: number): Promise<void> {
      const file = await emptyFile(id);
      await succeed('keep a network namespace', 'mount', ['--bind', `/proc/${pid}/ns/net`, file]);
    },

    removeNamespace: remove,
  };
}

function isBound(file: string): boolean {
  return existsSync(file) && statfsSync(file).type === NSFS_MAGIC;
}

async function succeed(purpose: string, program: string, args: string[]): Promise<void> {
  const { code, stderr } = await run(program, args);
  if (code !== 0)
    throw new BerthError('network', `cannot ${purpose}: ${stderr.trim() || `exit code ${code}`}`);
}
