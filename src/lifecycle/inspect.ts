/** inspect: one container, whole. Takes no lock. */
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import { type InspectFacts, inspectContainer, type ShownMount } from '../model/inspect/container.ts';
import type { ContainerRecord } from '../model/records.ts';
import { maskedEnv } from '../model/secret.ts';
import { logFile } from '../model/settings.ts';
import { hasPayload } from '../model/state.ts';
import { beyondDefault, capabilitySets } from '../oci/capabilities.ts';
import { containerEnvironment } from '../oci/environment.ts';
import { shownBindOptions, tmpfsOptions } from '../oci/mount-options.ts';
import { VOLUME_FLAGS } from '../oci/mounts.ts';
import { mountedFiles } from './container-files.ts';
import { runningProcess } from './exec.ts';
import { networkOwner } from './joined-namespaces.ts';
import { networkRecord } from './network/record.ts';
import { current } from './observe.ts';
import type { Ports } from './ports.ts';
import { livingSessions } from './sessions.ts';
import { shownHealth } from './steady.ts';

type InspectPorts = Pick<
  Ports,
  | 'settings'
  | 'host'
  | 'store'
  | 'runtime'
  | 'rootfs'
  | 'volumes'
  | 'systemd'
  | 'now'
  | 'networkFiles'
  | 'networkDriver'
>;

/** The JSON object of one container, reconciled with the kernel, RestartCount as systemd counts it. */
export async function inspect(
  ports: InspectPorts,
  container: ContainerRecord,
  { size = false } = {},
): Promise<object> {
  const { config } = container;
  const { rootfs, store } = ports;
  const state = current(container, ports).state;
  const files = ports.runtime.files(config.id);
  const { health, log } = shownHealth(ports, container);
  return inspectContainer(
    { config, state, ...(health === undefined ? {} : { health }) },
    {
      bundle: files.bundle,
      staticDir: `${ports.settings.stateDir}/containers/${config.id}`,
      files: presentFiles(ports, config),
      ...(config.rootfs === undefined ? { overlay: overlayOf(ports, config) } : {}),
      ...(rootfs.isMounted(config.id) ? { mountPoint: rootfs.mountPoint(config.id) } : {}),
      healthLog: log,
      restartCount: await restartCount(ports, { config, state }),
      logPath: config.logDriver === 'k8s-file' ? logFile(ports.settings, config) : '',
      imageDigest: (config.image && store.findImage([], config.image.id)?.digest) ?? '',
      execIds: livingSessions(ports, config.id).map(({ id }) => id),
      ...(size ? { size: rootfs.sizes(config) } : {}),
      network: await networkOf(ports, config),
      mounts: shownMounts(ports, config),
      ...processFacts(ports, { config, state }),
    },
  );
}

/** As systemd counts; what it has forgotten with the unit, cleanup has noted. */
export async function restartCount(
  ports: Pick<Ports, 'systemd'>,
  { config, state }: Pick<ContainerRecord, 'config' | 'state'>,
): Promise<number> {
  if (config.restart.name === 'no') return 0;
  const status = await (await ports.systemd()).unitStatus(config.unit);
  return status.activeState === 'inactive' ? (state.restarts ?? 0) : status.restarts;
}

async function networkOf(ports: InspectPorts, config: ContainerConfig): Promise<InspectFacts['network']> {
  const owner = shownOwner(networkOwner(ports.store, config), config);
  const record = ports.store.getContainer(owner.id);
  const state = record === undefined ? undefined : current(record, ports).state;
  const pid = state !== undefined && hasPayload(state.status) ? state.payload?.pid : undefined;
  const ids = networkIds(ports, owner);
  if (pid === undefined) return { owner, ids };
  const run = networkRecord(ports, owner.id);
  if (run === undefined) return { owner, ids, pid };
  const namespace = (await ports.networkDriver()).namespacePath(owner.id);
  return { owner, ids, pid, namespace, ...(run.status === undefined ? {} : { status: run.status }) };
}

/** What it exposes is not shown of those that use its network. */
function shownOwner(owner: ContainerConfig, { id }: ContainerConfig): ContainerConfig {
  const { exposedPorts: _, ...others } = owner;
  return owner.id === id ? owner : others;
}

/** A network whose definition is gone or broken has none. */
function networkIds(
  { networkFiles }: InspectPorts,
  { networks = [] }: ContainerConfig,
): Record<string, string> {
  return Object.fromEntries(
    networks.flatMap(({ network }): [string, string][] => {
      try {
        const id = networkFiles.get(network)?.id;
        return id === undefined ? [] : [[network, id]];
      } catch (error) {
        if (!(error instanceof BerthError)) throw error;
        return [];
      }
    }),
  );
}

function overlayOf(
  { rootfs }: InspectPorts,
  { id, image }: ContainerConfig,
): Required<InspectFacts>['overlay'] {
  const { upper, work } = rootfs.writable(id);
  return { lower: rootfs.layerDirectories((image?.layers ?? []).toReversed()), upper, work };
}

/** Those that a start has made. */
function presentFiles(ports: InspectPorts, config: ContainerConfig): InspectFacts['files'] {
  const { hosts, hostname, resolvConf } = mountedFiles(ports, config);
  const wanted = { hosts, hostname, resolvConf, spec: ports.runtime.files(config.id).spec };
  return Object.fromEntries(
    Object.entries(wanted).filter(([, file]) => file !== undefined && ports.host.exists(file)),
  );
}

/** With the options that a start would add. */
function shownMounts({ host, volumes }: InspectPorts, { mounts }: ContainerConfig): ShownMount[] {
  const sources = mounts.flatMap(({ source }) =>
    source !== undefined && host.exists(source) ? [source] : [],
  );
  const flags = sources.length === 0 ? {} : host.mountFlags(sources);
  return mounts.map((mount) => {
    const { type, options } = mount;
    if (type === 'tmpfs') return { ...mount, options: tmpfsOptions(options) };
    if (type === 'volume')
      return {
        ...mount,
        volumePath: volumes.path(mount.volume ?? ''),
        options: shownBindOptions(options, VOLUME_FLAGS),
      };
    return type === 'bind'
      ? { ...mount, options: shownBindOptions(options, flags[mount.source ?? '']) }
      : mount;
  });
}

/** Of the process that runs; else what it would have before the image's users are looked up, which a start does. */
function processFacts(
  ports: InspectPorts,
  { config, state }: Pick<ContainerRecord, 'config' | 'state'>,
): Pick<InspectFacts, 'env' | 'effectiveCaps' | 'boundingCaps' | 'capAdd' | 'capDrop'> {
  const isThere = hasPayload(state.status) && ports.host.exists(ports.runtime.files(config.id).spec);
  const { env, capabilities } = isThere ? runningProcess(ports, config.id) : prospect(ports, config);
  const { added, dropped } = beyondDefault(capabilities.bounding, {
    privileged: config.security.privileged === true,
  });
  return {
    env: maskedEnv(env, config.secretEnv),
    effectiveCaps: capabilities.effective,
    boundingCaps: capabilities.bounding,
    capAdd: added,
    capDrop: dropped,
  };
}

function prospect({ host }: InspectPorts, config: ContainerConfig) {
  const { security, terminal } = config;
  const isRoot = /^(|root|0)(:|$)/.test(config.user);
  return {
    env: containerEnvironment(config, {}, { terminal }),
    capabilities: capabilitySets({
      ...security,
      privileged: security.privileged === true,
      uid: isRoot ? 0 : 1,
      hostBounding: host.capabilities(),
    }),
  };
}
