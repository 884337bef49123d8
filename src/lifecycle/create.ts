/** create: config row, directory and unit file of a new container. Nothing is mounted or started. */
import path from 'node:path';
import { type ContainerConfig, OCI_RUNTIMES } from '../model/config.ts';
import { type CreateRequest, containerConfig } from '../model/create-config.ts';
import { BerthError, systemReason } from '../model/errors.ts';
import { isFor } from '../model/image/platform.ts';
import { DEFAULT_INIT } from '../model/init.ts';
import { checkName, idFromBytes, randomName } from '../model/name.ts';
import { type CreateStep, planCreate } from '../model/plan/create.ts';
import { initialState } from '../model/state.ts';
import { assertMapped } from '../model/user-namespace/user-namespace.ts';
import type { VolumeConfig } from '../model/volume/volume.ts';
import { checkConfig } from '../oci/check.ts';
import { cgroupResources, unifiedResources } from '../oci/limits.ts';
import type { CleanupPorts } from './cleanup.ts';
import { hostDevices, limitedDevices } from './devices.ts';
import { forgetContainer } from './forget.ts';
import { assertLogDestination } from './health-log.ts';
import { type PullOptions, pullImages } from './image/pull.ts';
import { resolveImage } from './image/resolve.ts';
import { containerUnderLock, withContainer } from './lock.ts';
import { withHostPorts } from './network/host-ports.ts';
import { resolveNetworks } from './network/resolve.ts';
import type { HeldLock, Ports } from './ports.ts';
import { appendContainerEvent } from './record.ts';
import { removeContainer } from './remove.ts';
import { assertDependenciesStay, joinedHostname, resolveDependencies } from './resolve-dependencies.ts';
import { insertMissingVolumes, resolveMounts } from './resolve-mounts.ts';
import { copySecretsFor, resolveSecrets } from './secrets.ts';
import { checkLabels, withLabels } from './selinux.ts';
import { doSteps, type Steps } from './steps.ts';
import { timezoneFile } from './timezone.ts';
import { saveConfig, unitPath, writeUnit } from './unit-file.ts';
import { idMappingsFor, withUnusedIds } from './user-namespace.ts';
import { dropVolumes } from './volume/drop.ts';

export type CreatePorts = CleanupPorts &
  Pick<Ports, 'secrets' | 'randomBytes' | 'random' | 'imageSource' | 'networkFiles' | 'freePort'>;

interface CreateContext {
  ports: CreatePorts;
  request: CreateRequest;
  config: ContainerConfig;
  /** Volumes that are made for it, which a failure takes away again. */
  volumes: VolumeConfig[];
  lock?: HeldLock;
}

/** How an image is pulled that a container is made of; its policy and platform are in the request. */
export type PullForCreate = Pick<PullOptions, 'access' | 'listener'>;

/**
 * Creates a container and returns its config; the image is pulled first, if the request's policy wants that. All of what can be
 * wrong is checked here, not at the first start: image, command, bind sources, capabilities, limits, name. A failure leaves
 * nothing behind but the image.
 */
export async function createContainer(
  ports: CreatePorts,
  request: CreateRequest,
  pull: PullForCreate,
): Promise<ContainerConfig> {
  return createFromHere(ports, await withImage(ports, request, pull));
}

/** The same of an image that is here (see withImage); pulls nothing. */
export function createFromHere(ports: CreatePorts, request: CreateRequest): Promise<ContainerConfig> {
  return perhapsRenamed(request, () => createOnce(ports, request));
}

/** How often a name that was chosen here may be taken by others before it is used. */
const NAMES_TRIED = 5;

/** Does `work`, and again where the name that it has chosen itself is somebody else's by then. */
export async function perhapsRenamed<T>(
  { name }: Pick<CreateRequest, 'name'>,
  work: () => Promise<T>,
): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (error) {
      const isTaken = error instanceof BerthError && error.code === 'name-in-use';
      if (!isTaken || name !== undefined || tried === NAMES_TRIED) throw error;
    }
  }
}

async function createOnce(ports: CreatePorts, request: CreateRequest): Promise<ContainerConfig> {
  const config = await withHostPorts(ports, newConfig(ports, request));
  await ports.systemd(); // a host without one is told so before anything is made
  await makeRoomForName(ports, config, request.replace);
  const context: CreateContext = { ports, request, config, volumes: [] };
  try {
    await doSteps(planCreate(config), STEPS, context);
  } finally {
    context.lock?.release();
  }
  return context.config;
}

