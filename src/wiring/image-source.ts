/** Where images come from, as the lifecycle's port: skopeo, this host's registries.conf, and the signals of a person who has waited enough. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ImageSource, Ports } from '../lifecycle/ports.ts';
import { isErrno } from '../model/errors.ts';
import { type ShortNames, shortNamesOf } from '../model/image/registries-conf.ts';
import type { ConfFile } from '../model/toml.ts';
import { ensureStorage, storagePaths } from '../storage/paths.ts';
import { pullImages, registryDigest, registryTags } from '../storage/pull.ts';
import { catchSignals } from '../sys/signals.ts';

export function imageSource({
  settings: { stateDir },
  store,
  host,
}: Pick<Ports, 'settings' | 'store' | 'host'>): ImageSource {
  const paths = storagePaths(stateDir);
  const hold = (diffIds: readonly string[]): void =>
    store.transaction(() => store.holdLayers(diffIds, host.self()));
  return {
    shortNames,
    fetch: (place, options) =>
      interruptible((signal) => {
        ensureStorage(paths);
        return pullImages(paths, place, { ...options, hold, signal });
      }),
    digest: (name, options) => interruptible((signal) => registryDigest(name, { ...options, signal })),
    tags: (repository, options) =>
      interruptible((signal) => registryTags(repository, { ...options, signal })),
  };
}

const CONF = '/etc/containers/registries.conf';

/** The files that Podman, run by root, reads for short names, in its order. */
function shortNames(): ShortNames {
  const main = process.env.CONTAINERS_REGISTRIES_CONF || CONF;
  const directory = `${CONF}.d`;
  const dropIns = listed(directory)
    .filter((name) => name.endsWith('.conf'))
    .sort()
    .map((name) => path.join(directory, name));
  // What Podman has learnt from people who chose among several registries.
  const learnt = '/var/cache/containers/short-name-aliases.conf';
  return shortNamesOf([main, ...dropIns, learnt].flatMap(confFile), main);
}

function confFile(file: string): ConfFile[] {
  try {
    return [{ path: file, text: readFileSync(file, 'utf8') }];
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

function listed(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

const ENDS: readonly string[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/**
 * Work that is given up at a signal that ends processes: what it has begun is undone, and then the signal does what it does.
 * systemd's time limit for a unit's start, if that is what waits here, is put off meanwhile.
 */
async function interruptible<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const giveUp = new AbortController();
  let caught: NodeJS.Signals | undefined;
  const until = catchSignals((signal) => {
    if (!ENDS.includes(signal)) return false;
    caught ??= signal;
    giveUp.abort();
    return true;
  });
  const alive = await keepStartAlive();
  try {
    return await work(giveUp.signal);
  } finally {
    alive();
    until();
    if (caught !== undefined) {
      process.kill(process.pid, caught);
      await new Promise(() => {});
    }
  }
}

const EXTEND_SECONDS = 60;

/** EXTEND_TIMEOUT_USEC= of sd_notify(3), again and again; returns what ends it. */
async function keepStartAlive(): Promise<() => void> {
  if ((process.env.NOTIFY_SOCKET ?? '') === '') return () => {};
  const { notify } = await import('../systemd/notify.ts');
  const lines = [`EXTEND_TIMEOUT_USEC=${EXTEND_SECONDS * 1e6}`, 'STATUS=an image is being pulled'];
  // A manager that does not listen is no reason not to pull.
  const tell = (): void => void notify(lines).catch(() => {});
  tell();
  const timer = setInterval(tell, (EXTEND_SECONDS / 3) * 1000);
  return () => clearInterval(timer);
}
