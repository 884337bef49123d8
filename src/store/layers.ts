/** Which layers somebody needs. What is on the disk, storage knows. */
import type { ProcessRef } from '../model/state.ts';
import type { Db } from './database.ts';

export function layerStore(db: Db) {
  /** All that the process holds. */
  const releaseLayers = ({ pid, startTime }: ProcessRef): void => {
    db.prepare('DELETE FROM layer_hold WHERE pid = ? AND start_time = ?').run(pid, startTime);
  };

  return {
    releaseLayers,

    /** From now on these layers are in use, as long as the process lives or until it releases them. */
    holdLayers(diffIds: readonly string[], { pid, startTime }: ProcessRef): void {
      const hold = db.prepare('INSERT OR IGNORE INTO layer_hold (diff_id, pid, start_time) VALUES (?, ?, ?)');
      for (const diffId of diffIds) hold.run(diffId, pid, startTime);
    },

    /**
     * The layers of all images and containers (`--mount type=image` too), and those that a living process holds; holds of the dead are dropped. Inside
     * a transaction of the caller's. Undefined if the row of a container cannot be read: nobody knows then what it needs.
     */
    layersInUse(isAlive: (owner: ProcessRef) => boolean): Set<string> | undefined {
      if (db.prepare('SELECT 1 FROM container WHERE NOT json_valid(config)').get() !== undefined)
        return undefined;
      const owners = db
        .prepare<[], ProcessRef>('SELECT DISTINCT pid, start_time AS startTime FROM layer_hold')
        .all();
      for (const owner of owners) if (!isAlive(owner)) releaseLayers(owner);
      const rows = db
        .prepare<[], string>(
          `SELECT diff_id FROM image_layer UNION SELECT diff_id FROM layer_hold
           UNION SELECT layer.value FROM container, json_each(container.config, '$.image.layers') AS layer
           UNION SELECT layer.value FROM container, json_each(container.config, '$.mounts') AS mount,
             json_each(mount.value, '$.image.layers') AS layer`,
        )
        .pluck();
      return new Set(rows.all());
    },
  };
}
