/** Running worker.ts. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';

export interface Worker {
  pid: number;
  /** The next line it says; undefined when it has ended. */
  line(): Promise<string | undefined>;
  go(): void;
  kill(): void;
  /** Resolves when it is gone: its exit code, or null when it was killed. */
  ended: Promise<number | null>;
}

/** Starts a worker, which is killed with the test. */
export function work(t: Pick<TestContext, 'after'>, ...args: (string | number)[]): Worker {
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(
    process.execPath,
    [path.join(import.meta.dirname, 'worker.ts'), ...args.map(String)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  child.stdin.on('error', () => {}); // it was killed before it read
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid ?? 0,
    line: async () => (await lines.next()).value as string | undefined,
    go: () => child.stdin.write('\n'),
    kill: () => child.kill('SIGKILL'),
    ended,
  };
}
