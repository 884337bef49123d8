/** The installed instance in a bed: its images and its rows. */
import type { Bed } from '../bed/bed.ts';
import { query } from './database.ts';

/** Loads image archives shown in the bed (`bootInstalled`, `images`). */
export async function load(bed: Bed, ...images: string[]): Promise<void> {
  for (const image of images) await bed.ok(['berth', 'load', '--quiet', '-i', `/images/${image}.tar`]);
}

/** Rows per table of what belongs to containers, images, volumes and networks; after the first command of an instance. */
export async function rowCounts(bed: Bed): Promise<Record<string, number>> {
  const counts = TABLES.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`);
  const [row = {}] = await query<Record<string, number>>(bed, `SELECT ${counts.join(', ')}`);
  return row;
}

const TABLES = [
  ...['container', 'health', 'health_log', 'image', 'image_name', 'image_layer'],
  ...['volume', 'volume_use', 'volume_holder', 'network_address'],
];
