/** skopeo(1), which speaks with registries and reads every other place that images come from. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { BerthError } from '../model/errors.ts';
import type { RegistryAccess } from '../model/image/pull.ts';
import { host } from '../sys/host.ts';
import { cleanEnvironment, exitCodeOf, spawnError } from '../sys/spawn.ts';

export interface SkopeoOptions {
  access: RegistryAccess;
  /** skopeo is ended, and the call throws, when this is aborted. */
  signal: AbortSignal;
  /** A try has failed, there will be another one. */
  onWarning(line: string): void;
  /** A line of what it wrote, which is returned all the same. */
  onLine?(line: string): void;
}

/**
 * Runs skopeo to its end and returns what it wrote. `copy` has other names for the flags that say how a registry is
 * reached, and is the only one that changes anything. Throws BerthError 'registry' in skopeo's words, which are Podman's
 * where both have them; 'missing-program' without skopeo.
 */
export async function skopeo(
  verb: 'inspect' | 'list-tags' | 'copy',
  args: readonly string[],
  options: SkopeoOptions,
): Promise<Buffer> {
  if (host.findProgram('skopeo') === undefined)
    throw new BerthError(
      'missing-program',
      'skopeo is not installed, which pulls images: install the package skopeo',
    );
  options.signal.throwIfAborted();
  // However this process ends, skopeo ends with it.
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', 'skopeo', verb, ...accessFlags(verb, options.access), ...args],
    { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const end = (): boolean => child.kill('SIGKILL');
  options.signal.addEventListener('abort', end, { once: true });
  const output: Buffer[] = [];
  const said: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  if (options.onLine !== undefined) createInterface({ input: child.stdout }).on('line', options.onLine);
  createInterface({ input: child.stderr }).on('line', (line) => {
    const { level, text } = logLine(line);
    if (level === 'warning') options.onWarning(text);
    else said.push(text);
  });
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.on('error', (error) => reject(spawnError('setpriv', error)));
      child.on('close', (status, signal) => resolve(exitCodeOf(status, signal)));
    });
    options.signal.throwIfAborted();
    if (code !== 0) throw new BerthError('registry', said.join('; ') || `skopeo ${verb}: exit code ${code}`);
    return Buffer.concat(output);
  } finally {
    options.signal.removeEventListener('abort', end);
  }
}

function accessFlags(verb: string, access: RegistryAccess): string[] {
  const source = verb === 'copy' ? 'src-' : '';
  const { authFile, creds, certDir, tlsVerify, retries, retryDelay } = access;
  return [
    ...(authFile === undefined ? [] : [`--authfile=${authFile}`]),
    ...(creds === undefined ? [] : [`--${source}creds=${creds}`]),
    ...(certDir === undefined ? [] : [`--${source}cert-dir=${certDir}`]),
    ...(tlsVerify === undefined ? [] : [`--${source}tls-verify=${tlsVerify}`]),
    `--retry-times=${retries}`,
    `--retry-delay=${retryDelay}`,
  ];
}

/** `time="…" level=fatal msg="…"`, as its logger writes it. */
function logLine(line: string): { level: string; text: string } {
  const [, level = '', quoted] = /^time=\S+ level=(\w+) msg=("(?:[^"\\]|\\.)*"|\S+)/.exec(line) ?? [];
  if (quoted === undefined) return { level: '', text: line };
  return { level, text: withoutOrigin(unquoted(quoted)) };
}

/** Which step of skopeo's own failed says nothing; the image, Podman names in other words. */
function withoutOrigin(text: string): string {
  return text
    .replace(/^Error listing repository tags: /, '')
    .replace(/^Error parsing image name "([^"]*)": /, 'initializing source $1: ');
}

function unquoted(text: string): string {
  try {
    return text.startsWith('"') ? String(JSON.parse(text)) : text;
  } catch {
    return text.slice(1, -1);
  }
}
