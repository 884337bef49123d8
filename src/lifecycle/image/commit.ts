/** commit: what a container has changed becomes a layer of a new image. */
import type { ContainerConfig } from '../../model/config.ts';
import { mergeEnv } from '../../model/env.ts';
import { BerthError } from '../../model/errors.ts';
import { type DocumentConfig, withChanges } from '../../model/image/change.ts';
import { committedDocument, documentConfig } from '../../model/image/document.ts';
import { normaliseImageName } from '../../model/image/image.ts';
import { inspectExposed } from '../../model/network/port-display.ts';
import type { ContainerRecord, ImageRecord } from '../../model/records.ts';
import { hasPayload } from '../../model/state.ts';
import { PAYLOAD_CGROUP } from '../../model/unit-cgroups.ts';
import { withMountedRoot } from '../mount.ts';
import { current } from '../observe.ts';
import type { LayerSource, NewLayer, Ports } from '../ports.ts';
import { appendContainerEvent } from '../record.ts';
import { holdingLayers } from './layers.ts';
import { recordNewImage } from './new-image.ts';
import { documentOf } from './save.ts';

type CommitPorts = Pick<Ports, 'host' | 'store' | 'locks' | 'runtime' | 'rootfs' | 'imageFiles' | 'now'>;

export interface CommitRequest {
  /** As typed. */
  name?: string;
  author?: string;
  message?: string;
  changes: readonly string[];
  /** --config: merged into the config after all. */
  overrides?: DocumentConfig;
  /** The destinations of its mounts become volumes of the image. */
  includeVolumes: boolean;
  /** Nothing in it moves while it is copied. */
  pause: boolean;
  /** One layer with everything. */
  squash: boolean;
}

/**
 * Makes an image of a container in any state but removing and returns its ID. Files that change while they are read are as
 * they were at some moment, each for itself, unless `pause` is asked for. What is mounted over the root (volumes) is not in it.
 */
export async function commitContainer(
  ports: CommitPorts,
  container: ContainerRecord,
  request: CommitRequest,
): Promise<string> {
  const { store, imageFiles, now } = ports;
  const { config } = container;
  const image = imageOf(ports, config);
  const name = request.name === undefined ? undefined : normaliseImageName(request.name);
  const base = documentOf(store, image);
  const document = imageConfig(config, documentConfig(base), request);
  const below = image.layers.map(({ diffId }) => diffId);
  return holdingLayers(ports, below, async () => {
    const layer = await pausedWhile(ports, container, request.pause, () =>
      copyLayer(ports, container, request.squash),
    );
    const { architecture, os, variant } = image.config;
    const text = committedDocument({
      created: now(),
      platform: { architecture, os, ...(variant === undefined ? {} : { variant }) },
      config: document,
      diffId: layer.diffId,
      ...(request.squash ? {} : { base }),
      ...(config.image === undefined ? {} : { from: config.image.name }),
      ...(request.author === undefined ? {} : { author: request.author }),
      ...(request.message === undefined ? {} : { message: request.message }),
    });
    const id = imageFiles.digest(text);
    const layers: NewLayer[] = [...(request.squash ? [] : image.layers), layer];
    recordNewImage(ports, { id, document: text, layers, name }, (_, time) => {
      // Removed meanwhile, it may have been read half.
      const fresh = store.getContainer(config.id);
      if (fresh === undefined || fresh.state.status === 'removing')
        throw new BerthError('no-such-container', `container ${config.id} was removed meanwhile`);
      appendContainerEvent(store, config, { status: 'commit' }, time);
    });
    return id;
  });
}

function imageOf({ store }: CommitPorts, { name, rootfs, image }: ContainerConfig): ImageRecord {
  if (rootfs !== undefined || image === undefined)
    throw new BerthError(
      'invalid',
      `cannot commit container ${name}: it has --rootfs, and no image below it`,
    );
  const found = store.getImage(image.id);
  if (found === undefined)
    throw new BerthError(
      'no-such-image',
      `${image.name}: image not known: the container's image is gone, load it again`,
    );
  return found;
}

/** The image's config, with what the container was made with, the changes that were asked for, and --config. */
function imageConfig(config: ContainerConfig, below: DocumentConfig, request: CommitRequest): DocumentConfig {
  const volumes = request.includeVolumes ? config.mounts.map(({ destination }) => [destination, {}]) : [];
  const own: DocumentConfig = {
    ...below,
    ...(config.user === '' ? {} : { User: config.user }),
    Env: mergeEnv(['container=podman'], config.env),
    Entrypoint: config.entrypoint,
    Cmd: config.command,
    Volumes: { ...below.Volumes, ...Object.fromEntries(volumes) },
    WorkingDir: config.workdir,
    Labels: { ...below.Labels, ...config.labels },
    ...exposedPorts(config, below),
  };
  const changed = withChanges(own, request.changes);
  const { Env = [], ...others } = request.overrides ?? {};
  return { ...changed, ...others, Env: mergeEnv(changed.Env ?? [], Env) };
}

/** What it publishes is exposed, too. */
function exposedPorts(config: ContainerConfig, { ExposedPorts }: DocumentConfig): DocumentConfig {
  const all = { ...ExposedPorts, ...inspectExposed(config) };
  return Object.keys(all).length === 0 ? {} : { ExposedPorts: all };
}

function copyLayer(ports: CommitPorts, container: ContainerRecord, squash: boolean): Promise<NewLayer> {
  const { store, host, imageFiles } = ports;
  const { id, idMappings: ids } = container.config;
  const add = (source: LayerSource): Promise<NewLayer> =>
    imageFiles.addLayer(source, (diffIds) => store.transaction(() => store.holdLayers(diffIds, host.self())));
  return squash
    ? withMountedRoot(ports, container, (directory) => add({ directory, ids }))
    : add({ container: id, ids });
}

/** With the payload frozen, if it runs. Should this process be killed, the payload goes on by itself. */
async function pausedWhile<T>(
  ports: CommitPorts,
  container: ContainerRecord,
  pause: boolean,
  work: () => Promise<T>,
): Promise<T> {
  const { status, cgroup } = current(container, ports).state;
  if (!pause || cgroup === undefined || !hasPayload(status) || status === 'paused') return work();
  const payload = `${cgroup}/${PAYLOAD_CGROUP}`;
  const dismiss = ports.host.thawAtEnd(payload);
  try {
    await ports.host.freezeCgroup(payload, true);
    return await work();
  } finally {
    await ports.host.freezeCgroup(payload, false);
    dismiss();
  }
}
