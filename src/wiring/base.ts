/** What every entry point needs: settings, the store at this boot, locks, the kernel, clock and voice. */
import path from 'node:path';
import type { Ports, VolumeKey } from '../lifecycle/ports.ts';
import { type Settings, settingsFor } from '../model/settings.ts';
import { databaseFile } from '../store/database.ts';
import { deleteLock, lockContainer } from '../store/lock.ts';
import { openStore } from '../store/store.ts';
import { host } from '../sys/host.ts';
import { complain } from '../sys/output.ts';
import { bootId } from '../sys/proc.ts';
import { hostCapabilities, hostFacts } from './host-facts.ts';

export type BasePorts = Pick<
  Ports,
  'settings' | 'host' | 'store' | 'locks' | 'now' | 'warn' | 'random' | 'randomBytes'
>;

export { compileFromHere } from '../sys/program.ts';

/** Has the instance that `--root` or BERTH_ROOT names ever been opened? */
export function hasInstance(root: string | undefined): boolean {
  return host.exists(databaseFile(settingsFor(root, process.env).stateDir));
}

/** Opens the instance that `--root` or BERTH_ROOT names, and notices a reboot. */
export function basePorts(root: string | undefined, caller?: string): BasePorts {
  const settings = settingsFor(root, process.env);
  const store = openStore(settings.stateDir);
  const now = (): string => new Date().toISOString();
  store.refreshIfRebooted(bootId(), now(), () => forgetLastBoot(settings, store));
  return {
    settings,
    host: { ...host, facts: hostFacts, capabilities: hostCapabilities },
    store,
    locks: {
      acquire: (id) =>
        lockContainer(path.join(settings.runDir, 'locks'), id, {
          ...(caller === undefined ? {} : { caller }),
          onWait: (holder) => warn(`waiting for the lock of container ${id.slice(0, 12)}, held by ${holder}`),
        }),
      forget: (id) => deleteLock(path.join(settings.runDir, 'locks'), id),
      acquireVolume: (volume) =>
        lockContainer(path.join(settings.runDir, 'locks'), volumeLock(volume), {
          ...(caller === undefined ? {} : { caller }),
          what: `volume ${volume.name}`,
          timeoutMs: VOLUME_LOCK_MS,
          onWait: (holder) => warn(`waiting for the lock of volume ${volume.name}, held by ${holder}`),
        }),
      acquireNetworks: () =>
        lockContainer(NETWORK_LOCK.directory, NETWORK_LOCK.name, {
          ...(caller === undefined ? {} : { caller }),
          what: 'the setup of networks',
          timeoutMs: NETWORK_LOCK_MS,
          onWait: (holder) => warn(`waiting for the lock of networks, held by ${holder}`),
        }),
      forgetVolume: (volume) => deleteLock(path.join(settings.runDir, 'locks'), volumeLock(volume)),
    },
    now,
    warn,
    random: Math.random,
    // The runtime's own: node:crypto takes 2 ms to load.
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  };
}

/** Podman's, when root runs it (containers/common, libnetwork/netavark): an fcntl(2) lock on the whole of the file. */
const NETWORK_LOCK = { directory: '/run/lock', name: 'netavark' };

/** At a boot hundreds may wait in a row for a few hundredths of a second each. */
const NETWORK_LOCK_MS = 85_000;

/** The copy of an image's files may take its time. */
const VOLUME_LOCK_MS = 600_000;

function volumeLock({ name, createdAt }: VolumeKey): string {
  return `volume-${name}-${Date.parse(createdAt)}`;
}

/**
 * Bundles, locks and the runtimes' own state of the last boot: on a tmpfs they are gone, below another --root not. And
 * the containers of `run --rm` that went down with it: their units are gone, nobody would remove them.
 */
function forgetLastBoot({ runDir, stateDir }: Settings, store: Ports['store']): void {
  // The directory itself stays: who made it (tmpfiles.d(5), for a label of SELinux's) knows better how.
  for (const name of host.listDirectory(runDir) ?? []) host.remove(path.join(runDir, name));
  for (const { config } of store.listContainers().containers) {
    if (config.ephemeral !== true || store.dependentsOf(config.id).length > 0) continue;
    host.remove(path.join(stateDir, 'containers', config.id));
    const volumes = store.volumesOf(config.id).filter((volume) => volume.config.anonymous === true);
    store.deleteContainer(config.id);
    for (const {
      config: { name },
      usedBy,
    } of volumes)
      if (usedBy.length === 1 && store.deleteVolume(name)) host.remove(path.join(stateDir, 'volumes', name));
  }
}

/** One line on stderr: in a unit it goes to the journal. */
function warn(line: string): void {
  complain(`${line}\n`);
}
