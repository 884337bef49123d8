/** Where the demo runs: a bed, or this very host. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface Machine {
  /** Path of the Redis image's archive there. */
  archive: string;
  sh(script: string): Promise<{ code: number; stdout: string; stderr: string }>;
  /** Absent where it would take the demo with it. */
  reboot?: () => Promise<void>;
}

/** This host, for `--here`. */
export function thisHost(archive: string): Machine {
  return {
    archive,
    async sh(script) {
      const child = spawn('sh', ['-c', `exec 2>&1\n${script}`], { stdio: ['ignore', 'pipe', 'pipe'] });
      const [stdout, stderr, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ]);
      return { code: code as number, stdout, stderr };
    },
  };
}
