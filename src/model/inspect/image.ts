/** `inspect` of an image, in Podman's form and field names. Pure. */

import { mapOrNull } from '../go-map.ts';
import type { ImageConfig, ImageHealthcheck } from '../image/image.ts';
import { repositoryOf } from '../image/pull.ts';
import type { ImageRecord } from '../records.ts';

/** @param layerDirectories the unpacked layers, topmost first. */
export function inspectImage(image: ImageRecord, layerDirectories: readonly string[]): object {
  const { id, names, layers, config, digest } = image;
  const digests = imageDigests(image);
  const size = layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const [upper, ...lower] = layerDirectories;
  return {
    Id: id,
    Digest: digest === undefined ? '' : `sha256:${digest}`,
    RepoTags: names.filter(hasTag),
    RepoDigests: digestNames(names, digests),
    Parent: '',
    Comment: config.comment ?? config.history.at(-1)?.comment ?? '',
    Created: config.created ?? '',
    Config: inspectConfig(config),
    Version: '',
    Author: config.author ?? '',
    Architecture: config.architecture,
    Os: config.os,
    Size: size,
    VirtualSize: size,
    GraphDriver: {
      Name: 'overlay',
      Data: filled({ LowerDir: lower.join(':'), UpperDir: upper ?? '' }),
    },
    RootFS: { Type: 'layers', Layers: layers.map(({ diffId }) => `sha256:${diffId}`) },
    Labels: mapOrNull(config.labels),
    Annotations: {},
    User: config.user,
    History: config.history.map(({ created, createdBy, author, comment, emptyLayer }) => ({
      ...(created === undefined ? {} : { created }),
      ...(createdBy === undefined ? {} : { created_by: createdBy }),
      ...(author === undefined ? {} : { author }),
      ...(comment === undefined ? {} : { comment }),
      ...(emptyLayer ? { empty_layer: true } : {}),
    })),
    NamesHistory: image.pastNames ?? names,
    ...(config.healthcheck === undefined ? {} : { Healthcheck: inspectHealthcheck(config.healthcheck) }),
  };
}

/** What is empty is left out, as by Go's omitempty. */
function inspectConfig(config: ImageConfig): object {
  return filled({
    User: config.user,
    ExposedPorts: setOf(config.exposedPorts),
    Env: config.env,
    Entrypoint: config.entrypoint,
    Cmd: config.cmd,
    Volumes: setOf(config.volumes),
    WorkingDir: config.workingDir,
    Labels: config.labels,
    StopSignal: config.stopSignal ?? '',
  });
}

function inspectHealthcheck(check: ImageHealthcheck): object {
  const nanoseconds = (ms: number | undefined): number => Math.round((ms ?? 0) * 1e6);
  return filled({
    Test: check.test,
    StartPeriod: nanoseconds(check.startPeriodMs),
    StartInterval: nanoseconds(check.startIntervalMs),
    Interval: nanoseconds(check.intervalMs),
    Timeout: nanoseconds(check.timeoutMs),
    Retries: check.retries ?? 0,
  });
}

/** Of its manifest, and of the list that it was pulled by; `sha256:…`, in order. */
export function imageDigests({ digest, listDigest }: ImageRecord): string[] {
  return [digest, listDigest].flatMap((hex) => (hex === undefined ? [] : [`sha256:${hex}`])).sort();
}

/** Each repository once: `localhost/redis@sha256:…`. */
export function digestNames(names: readonly string[], digests: readonly string[]): string[] {
  return [...new Set(names.map(repositoryOf))].flatMap((repository) =>
    digests.map((digest) => `${repository}@${digest}`),
  );
}

/** A name with a digest has none. */
export function hasTag(name: string): boolean {
  return !name.includes('@');
}

function setOf(words: readonly string[]): Record<string, object> {
  return Object.fromEntries(words.map((word) => [word, {}]));
}

function filled(fields: Record<string, string | number | object>): object {
  const isFilled = (value: string | number | object): boolean =>
    typeof value === 'number' ? value !== 0 : Object.keys(value).length > 0;
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isFilled(value)));
}