/** The same request of an image that is here: pulled, if the request's policy wants that. */
export async function withImage(
  ports: CreatePorts,
  request: CreateRequest,
  pull: PullForCreate,
): Promise<CreateRequest> {
  if (request.rootfs) return request;
  const { image, platform, pull: policy, ...rest } = request;
  const options = { ...pull, policy, ...(platform === undefined ? {} : { platform }) };
  const [found] = await pullImages(ports, image, options);
  // It fits the platform, or a person has been told that it does not.
  return { ...rest, pull: policy, image: found?.name ?? image };
}

const STEPS: Steps<CreateStep, CreateContext> = {
  'insert-row': {
    do: (context) => {
      const { ports, request } = context;
      const { store, now } = ports;
      context.volumes = store.transaction(() => {
        assertDependenciesStay(store, context.config);
        assertImageStays(store, context.config);
        const config = withLabels(ports, withUnusedIds(ports, context.config, request));
        context.config = config;
        const made = insertMissingVolumes(store, config, now());
        // Whoever removes a half-made one removes its anonymous volumes too.
        store.insertContainer(config, { ...initialState(), status: 'removing', removesVolumes: true });
        return made;
      });
    },
    undo: async ({ ports, config, volumes }) => {
      const { store, locks } = ports;
      await dropVolumes(ports, (drop) => {
        store.deleteContainer(config.id);
        for (const { name } of volumes) drop(name);
      });
      locks.forget(config.id);
    },
  },
  'make-volumes': {
    do: ({ ports, volumes }) => {
      for (const volume of volumes) ports.volumes.make(volume);
    },
  },
  'take-lock': {
    do: (context) => {
      const { ports, config } = context;
      context.lock = ports.locks.acquire(config.id);
      // Before the lock was taken, another create of that name may have taken this one for a killed one.
      if (containerUnderLock(ports.store, config.id) === undefined) {
        throw new BerthError(
          'state',
          `container ${config.name} is being created by somebody else too: try again`,
        );
      }
    },
  },
  'make-directory': {
    do: ({ ports: { rootfs }, config }) => rootfs.create(config.id),
    undo: ({ ports: { rootfs }, config }) => rootfs.delete(config.id),
  },
  'copy-secrets': { do: ({ ports, config }) => copySecretsFor(ports, config) },
  'write-config': {
    do: ({ ports, config }) => saveConfig(ports, config),
  },
  'write-unit': {
    do: async ({ ports, config }) => {
      const { host, settings, systemd } = ports;
      for (const file of [unitPath(settings, config), unitPath(settings, { unit: config.unit })]) {
        if (!host.exists(file)) continue;
        throw new BerthError(
          'name-in-use',
          `unit file ${file} exists and is not of this instance: choose another name, or remove the file if no other --root owns it`,
        );
      }
      host.makeDirectory(path.dirname(unitPath(settings, config)));
      await writeUnit(ports, config);
      await (await systemd()).reloadIfStale(config.unit);
    },
    undo: ({ ports: { host, settings }, config }) => {
      const file = unitPath(settings, config);
      if (host.readText(file)?.includes(config.id) === true) host.remove(file);
    },
  },
  'write-cidfile': {
    do: ({ ports: { host }, config }) => {
      if (config.cidFile === undefined) return;
      try {
        host.writeText(config.cidFile, config.id, { mode: 0o644 });
      } catch (error) {
        // Without the temporary name that it has until it is whole.
        const reason = systemReason(error).replace(/^.*: /s, '');
        throw new BerthError('invalid', `creating idfile: open ${config.cidFile}: ${reason}`, {
          cause: error,
        });
      }
    },
    undo: ({ ports: { host }, config }) => {
      if (config.cidFile === undefined || host.isDirectory(config.cidFile)) return;
      if (host.readText(config.cidFile) === config.id) host.remove(config.cidFile);
    },
  },
  'record-created': {
    do: ({ ports: { store, now }, config }) => {
      store.transaction(() => {
        store.saveState(config.id, initialState());
        appendContainerEvent(store, config, { status: 'create' }, now());
      });
    },
  },
};

