/** What was frozen for a moment goes on, even if who froze it is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { CGROUP_ROOT } from './cgroup.ts';
import { cleanEnvironment } from './spawn.ts';

/**
 * From now on, the end of this process thaws a cgroup: a shell waits for the end of a pipe that only this process holds.
 * Returns what calls that off. A shell that cannot be started guards nothing, which is no error.
 */
export function thawAtEnd(cgroup: string): () => void {
  const file = `${CGROUP_ROOT}${cgroup}/cgroup.freeze`;
  const guard: ChildProcess = spawn('sh', ['-c', 'read -r _; echo 0 >"$1"', 'sh', file], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: cleanEnvironment(),
    detached: true,
  });
  guard.on('error', () => {});
  guard.stdin?.on('error', () => {});
  return () => {
    guard.kill('SIGKILL');
  };
}
