/** inspect: one container, whole. Takes no lock. */
import { inspectContainer } from '../model/inspect.ts';
import type { ContainerRecord } from '../model/records.ts';
import { logFile } from '../model/settings.ts';
import { hasPayload } from '../model/state.ts';
import { runningProcess } from './exec.ts';
import { current } from './observe.ts';
import type { Ports } from './ports.ts';
import { livingSessions } from './sessions.ts';

type InspectPorts = Pick<Ports, 'settings' | 'host' | 'store' | 'runtime' | 'rootfs' | 'systemd' | 'now'>;

/** The JSON object of one container, reconciled with the kernel, RestartCount as systemd counts it. */
export async function inspect(
  ports: InspectPorts,
  container: ContainerRecord,
  { size = false } = {},
): Promise<object> {
  const { config } = container;
  const state = current(container, ports).state;
  const files = ports.runtime.files(config.id);
  const staticDir = `${ports.settings.stateDir}/containers/${config.id}`;
  const process =
    hasPayload(state.status) && ports.host.exists(files.spec) ? runningProcess(ports, config.id) : undefined;
  return inspectContainer(
    { ...container, state },
    {
      bundle: files.bundle,
      staticDir,
      specPath: files.spec,
      mountPoint: ports.rootfs.mountPoint(config.id),
      mounted: ports.rootfs.isMounted(config.id),
      healthLog: config.health === undefined ? [] : ports.store.healthLog(config.id),
      restartCount: await restartCount(ports, { config, state }),
      logPath: config.logDriver === 'k8s-file' ? logFile(ports.settings, config) : '',
      imageDigest: '',
      execIds: livingSessions(ports, config.id).map(({ id }) => id),
      ...(size ? { size: ports.rootfs.sizes(config) } : {}),
      effectiveCaps: process?.capabilities.effective ?? [],
      boundingCaps: process?.capabilities.bounding ?? [],
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
