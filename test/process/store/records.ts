/** Rows to put into a store, and a place for one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { ContainerConfig } from '../../../src/model/config.ts';
import type { EventRecord } from '../../../src/model/event.ts';
import type { ImageRecord } from '../../../src/model/records.ts';
import { config, IMAGE_CONFIG } from '../../support/config.ts';

/** A folder that goes with the test. */
export function temporaryFolder(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'berth-store-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** 64 hex digits that begin as told. */
export function idOf(prefix: string): string {
  return prefix.padEnd(64, '0');
}

export function container(name: string, changes: Partial<ContainerConfig> = {}): ContainerConfig {
  const id = idOf(Buffer.from(name).toString('hex').slice(0, 40));
  return config({ id, name, unit: `berth-${name}.service`, ...changes });
}

export function image(id: string, names: string[], sizes: number[] = [10, 20]): ImageRecord {
  return {
    id: idOf(id),
    names,
    layers: sizes.map((sizeBytes, index) => ({ diffId: idOf(`${id}${index}`), sizeBytes })),
    config: IMAGE_CONFIG,
    importedAt: '2026-03-01T12:00:00.000Z',
  };
}

export function event(id: string, changes: Partial<EventRecord> = {}): EventRecord {
  return {
    type: 'container',
    status: 'start',
    id,
    name: 'x',
    image: '',
    time: '2026-03-01T12:00:00.000Z',
    ...changes,
  };
}