/** The config of the container that a request means, all checked that can be, with open ports; nothing is made. */
export function newConfig(ports: CreatePorts, request: CreateRequest): ContainerConfig {
  const { host, store } = ports;
  const name = request.name === undefined ? freeName(ports) : checkName(request.name);
  const found = request.rootfs ? undefined : resolveImage(store, request.image);
  if (found !== undefined && !isFor(found.image.config, request.platform ?? {})) {
    const { os, architecture } = found.image.config;
    throw new BerthError(
      'no-such-image',
      `${request.image}: image not known: it is for ${os}/${architecture}`,
    );
  }
  if (request.rootfs && !host.isDirectory(request.image)) {
    throw new BerthError(
      'invalid',
      `faccessat ${request.image}: no such file or directory: --rootfs needs a directory`,
    );
  }
  const needs = resolveDependencies(ports, request);
  const joined = joinedHostname(store, needs);
  const init = request.init === undefined ? undefined : findInit(ports, request.init);
  const mounts = resolveMounts(ports, request, found?.image.config.volumes ?? []);
  const idMappings = idMappingsFor(ports, { ...request, ...needs }, found?.image);
  const config = containerConfig(
    {
      ...request,
      ...needs,
      ...resolveNetworks(ports, request.networks),
      ...resolveSecrets(ports, request.secretRequests),
    },
    {
      mounts,
      id: idFromBytes(ports.randomBytes(32)),
      name,
      now: ports.now(),
      runtime: findRuntime(ports, request.runtime),
      ...(init === undefined ? {} : { init }),
      ...(idMappings === undefined ? {} : { idMappings }),
      hostHostname: host.hostname(),
      ...(joined === undefined ? {} : { joinedHostname: joined }),
      ...(found === undefined
        ? {}
        : {
            image: {
              id: found.image.id,
              name: found.name,
              layers: found.image.layers.map(({ diffId }) => diffId),
              config: found.image.config,
            },
          }),
    },
  );
  for (const { source } of config.mounts) {
    if (source !== undefined && !host.exists(source))
      throw new BerthError(
        'invalid',
        `statfs ${source}: no such file or directory: make it before creating the container`,
      );
  }
  const { seccomp } = config.security;
  if (typeof seccomp === 'object' && !host.exists(seccomp.path))
    throw new BerthError(
      'invalid',
      `opening seccomp profile failed: open ${seccomp.path}: no such file or directory`,
    );
  for (const file of [...(config.secrets ?? []), ...(config.credentials ?? [])])
    assertMapped(config.idMappings, file, 'invalid');
  checkLabels(ports, config);
  assertLogDestination(ports, config.health);
  if (config.timezone !== undefined) timezoneFile(ports, config.timezone);
  hostDevices(ports, config);
  limitedDevices(ports, config.limits);
  // Checked now rather than at the first start; the spec itself is made then, for the host as it is then.
  checkConfig(config);
  cgroupResources(config.limits, [], host.controllers());
  unifiedResources(config, host.controllers());
  return config;
}

/** From the row on, its layers stay; before it, `rmi` may have been faster. */
function assertImageStays(store: Ports['store'], { image }: ContainerConfig): void {
  if (image === undefined || store.getImage(image.id) !== undefined) return;
  throw new BerthError('no-such-image', `${image.name}: image not known: it was removed meanwhile`);
}

function freeName({ store, random }: CreatePorts): string {
  for (let attempt = 0; ; attempt++) {
    const name = randomName(random, attempt);
    if (store.containerByName(name) === undefined) return name;
  }
}

function findRuntime({ host }: CreatePorts, asked: string | undefined): string {
  if (host.findProgram('conmon') === undefined) {
    throw new BerthError('missing-program', 'conmon is not installed: install the package conmon');
  }
  for (const name of asked === undefined ? OCI_RUNTIMES : [asked]) {
    const found = host.findProgram(name);
    if (found !== undefined) return found;
  }
  throw new BerthError(
    'missing-program',
    asked === undefined
      ? 'no OCI runtime is installed: install the package crun or runc'
      : `OCI runtime ${asked} is not installed`,
  );
}

function findInit({ host }: CreatePorts, name: string): string {
  const found = host.findProgram(name);
  if (found !== undefined) return found;
  if (name === DEFAULT_INIT)
    throw new BerthError(
      'missing-program',
      `lookup init binary: exec: "${name}": executable file not found in $PATH: install the package ${name}`,
    );
  const why = host.exists(name) ? 'not a program' : 'no such file or directory';
  throw new BerthError(
    'missing-program',
    `container-init binary not found on the host: faccessat ${name}: ${why}`,
  );
}

/** Finishes a half-made or half-removed container of that name; removes a whole one only with --replace. */
async function makeRoomForName(ports: CreatePorts, config: ContainerConfig, replace: boolean): Promise<void> {
  const owner = ports.store.containerByName(config.name);
  if (owner === undefined) return;
  if (owner.state.status === 'removing') {
    // Whoever is at it finishes first.
    await withContainer(ports, owner.config.id, async (fresh) => {
      if (fresh.state.status === 'removing') await forgetContainer(ports, fresh);
    });
  } else if (replace) {
    await removeContainer(ports, owner, { force: true });
  }
}
