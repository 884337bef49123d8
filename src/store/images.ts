/** Rows of images: config, names and the layers they stand on. */
import { BerthError } from '../model/errors.ts';
import type { ImageConfig } from '../model/image.ts';
import type { ImageRecord } from '../model/records.ts';
import type { Db } from './database.ts';

interface Row {
  id: string;
  config: string;
  digest: string | null;
  list_digest: string | null;
  imported_at: string;
}

export function imageStore(db: Db) {
  const read = (row: Row): ImageRecord => ({
    id: row.id,
    names: db
      .prepare<[string], { name: string }>('SELECT name FROM image_name WHERE image_id = ? ORDER BY name')
      .all(row.id)
      .map(({ name }) => name),
    layers: db
      .prepare<[string], { diff_id: string; size_bytes: number }>(
        'SELECT diff_id, size_bytes FROM image_layer WHERE image_id = ? ORDER BY position',
      )
      .all(row.id)
      .map((layer) => ({ diffId: layer.diff_id, sizeBytes: layer.size_bytes })),
    config: readConfig(row),
    ...(row.digest === null ? {} : { digest: row.digest }),
    ...(row.list_digest === null ? {} : { listDigest: row.list_digest }),
    importedAt: row.imported_at,
  });
  const byName = (name: string): Row | undefined =>
    db
      .prepare<[string], Row>(
        'SELECT i.* FROM image i JOIN image_name n ON n.image_id = i.id WHERE n.name = ?',
      )
      .get(name);

  return {
    /** By one of the given full names (the first that exists), by id or unique id prefix; undefined if none. */
    findImage(names: string[], idOrPrefix: string): ImageRecord | undefined {
      for (const name of names) {
        const row = byName(name);
        if (row !== undefined) return read(row);
      }
      const prefix = idOrPrefix.replace(/^sha256:/, '');
      if (!/^[0-9a-f]{1,64}$/.test(prefix)) return undefined;
      const rows = db
        .prepare<[string, string], Row>('SELECT * FROM image WHERE id >= ? AND id < ? LIMIT 2')
        .all(prefix, `${prefix}g`);
      if (rows.length > 1) {
        throw new BerthError(
          'invalid',
          `more than one image has an ID beginning with ${prefix}: write more digits`,
        );
      }
      return rows[0] === undefined ? undefined : read(rows[0]);
    },

    listImages(): ImageRecord[] {
      return db.prepare<[], Row>('SELECT * FROM image ORDER BY imported_at DESC').all().map(read);
    },

    /** Saves an image; its names move to it from whatever had them before. */
    saveImage(image: ImageRecord): void {
      db.prepare(
        `INSERT INTO image (id, config, digest, list_digest, imported_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET config = excluded.config, digest = coalesce(excluded.digest, digest),
           list_digest = coalesce(excluded.list_digest, list_digest)`,
      ).run(
        image.id,
        JSON.stringify(image.config),
        image.digest ?? null,
        image.listDigest ?? null,
        image.importedAt,
      );
      const layer = db.prepare(
        'INSERT OR REPLACE INTO image_layer (image_id, position, diff_id, size_bytes) VALUES (?, ?, ?, ?)',
      );
      image.layers.forEach(({ diffId, sizeBytes }, position) => {
        layer.run(image.id, position, diffId, sizeBytes);
      });
      const name = db.prepare('INSERT OR REPLACE INTO image_name (name, image_id) VALUES (?, ?)');
      for (const each of image.names) name.run(each, image.id);
    },
  };
}

function readConfig({ id, config }: Row): ImageConfig {
  try {
    return JSON.parse(config) as ImageConfig;
  } catch (error) {
    throw new BerthError(
      'store',
      `the config of image ${id.slice(0, 12)} is damaged in the database: load the image again`,
      { cause: error },
    );
  }
}
