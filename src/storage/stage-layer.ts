/** One layer's tar into a directory that is ready to be published: files, facts and frame. */
import { createHash, type Hash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeLayerFacts } from './layers.ts';
import type { Bytes } from './tar/decompress.ts';
import { frameRecorder } from './tar/frame.ts';
import { unpackLayer } from './unpack.ts';

export interface StagedLayer {
  /** sha256 hex of the tar. */
  diffId: string;
  /** Bytes of the tar. */
  sizeBytes: number;
}

/**
 * Unpacks an uncompressed tar below a directory of the caller's staging, which is made. What it turns out to be is
 * returned; whether that is what was promised is the caller's to check. Errors: see unpackLayer.
 */
export async function stageLayer(directory: string, tar: Bytes): Promise<StagedLayer> {
  mkdirSync(join(directory, 'diff'), { recursive: true, mode: 0o755 });
  const measured = measure(tar);
  const frame = frameRecorder(directory);
  try {
    const facts = await unpackLayer(measured.bytes, join(directory, 'diff'), frame);
    frame.finish();
    writeLayerFacts(directory, { version: 1, sizeBytes: measured.length(), ...facts });
  } finally {
    frame.close();
  }
  return { diffId: measured.digest(), sizeBytes: measured.length() };
}

/** Passes bytes on, knowing their number and sha256 at the end. */
export function measure(source: Bytes): { bytes: Bytes; length: () => number; digest: () => string } {
  const hash: Hash = createHash('sha256');
  let length = 0;
  async function* bytes(): Bytes {
    for await (const chunk of source) {
      hash.update(chunk);
      length += chunk.length;
      yield chunk;
    }
  }
  return { bytes: bytes(), length: () => length, digest: () => hash.digest('hex') };
}
