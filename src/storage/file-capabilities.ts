/**
 * File capabilities of a user namespace (capabilities(7), "Namespaced file capabilities"): on the host they name the
 * namespace's root, in the container and in archives they do not. Values are byte strings, struct vfs_cap_data.
 */
import { hostOwner, type IdMappings } from '../model/user-namespace/id-map.ts';
import type { Xattrs } from './xattrs.ts';

type ReadonlyXattrs = readonly (readonly [name: string, value: string])[];

const ATTRIBUTE = 'security.capability';
/** Bytes of the two revisions; revision 3 has the root's ID at the end. */
const SIZE_2 = 20;
const SIZE_3 = 24;

/** Attributes as the host stores them for a container with these IDs. */
export function xattrsOfNamespace(xattrs: Xattrs, ids: IdMappings | undefined): Xattrs {
  return changed(xattrs, (value) => capabilityOfNamespace(value, ids));
}

/** Attributes as the container itself has them. */
export function xattrsInNamespace(xattrs: ReadonlyXattrs, ids: IdMappings | undefined): Xattrs {
  return changed(xattrs, (value) => {
    const bytes = Buffer.from(value, 'latin1');
    if (bytes.length !== SIZE_3 || bytes.readUInt32LE(SIZE_2) !== rootOf(ids)) return value;
    return withRevision(bytes.subarray(0, SIZE_2), 2);
  });
}

/** A value without a root of its own gets the namespace's. */
function capabilityOfNamespace(value: string, ids: IdMappings | undefined): string {
  const bytes = Buffer.from(value, 'latin1');
  if (ids === undefined || bytes.length !== SIZE_2) return value;
  const root = Buffer.alloc(SIZE_3 - SIZE_2);
  root.writeUInt32LE(rootOf(ids));
  return withRevision(Buffer.concat([bytes, root]), 3);
}

function changed(xattrs: ReadonlyXattrs, change: (value: string) => string): Xattrs {
  return xattrs.map(([name, value]) => [name, name === ATTRIBUTE ? change(value) : value]);
}

function rootOf(ids: IdMappings | undefined): number {
  return hostOwner(ids, { uid: 0, gid: 0 }).uid;
}

/** The revision is the highest byte of the first, little-endian word. */
function withRevision(bytes: Buffer, revision: number): string {
  const copy = Buffer.from(bytes);
  copy[3] = revision;
  return copy.toString('latin1');
}
