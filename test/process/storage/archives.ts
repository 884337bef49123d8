/** Small tars and image archives, honest and otherwise, made in memory. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Header, pack } from 'tar-stream';
import { unmountRootfs } from '../../../src/storage/rootfs.ts';
import { mountInfo } from '../../../src/sys/mountinfo.ts';

export type Entry = Partial<Header> & { name: string; body?: string | Buffer };

/** A tar of these entries; entries without a type are files. */
export async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  const chunks: Buffer[] = [];
  tar.on('data', (chunk) => chunks.push(chunk as Buffer));
  const ended = new Promise((resolve, reject) => tar.on('end', () => resolve(undefined)).on('error', reject));
  for (const { body, ...header } of entries) {
    const full = { mtime: new Date(1_000_000_000_000), ...header };
    if (body === undefined && full.type !== undefined) tar.entry(full);
    else tar.entry(full, body ?? '');
  }
  tar.finalize();
  await ended;
  return withTypes(Buffer.concat(chunks));
}

/** Marks a file entry to become one of another type: tar-stream writes content for files only. */
const RETYPED = '@type=';

/** An entry of a tar type that tar-stream does not write, by its type flag (tar(5)). */
export function rawEntry(typeFlag: string, name: string, body: Buffer | string): Entry {
  return { name: `${RETYPED}${typeFlag}${name}`, body };
}

/** A PAX header with these exact bytes, for the entry that follows. */
export function rawPax(records: Record<string, Buffer | string>): Entry {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
    let length = rest.length + 1;
    while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
    return Buffer.concat([Buffer.from(String(length)), rest]);
  });
  return rawEntry('x', 'PaxHeader', Buffer.concat(lines));
}

function withTypes(tar: Buffer): Buffer {
  for (let offset = 0; offset + 512 <= tar.length; ) {
    const header = tar.subarray(offset, offset + 512);
    if (header[0] === 0) break;
    const name = header.toString('latin1', 0, 100).replace(/\0.*/s, '');
    const size = Number.parseInt(header.toString('latin1', 124, 135), 8);
    if (name.startsWith(RETYPED)) {
      header.fill(0, 0, 100);
      header.write(name.slice(RETYPED.length + 1), 0, 'latin1');
      header.write(name.charAt(RETYPED.length), 156, 'latin1');
      seal(header);
    }
    offset += 512 + Math.ceil(size / 512) * 512;
  }
  return tar;
}

/** Writes a header's checksum, which counts its own field as spaces. */
export function seal(header: Buffer): void {
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}

export const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

export interface ImageOptions {
  names?: string[];
  config?: Record<string, unknown>;
  /** What the layers are called and hold in the archive, if not the plain tar. */
  pack?: (layer: Buffer) => Buffer;
}

/** The blobs of one image, as both archive forms need them. */
export function imageOf(layers: readonly Buffer[], options: ImageOptions = {}) {
  const diffIds = layers.map((layer) => `sha256:${sha256(layer)}`);
  const config = JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Cmd: ['/bin/sh'] },
    rootfs: { type: 'layers', diff_ids: diffIds },
    ...options.config,
  });
  return {
    config,
    id: sha256(config),
    diffIds: diffIds.map((id) => id.slice(7)),
    blobs: layers.map((layer) => options.pack?.(layer) ?? layer),
  };
}

export function dockerEntries(layers: readonly Buffer[], options: ImageOptions = {}): Entry[] {
  const image = imageOf(layers, options);
  const names = image.blobs.map((_, index) => `${index}/layer.tar`);
  const manifest = [{ Config: `${image.id}.json`, RepoTags: options.names ?? ['test:1'], Layers: names }];
  return [
    ...image.blobs.map((body, index) => ({ name: names[index] ?? '', body })),
    { name: `${image.id}.json`, body: image.config },
    { name: 'manifest.json', body: JSON.stringify(manifest) },
  ];
}

export const dockerArchive = async (layers: readonly Buffer[], options: ImageOptions = {}): Promise<Buffer> =>
  tarOf(dockerEntries(layers, options));

export function ociEntries(layers: readonly Buffer[], options: ImageOptions = {}): Entry[] {
  const image = imageOf(layers, options);
  const blob = (body: string | Buffer) => ({ name: `blobs/sha256/${sha256(body)}`, body });
  const descriptor = (body: string | Buffer) => ({
    digest: `sha256:${sha256(body)}`,
    size: Buffer.byteLength(body),
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    config: descriptor(image.config),
    layers: image.blobs.map(descriptor),
  });
  const annotations = { 'org.opencontainers.image.ref.name': options.names?.[0] ?? 'test:1' };
  return [
    { name: 'oci-layout', body: '{"imageLayoutVersion":"1.0.0"}' },
    {
      name: 'index.json',
      body: JSON.stringify({ schemaVersion: 2, manifests: [{ ...descriptor(manifest), annotations }] }),
    },
    ...[...image.blobs, image.config, manifest].map(blob),
  ];
}

/** A directory of this test's own; whatever is mounted in it is unmounted and all of it removed after the test. */
export function scratch(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'berth-storage-'));
  t.after(async () => {
    for (const { mountPoint } of mountInfo())
      if (mountPoint.startsWith(`${directory}/`)) await unmountRootfs(mountPoint);
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}
