/** Rows of the addresses that containers have in networks. They are claims: whose container does not run, has none. */
import type { Db } from './database.ts';

export interface AddressRow {
  network: string;
  address: string;
  containerId: string;
}

export function networkStore(db: Db) {
  return {
    /** Of one network. */
    addressesIn(network: string): AddressRow[] {
      return db
        .prepare<[string], AddressRow>(
          'SELECT network, address, container_id AS containerId FROM network_address WHERE network = ?',
        )
        .all(network);
    },

    /** The address goes to the container, whoever had it; inside the caller's transaction. */
    takeAddress({ network, address, containerId }: AddressRow): void {
      db.prepare(
        'INSERT OR REPLACE INTO network_address (network, address, container_id) VALUES (?, ?, ?)',
      ).run(network, address, containerId);
    },

    /** In one network, or all. */
    releaseAddresses(containerId: string, network?: string): void {
      db.prepare('DELETE FROM network_address WHERE container_id = ? AND network = ifnull(?, network)').run(
        containerId,
        network ?? null,
      );
    },
  };
}
