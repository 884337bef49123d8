/** `inspect` of an image, in Podman's form and field names. Pure. */
import type { ImageConfig, ImageHealthcheck } from './image.ts';
import { mapOrNull } from './inspect-config.ts';
import type { ImageRecord } from './records.ts';

/** @param layerDirectories the unpacked layers, topmost first. */
export function inspectImage(image: ImageRecord, layerDirectories: readonly string[]): object {
  const { id, names, layers, config, digest } = image;
  const size = layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const [upper, ...lower] = layerDirectories;
  return {
    Id: id,
    Digest: digest === undefined ? '' : `sha256:${digest}`,
    RepoTags: names,
    RepoDigests: digest === undefined ? [] : digestNames(names, digest),
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

/** Each repository once: `localhost/redis@sha256:…`. */
function digestNames(names: readonly string[], digest: string): string[] {
  return [...new Set(names.map((name) => `${name.replace(/:[^/:]*$/, '')}@sha256:${digest}`))];
}

function setOf(words: readonly string[]): Record<string, object> {
  return Object.fromEntries(words.map((word) => [word, {}]));
}

function filled(fields: Record<string, string | number | object>): object {
  const isFilled = (value: string | number | object): boolean =>
    typeof value === 'number' ? value !== 0 : Object.keys(value).length > 0;
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isFilled(value)));
}
