/** The program that this process runs: packaging/runtime/main.cjs says so, and nothing does in a test that Node runs. */
import { isErrno } from '../model/errors.ts';
import { systemCall } from './libc.ts';

interface Program {
  /** Entry point, like `berth-start`. */
  entry: string;
  /** JavaScriptCore's compiler is on: bin/berth leaves it off for what is over before that would pay. */
  compiles: boolean;
}

declare global {
  var berthProgram: Program | undefined;
}

const F_SETFD = 2;

const fcntl = systemCall('int fcntl(int, int, int)');
const execve = systemCall('int execve(const char *, const char **, const char **)');

/**
 * For what takes long: the program starts over in this process (execve(2)) with the compiler, unless that is on. Whatever it
 * has read from a pipe by then is gone, so it has to be asked for before.
 */
export function compileFromHere(): void {
  const program = globalThis.berthProgram;
  if (program === undefined || program.compiles) return;
  const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ''}`);
  const argv = [process.execPath, program.entry, ...process.argv.slice(2)];
  // `--env-file <(…)` of a shell: Bun lets no descriptor of its caller's pass to a program that it becomes.
  for (const [, fd] of argv.join('\0').matchAll(/\/(?:dev|proc\/self)\/fd\/(\d+)/g)) leaveOpen(Number(fd));
  execve(process.execPath, [...argv, null], [...environment, null]);
}

function leaveOpen(fd: number): void {
  try {
    fcntl(fd, F_SETFD, 0);
  } catch (error) {
    if (!isErrno(error, 'EBADF')) throw error; // whoever opens it will say so
  }
}
