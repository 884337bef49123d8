/** The caller's terminal while a container has it: raw, put back whatever happens, its size told to conmon. */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { BerthError, isErrno } from '../model/errors.ts';
import { setWindowSize } from '../sys/pty.ts';
import { spawnError } from '../sys/spawn.ts';
import { isTerminal } from '../sys/tty.ts';

/** Is standard input a terminal? */
export function hasTerminal(): boolean {
  return isTerminal(0);
}

/**
 * Switches the terminal to raw mode, in which every key goes to the container and its output comes through unchanged.
 * Returns what switches it back. By stty(1): Node's own raw mode still makes CR LF of every LF, which spoils what
 * programs draw.
 */
export function makeRaw(): () => void {
  const before = stty('-g').trim();
  stty('raw', '-echo');
  const restore = (): void => {
    process.off('exit', restore);
    stty(before);
    process.stdin.pause();
  };
  process.on('exit', restore);
  return restore;
}

function stty(...args: string[]): string {
  const { error, status, stdout } = spawnSync('stty', args, {
    stdio: ['inherit', 'pipe', 'ignore'],
    encoding: 'utf8',
  });
  if (error !== undefined) throw spawnError('stty', error);
  if (status !== 0) throw new BerthError('unsupported', `stty ${args.join(' ')} failed on this terminal`);
  return stdout;
}

/**
 * Gives the container's terminal the size of the caller's, now and whenever that changes. Returns what ends that.
 * conmon does it when it comes to it, which may be after the payload's first look: the first time, it is done here too.
 */
export function followSize(bundle: string): () => void {
  const tell = (): void => tellSize(path.join(bundle, 'ctl'));
  tell();
  setSize(path.join(bundle, 'pidfile'));
  process.on('SIGWINCH', tell);
  return () => process.off('SIGWINCH', tell);
}

/** On the terminal that the first process has for its standard input, if it has one. */
function setSize(pidFile: string): void {
  const size = ownSize();
  if (size === undefined) return;
  try {
    const payload = readFileSync(pidFile, 'utf8').trim();
    const input = `/proc/${payload}/fd/0`;
    // Nothing else of a container's is opened: it may be a device that opening does something to.
    if (!isPseudoTerminal(input)) return;
    const fd = openSync(input, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    try {
      setWindowSize(fd, size);
    } finally {
      closeSync(fd);
    }
  } catch {
    // It has ended, or has another standard input by now: conmon knows the terminal.
  }
}

/** The slave of a pseudo-terminal: majors 136 to 143 of the kernel's devices.txt. */
function isPseudoTerminal(file: string): boolean {
  const stat = statSync(file);
  const major = (stat.rdev >> 8) & 0xfff;
  return stat.isCharacterDevice() && major >= 136 && major <= 143;
}

/** Columns and rows of the caller's terminal. */
function ownSize(): [columns: number, rows: number] | undefined {
  return [process.stdout, process.stderr].find(({ isTTY }) => isTTY)?.getWindowSize();
}

/** conmon.md, "ctl": type 1 is a resize, height before width. */
function tellSize(ctl: string): void {
  const [columns, rows] = ownSize() ?? [];
  if (columns === undefined) return;
  try {
    // Without O_NONBLOCK the open would wait for conmon for ever if it has just ended.
    const fd = openSync(ctl, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      writeSync(fd, `1 ${rows} ${columns}\n`);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENXIO', 'EPIPE', 'EAGAIN')) throw error;
  }
}
