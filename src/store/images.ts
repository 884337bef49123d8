/** Rows of images: config, names and the layers they stand on. */
import { BerthError } from '../model/errors.ts';
import type { ImageConfig } from '../model/image/image.ts';
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
      .prepare<[string], string>('SELECT name FROM image_name WHERE image_id = ? ORDER BY seq DESC, name')
      .pluck()
      .all(row.id),
    pastNames: db
      .prepare<[string], string>(
        'SELECT name FROM image_past_name WHERE image_id = ? ORDER BY seq DESC, name',
      )
      .pluck()
      .all(row.id),
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

  const namesOf = (id: string): string[] =>
    db.prepare<[string], string>('SELECT name FROM image_name WHERE image_id = ?').pluck().all(id);
  const addName = (name: string, imageId: string): void => {
    const next = db.prepare<[], number>('SELECT coalesce(max(seq), 0) + 1 FROM image_past_name').pluck();
    const seq = next.get() ?? 1;
    db.prepare('INSERT OR REPLACE INTO image_name (name, image_id, seq) VALUES (?, ?, ?)').run(
      name,
      imageId,
      seq,
    );
    db.prepare('INSERT OR REPLACE INTO image_past_name (image_id, name, seq) VALUES (?, ?, ?)').run(
      imageId,
      name,
      seq,
    );
  };

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

    /** By its full ID; undefined if there is none. */
    getImage(id: string): ImageRecord | undefined {
      const row = db.prepare<[string], Row>('SELECT * FROM image WHERE id = ?').get(id);
      return row === undefined ? undefined : read(row);
    },

    /** The config as it came, byte for byte; undefined if the image was stored before that was kept. */
    imageDocument(id: string): string | undefined {
      const row = db.prepare<[string], string | null>('SELECT document FROM image WHERE id = ?').pluck();
      return row.get(id) ?? undefined;
    },

    /**
     * Saves an image; its names move to it from whatever had them before, the first one becoming the newest.
     * @param document its config as it came.
     */
    saveImage(image: ImageRecord, document?: string): void {
      db.prepare(
        `INSERT INTO image (id, config, digest, list_digest, imported_at, document) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET config = excluded.config, digest = coalesce(excluded.digest, digest),
           list_digest = coalesce(excluded.list_digest, list_digest), document = coalesce(excluded.document, document)`,
      ).run(
        image.id,
        JSON.stringify(image.config),
        image.digest ?? null,
        image.listDigest ?? null,
        image.importedAt,
        document ?? null,
      );
      const layer = db.prepare(
        'INSERT OR REPLACE INTO image_layer (image_id, position, diff_id, size_bytes) VALUES (?, ?, ?, ?)',
      );
      image.layers.forEach(({ diffId, sizeBytes }, position) => {
        layer.run(image.id, position, diffId, sizeBytes);
      });
      const had = namesOf(image.id);
      for (const name of image.names.toReversed()) if (!had.includes(name)) addName(name, image.id);
    },

    /** Gives an image a name, which may have been another's, or its own. */
    addImageName: addName,

    /** False if there is no such name (any more). */
    removeImageName(name: string): boolean {
      return db.prepare('DELETE FROM image_name WHERE name = ?').run(name).changes > 0;
    },

    /** With its names. False if there is none (any more). */
    deleteImage(id: string): boolean {
      return db.prepare('DELETE FROM image WHERE id = ?').run(id).changes > 0;
    },

    /** How often people have mounted it; what is really mounted, only the kernel knows. */
    imageMountCount(id: string): number {
      return db.prepare<[string], number>('SELECT count FROM image_mount WHERE id = ?').pluck().get(id) ?? 0;
    },

    saveImageMountCount(id: string, count: number): void {
      if (count === 0) db.prepare('DELETE FROM image_mount WHERE id = ?').run(id);
      else db.prepare('INSERT OR REPLACE INTO image_mount (id, count) VALUES (?, ?)').run(id, count);
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
