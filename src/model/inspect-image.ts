/** `inspect` of an image, in Podman's form and field names. Pure. */
import type { ImageRecord } from './records.ts';

export function inspectImage({ id, names, layers, config, digest }: ImageRecord): object {
  return {
    Id: id,
    Digest: digest === undefined ? '' : `sha256:${digest}`,
    RepoTags: names,
    Created: config.created ?? '',
    Config: {
      User: config.user,
      ExposedPorts: Object.fromEntries(config.exposedPorts.map((port) => [port, {}])),
      Env: config.env,
      Entrypoint: config.entrypoint,
      Cmd: config.cmd,
      Volumes: Object.fromEntries(config.volumes.map((volume) => [volume, {}])),
      WorkingDir: config.workingDir,
      Labels: config.labels,
      StopSignal: config.stopSignal ?? '',
    },
    Architecture: config.architecture,
    Os: config.os,
    Size: layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    RootFS: { Type: 'layers', Layers: layers.map(({ diffId }) => `sha256:${diffId}`) },
    Labels: config.labels,
    User: config.user,
    History: config.history.map(({ created, createdBy, comment, emptyLayer }) => ({
      ...(created === undefined ? {} : { created }),
      ...(createdBy === undefined ? {} : { created_by: createdBy }),
      ...(comment === undefined ? {} : { comment }),
      ...(emptyLayer ? { empty_layer: true } : {}),
    })),
  };
}
