/**
 * Times to the nanosecond. Node takes them as doubles, which are 0.2 µs apart today; here they are collected and handed to
 * one perl, which every Debian has and which can call utimensat(2). Where there is none, times stay what Node made of them.
 */
import { spawnSync } from 'node:child_process';
import { BerthError, isErrno } from '../model/errors.ts';
import { cleanEnvironment } from '../sys/spawn.ts';
import { toBytes } from './byte-string.ts';

export interface ExactTime {
  /** After the epoch. */
  seconds: number;
  nanoseconds: number;
}

/** Records held before perl runs. */
const BATCH = 10_000;

/** The number of utimensat(2); syscall(2) is the only way to it without a compiled module. */
const SYSCALLS: Partial<Record<string, number>> = { x64: 280, arm64: 88 };

/** AT_FDCWD and AT_SYMLINK_NOFOLLOW: of a symlink its own time. */
const PROGRAM = `
  $/ = "\\0";
  while (defined(my $path = <STDIN>)) {
    chomp($path); chomp(my $s = <STDIN>); chomp(my $ns = <STDIN>);
    syscall($ARGV[0], -100, $path, pack("q4", $s, $ns, $s, $ns), 0x100) == 0 or die "$path: $!\\n";
  }`;

export interface ExactTimes {
  /** @param inode of what the path names: of several names of one file the last one that is told counts. */
  set(path: string, inode: number, time: ExactTime): void;
  /** The time of this file has been set otherwise since. */
  unset(inode: number): void;
  /** Must be told before a path goes away, and everything in it. */
  leaving(path: string, stat: { ino: number; nlink: number; isDirectory(): boolean }): void;
  flush(): void;
}

/** @param directory paths are relative to it. Byte strings. */
export function exactTimes(directory: string): ExactTimes {
  const pending = new Map<number, { path: string; record: string }>();
  const flush = () => {
    const syscall = SYSCALLS[process.arch];
    const input = [...pending.values()].map(({ record }) => record).join('');
    pending.clear();
    if (input === '' || syscall === undefined) return;
    const { error, status, stderr } = spawnSync('perl', ['-e', PROGRAM, String(syscall)], {
      cwd: directory,
      env: { ...cleanEnvironment(), LC_ALL: 'C' },
      input: toBytes(input),
      encoding: 'utf8',
    });
    if (isErrno(error, 'ENOENT')) return;
    if (error !== undefined || status !== 0)
      throw new BerthError('storage', `cannot set times: ${error?.message ?? stderr.trim()}`);
  };
  return {
    set(path, inode, { seconds, nanoseconds }) {
      pending.set(inode, { path, record: `./${path}\0${seconds}\0${nanoseconds}\0` });
      if (pending.size >= BATCH) flush();
    },
    unset: (inode) => pending.delete(inode),
    leaving(path, stat) {
      if (stat.isDirectory()) flush();
      else if (pending.get(stat.ino)?.path === path) {
        // Its other names keep the time.
        if (stat.nlink > 1) flush();
        else pending.delete(stat.ino);
      }
    },
    flush,
  };
}
