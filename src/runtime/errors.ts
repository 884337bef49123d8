/** What a runtime's message means to a shell: Podman's classes and words (podman-run(1), "Exit Status"). */
import path from 'node:path';
import { BerthError } from '../model/errors.ts';
import { readFileIfAny } from '../sys/files.ts';

/** The last error in a runtime's JSON log, or undefined. crun and runc write the same keys. */
export function lastLogError(logText: string): string | undefined {
  let message: string | undefined;
  for (const line of logText.split('\n')) {
    if (line.trim() === '') continue;
    try {
      const entry = JSON.parse(line) as { level?: string; msg?: string };
      if (entry.level === 'error' && typeof entry.msg === 'string') message = entry.msg;
    } catch {
      // a line cut short by a full disk says nothing
    }
  }
  return message;
}

/** The last error in a runtime's log file, or undefined. */
export function readLastLogError(file: string): string | undefined {
  return lastLogError(readFileIfAny(file) ?? '');
}

/** A BerthError with exit code 126, 127 or 125 from a runtime's message. */
export function classifyRuntimeError(runtime: string, message: string): BerthError {
  const name = path.basename(runtime);
  const text = message.trim().replace(/\s*\n\s*/g, '; ');
  // In this order: crun says "open executable: Permission denied", which is not a missing one.
  if (/permission denied|operation not permitted|is a directory/i.test(text)) {
    return new BerthError('command-not-invocable', `${name}: ${text}: OCI permission denied`);
  }
  if (/executable file (.* )?not found|no such file or directory|open executable/i.test(text)) {
    return new BerthError(
      'command-not-found',
      `${name}: ${text}: OCI runtime attempted to invoke a command that was not found`,
    );
  }
  return new BerthError('runtime', `OCI runtime error: ${name}: ${text}`);
}
