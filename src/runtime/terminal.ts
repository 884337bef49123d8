/** The caller's terminal while a container has it: raw, put back whatever happens, its size told to conmon. */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { BerthError, isErrno } from '../model/errors.ts';
import { spawnError } from '../sys/spawn.ts';

/** Is standard input a terminal? */
export function hasTerminal(): boolean {
  return isatty(0);
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

/** Tells conmon the terminal's size, now and whenever it changes. Returns what ends that. */
export function followSize(ctl: string): () => void {
  const tell = (): void => tellSize(ctl);
  tell();
  process.on('SIGWINCH', tell);
  return () => process.off('SIGWINCH', tell);
}

/** conmon.md, "ctl": type 1 is a resize, height before width. */
function tellSize(ctl: string): void {
  const terminal = [process.stdout, process.stderr].find(({ isTTY }) => isTTY);
  if (terminal === undefined) return;
  const [columns, rows] = terminal.getWindowSize();
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
