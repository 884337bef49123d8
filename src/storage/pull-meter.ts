/** How far a transfer into an OCI layout has come. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ArchivedBlob } from './manifests.ts';
import type { PullOptions } from './pull.ts';

/** Reports the bytes of layers as often as the options say, until it is ended. Layers that are there at the beginning count as done. */
export function transferMeter(
  layout: string,
  layers: readonly ArchivedBlob[],
  { reportEveryMs, onProgress }: Pick<PullOptions, 'reportEveryMs' | 'onProgress'>,
): { end(): void } {
  if (reportEveryMs === undefined) return { end: () => {} };
  const total = layers.reduce((sum, { size = 0 }) => sum + size, 0);
  const arrived = new Set<string>();
  const report = (): void => {
    for (const { name } of layers) if (sizeOf(join(layout, name)) !== undefined) arrived.add(name);
    // What skopeo writes at the moment lies beside its result, under a name of its own.
    const arriving = readdirSync(layout).filter((name) => name.startsWith('oci-put-blob'));
    const done = layers.reduce((sum, { name, size = 0 }) => sum + (arrived.has(name) ? size : 0), 0);
    const under = arriving.reduce((sum, name) => sum + (sizeOf(join(layout, name)) ?? 0), 0);
    onProgress({
      step: 'bytes',
      done: Math.min(total, done + under),
      total,
      layersDone: arrived.size,
      layers: layers.length,
    });
  };
  const timer = setInterval(report, reportEveryMs);
  return { end: () => clearInterval(timer) };
}

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}
