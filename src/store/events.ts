/** Events: appended in the transaction of the change they tell of, bounded in number. */
import type { EventRecord } from '../model/event.ts';
import type { Db } from './database.ts';

/** Events kept; the older ones go as new ones come. */
const KEEP = 10_000;

export function eventStore(db: Db) {
  return {
    appendEvent({ type, status, id, name, image, time, ...detail }: EventRecord): void {
      const { lastInsertRowid } = db
        .prepare(
          'INSERT INTO event (time, type, status, id, name, image, detail) VALUES (?, ?, ?, ?, ?, ?, ?)',
        )
        .run(time, type, status, id, name, image, JSON.stringify(detail));
      db.prepare('DELETE FROM event WHERE seq <= ?').run(Number(lastInsertRowid) - KEEP);
    },

    /** All kept events of an object, or of all, oldest first. */
    events(id?: string): EventRecord[] {
      const rows =
        id === undefined
          ? db.prepare<[], Row>(`${SELECT} ORDER BY seq`).all()
          : db.prepare<[string], Row>(`${SELECT} WHERE id = ? ORDER BY seq`).all(id);
      return rows.map((row) => {
        const { seq: _, ...event } = read(row);
        return event;
      });
    },

    /** Events that came after the one of that number, oldest first; `since` is ISO 8601 UTC. */
    eventsAfter(seq: number, since = ''): (EventRecord & { seq: number })[] {
      return db
        .prepare<[number, string], Row>(`${SELECT} WHERE seq > ? AND time >= ? ORDER BY seq`)
        .all(seq, since)
        .map(read);
    },

    /** Number of the newest event, 0 if there is none. */
    lastEvent(): number {
      return db.prepare<[], { seq: number | null }>('SELECT max(seq) AS seq FROM event').get()?.seq ?? 0;
    },
  };
}

type Row = Pick<EventRecord, 'time' | 'type' | 'status' | 'id' | 'name' | 'image'> & {
  seq: number;
  detail: string;
};

const SELECT = 'SELECT seq, time, type, status, id, name, image, detail FROM event';

function read({ detail, ...row }: Row): EventRecord & { seq: number } {
  return { ...row, ...(JSON.parse(detail) as object) };
}
