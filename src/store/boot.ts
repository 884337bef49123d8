/** Noticing a reboot by the kernel's boot id, once, whoever comes first. */
import { refreshAfterBoot } from '../model/reconcile.ts';
import type { ContainerState } from '../model/state.ts';
import type { Db } from './database.ts';

export function bootStore(db: Db) {
  const known = (): string | undefined =>
    db.prepare<[], { value: string }>("SELECT value FROM meta WHERE key = 'boot_id'").get()?.value;

  return {
    /**
     * If the boot id is not the recorded one, brings every row into the state after a reboot and records the
     * id, in one transaction: of many processes that notice at once, one does it. True if this one did.
     * `forget` removes what the last boot left in files; the others wait until it is over, so that nothing of
     * this boot can be there yet.
     */
    refreshIfRebooted(bootId: string, now: string, forget: () => void = () => {}): boolean {
      if (known() === bootId) return false;
      return db
        .transaction(() => {
          if (known() === bootId) return false;
          forget();
          const update = db.prepare('UPDATE container SET state = ? WHERE id = ?');
          for (const row of db
            .prepare<[], { id: string; state: string }>('SELECT id, state FROM container')
            .all()) {
            const state = readState(row.state);
            if (state !== undefined) update.run(JSON.stringify(refreshAfterBoot(state, now)), row.id);
          }
          db.exec(
            `DELETE FROM network_address; DELETE FROM image_mount; DELETE FROM layer_hold;
              DELETE FROM mount_count; DELETE FROM mount_holder; DELETE FROM exec_session; DELETE FROM volume_holder;
             UPDATE volume_use SET in_run = 0 WHERE in_run; UPDATE volume SET peoples_mounts = 0 WHERE peoples_mounts`,
          );
          db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('boot_id', ?)").run(bootId);
          return true;
        })
        .immediate();
    },
  };
}

/** A damaged row stays as it is: it is named by the lists (containers.ts), and must not block a boot. */
function readState(text: string): ContainerState | undefined {
  try {
    const state: unknown = JSON.parse(text);
    return typeof state === 'object' && state !== null ? (state as ContainerState) : undefined;
  } catch {
    return undefined;
  }
}
