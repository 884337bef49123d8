/** The addresses that are given away in a bed, by whatever engine. */

import { type BoltBucket, parseBolt } from '../../src/network/bolt.ts';
import type { Bed } from '../bed/bed.ts';

/** How many there are in the book that Podman and Berth share. */
export async function leaseCount(bed: Bed): Promise<number> {
  const { stdout } = await bed.nsenter(['sh', '-c', 'base64 -w 0 /run/containers/networks/ipam.db 2>&-']);
  if (stdout === '') return 0;
  const { root } = parseBolt(Buffer.from(stdout, 'base64'));
  const buckets = ({ entries }: BoltBucket): BoltBucket[] =>
    [...entries.values()].flatMap((value) => (value instanceof Uint8Array ? [] : value));
  const isAddress = (key: string): boolean => key.length === 4 || key.length === 16;
  return buckets(root)
    .flatMap(buckets)
    .flatMap(({ entries }) => [...entries.keys()])
    .filter(isAddress).length;
}
