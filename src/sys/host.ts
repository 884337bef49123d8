/** The kernel and plain files, as the lifecycle's Host port has them. */
import {
  accessSync,
  appendFileSync,
  chownSync,
  constants,
  copyFileSync,
  existsSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isErrno } from '../model/errors.ts';
import { unitCgroupOf } from '../model/unit-cgroups.ts';
import * as cgroup from './cgroup.ts';
import { devicesAt } from './devices.ts';
import { halfWritten, makeDirectory, readFileIfAny, replaceByLink, writeFileAtomic } from './files.ts';
import { pathsMatching } from './glob.ts';
import { mountInfo, mountOf } from './mountinfo.ts';
import {
  bootId,
  isAlive,
  isEnding,
  processNamespaces,
  securityLabel,
  selfRef,
  signalProcess,
} from './proc.ts';
import { isSelinuxEnabled, selinuxContexts, writeLabel } from './selinux.ts';
import { type RunResult, run } from './spawn.ts';
import { thawAtEnd } from './thaw.ts';
import { idMappingsOf } from './user-namespace.ts';

export const host = {
  bootId,
  self: selfRef,
  isAlive,
  isEnding,
  delay: (ms: number): Promise<void> => delay(ms),
  signal: signalProcess,
  hostname,

  unitCgroup: () => unitCgroupOf(cgroup.ownCgroup()),
  unitRun: () => ({
    invocation: process.env.INVOCATION_ID ?? '',
    result: process.env.SERVICE_RESULT ?? '',
    mainExit: `${process.env.EXIT_CODE ?? ''} ${process.env.EXIT_STATUS ?? ''}`.trim(),
    notifySocket: process.env.NOTIFY_SOCKET ?? '',
    hasWatchdog: (process.env.WATCHDOG_USEC ?? '0') !== '0',
    credentials: process.env.CREDENTIALS_DIRECTORY ?? '',
  }),
  onTerminate,
  enterCgroup: cgroup.enterCgroup,
  makeCgroup: cgroup.makeCgroup,
  killCgroup: cgroup.killCgroup,
  removeCgroup: cgroup.removeCgroup,
  isPopulated: cgroup.isPopulated,
  freezeCgroup: cgroup.freezeCgroup,
  thawAtEnd,
  isFrozen: cgroup.isFrozen,
  onCgroupEvent: cgroup.onCgroupEvent,
  waitUntilEmpty: cgroup.waitUntilEmpty,
  cgroupId: cgroup.cgroupId,
  waitUntilGone: cgroup.waitUntilGone,
  wasOomKilled: cgroup.wasOomKilled,
  controllers: cgroup.availableControllers,
  cgroupProcesses: cgroup.cgroupProcesses,
  namespaces: processNamespaces,
  idMappingsOf,
  securityLabel,
  isSelinuxEnabled,
  selinuxContexts,
  writeLabel,
  homes,

  exists: existsSync,
  pathsMatching,
  isDirectory: (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false,
  readText: readFileIfAny,
  changedAt: (file: string): string | undefined =>
    statSync(file, { throwIfNoEntry: false })?.ctime.toISOString(),
  writeText: writeFileAtomic,
  halfWritten,
  replaceByLink,
  copyFile(from: string, to: string, owner?: { uid: number; gid: number }): void {
    copyFileSync(from, to);
    if (owner !== undefined) chownSync(to, owner.uid, owner.gid);
  },
  overwriteText: (file: string, text: string): void => writeFileSync(file, text),
  appendText: (file: string, text: string): void => appendFileSync(file, text),
  makeDirectory: (directory: string, mode?: number): void => makeDirectory(directory, mode),
  listDirectory,
  devicesAt,
  remove(file: string): void {
    rmSync(file, { recursive: true, force: true });
  },
  mountFlags,
  run: runProgram,
  findProgram,
};

/** What a remount would lose: the flags of the mount that each path lies on (mount_namespaces(7), "locked" flags). */
function mountFlags(paths: string[]): Record<string, string[]> {
  if (paths.length === 0) return {};
  const mounts = mountInfo();
  const flagsOf = (file: string): string[] =>
    (mountOf(file, mounts)?.options ?? []).filter((option) => ['nosuid', 'nodev', 'noexec'].includes(option));
  return Object.fromEntries(paths.map((file) => [file, flagsOf(file)]));
}

/** SUDO_USER: sudo(8), "ENVIRONMENT". */
function homes(): string[] {
  const { HOME, SUDO_USER } = process.env;
  const line = (readFileIfAny('/etc/passwd') ?? '')
    .split('\n')
    .find((one) => one.startsWith(`${SUDO_USER}:`));
  return [HOME, line?.split(':')[5]].flatMap((home) => home || []);
}

/** Takes SIGTERM from now on, which would end this process. */
function onTerminate(listener: () => void): void {
  process.on('SIGTERM', listener);
}

function listDirectory(directory: string): string[] | undefined {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function runProgram(
  program: string,
  [argv0 = program, ...args]: readonly string[],
  { env, ...options }: { input: string; cwd: string; env?: readonly string[]; timeoutMs?: number },
): Promise<RunResult> {
  return run(program, args, {
    ...options,
    argv0,
    ...(env === undefined ? {} : { env: Object.fromEntries(env.map(splitVariable)) }),
  });
}

function splitVariable(line: string): [name: string, value: string] {
  const at = line.indexOf('=');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
}

/** A program in PATH, or an absolute path that can be executed. */
function findProgram(name: string): string | undefined {
  const candidates = name.includes('/')
    ? [path.resolve(name)]
    : (process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin')
        .split(':')
        .map((directory) => path.join(directory, name));
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'EACCES', 'ENOTDIR')) return false;
      throw error;
    }
  });
}
