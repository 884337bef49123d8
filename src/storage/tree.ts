/** A file tree that no path leaves, as the lifecycle's Tree port has it. */
import { BerthError } from '../model/errors.ts';
import { type IdMappings, shifting } from '../model/user-namespace/id-map.ts';
import { fromText, toBytes } from './byte-string.ts';
import { inodeOf, lookUp, openRoot, ownPath, type Place, readTextIn, type TreeRoot } from './rooted.ts';
import { type PackOptions, packTree } from './tree-pack.ts';
import { type UnpackOptions, unpackTree } from './tree-unpack.ts';

export interface TreeEntry {
  /** Absolute in the tree, without links. */
  path: string;
  type: 'directory' | 'file' | 'fifo' | 'other' | 'missing';
  /** `device:inode`; '' if it is missing. */
  inode: string;
}

/**
 * A tree below a host directory. `mounts` are what lies over it: absolute paths in the tree, which may contain links,
 * and absolute paths on the host; a later one lies over an earlier one. `ids`: of the container that the tree is of.
 */
export function openTree(options: {
  directory: string;
  mounts: readonly { destination: string; source: string }[];
  ids?: IdMappings | undefined;
}) {
  // Held, so that every lookup begins at the same directory, whatever becomes of its path.
  const held = openRoot(options);
  const mounts = new Map<string, string>();
  const tree: TreeRoot = { directory: ownPath(held), mounts, ids: shifting(options.ids) };
  for (const { destination, source } of options.mounts) {
    using found = lookUp(tree, fromText(destination));
    // The runtime makes what is missing there; before the first start nothing can lie in it either.
    const path = found?.place?.path ?? fromText(destination);
    mounts.set(path, fromText(source));
  }
  const existing = (path: string): Place => {
    const found = lookUp(tree, fromText(path));
    if (found?.place !== undefined) return found.place;
    found?.[Symbol.dispose]();
    throw new BerthError('invalid', `${path}: no such file or directory`);
  };

  return {
    /** What a path leads to, links followed; undefined if the directory it would be in is not there. */
    find(path: string): TreeEntry | undefined {
      using found = lookUp(tree, fromText(path));
      if (found?.missing !== undefined) {
        const { parent, name } = found.missing;
        return {
          path: toText(`${parent.path === '/' ? '' : parent.path}/${name}`),
          type: 'missing',
          inode: '',
        };
      }
      if (found?.place === undefined) return undefined;
      const { path: where, stat } = found.place;
      return { path: toText(where), type: typeOf(found.place), inode: inodeOf(stat) };
    },

    /** The tar of what lies there; see packTree. Without a name, of what is in the directory. */
    async *pack(path: string, { name, ...rest }: PackOptions & { name?: string }): AsyncGenerator<Buffer> {
      using place = existing(path);
      yield* packTree(tree, place, { ...rest, ...(name === undefined ? {} : { name: fromText(name) }) });
    },

    /** Unpacks a tar into a directory; see unpackTree. */
    async unpack(path: string, unpack: UnpackOptions & { tar: AsyncIterable<Uint8Array> }): Promise<void> {
      using place = existing(path);
      await unpackTree(tree, place, unpack);
    },

    /** A small regular file; undefined if there is none. */
    readText: (path: string): string | undefined => readTextIn(tree, path),

    close: (): void => held[Symbol.dispose](),
  };
}

function typeOf({ stat }: Place): TreeEntry['type'] {
  if (stat.isDirectory()) return 'directory';
  if (stat.isFile()) return 'file';
  return stat.isFIFO() ? 'fifo' : 'other';
}

function toText(byteString: string): string {
  return toBytes(byteString).toString();
}
