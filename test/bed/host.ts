/** What the bed needs to know about the host: how it reaches Debian's archive, and how to run things on it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { execa } from 'execa';

/** A tool failed on the host while something was being prepared; the text holds everything it printed. */
export class HostError extends Error {
  override readonly name = 'HostError';
}

/**
 * Runs a program on the host in a clean environment, in mount and pid namespaces of its own that die
 * with this process: whatever it mounts or leaves running, nothing of it stays behind.
 * Returns its standard output; throws HostError with all of its output if it fails.
 */
export async function onHost(
  argv: string[],
  options: { cwd?: string; input?: string } = {},
): Promise<string> {
  const [file = '', ...args] = [...CONTAINED, ...argv];
  const result = await execa(file, args, {
    all: true,
    reject: false,
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...cleanEnvironment(),
  });
  if (result.failed)
    throw new HostError(`${argv.join(' ')} failed:\n${result.all ?? ''}${result.shortMessage}`);
  return result.stdout;
}

/** Prefix that puts a program into namespaces whose processes and mounts end with the caller. */
export const CONTAINED: readonly string[] = [
  ...['setpriv', '--pdeathsig', 'KILL', '--'],
  ...['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--'],
];

/** Options for execa: only what a program needs to run, and the proxies, if the caller has any. */
export function cleanEnvironment(): { extendEnv: false; env: Record<string, string> } {
  const env: Record<string, string> = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/root',
    LANG: 'C.UTF-8',
    DEBIAN_FRONTEND: 'noninteractive',
  };
  for (const [name, value] of Object.entries(process.env)) {
    if (/^(https?|ftp|no|all)_proxy$/i.test(name) && value !== undefined) env[name] = value;
  }
  return { extendEnv: false, env };
}

export interface Mirror {
  uri: string;
  /** Keyring that the host's sources name for it, where that is not one of Debian's own. */
  keyring?: string;
  /** Lines of apt configuration that say how this host gets through to it. */
  aptOptions: string[];
}

/**
 * The mirror of Debian's main archive that the host's own apt sources name.
 * apt itself reads them (apt-get(8), "indextargets"), so both formats of sources are understood.
 */
export async function debianMirror(): Promise<Mirror> {
  const release = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';
  const targets = await onHost([
    ...['apt-get', 'indextargets', '--format', '$(SITE) $(RELEASE) $(COMPONENT) $(ORIGIN)'],
    'Created-By: Packages',
  ]);
  const candidates = targets
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, suite, component]) => component === 'main' && (suite === release || suite === 'stable'))
    .map(([uri = '', , , origin]) => ({ uri, score: scoreOf(uri, origin) }))
    .sort((a, b) => b.score - a.score);
  const uri = candidates[0]?.uri;
  if (uri === undefined) {
    throw new HostError(
      'apt on this host names no Debian mirror (component main); add one to /etc/apt/sources.list.d',
    );
  }
  const keyring = keyringOf(uri);
  return { uri, ...(keyring === undefined ? {} : { keyring }), aptOptions: await aptTransport() };
}

/** Other vendors also have a suite of Debian's name with a component main: prefer what says it is Debian's. */
function scoreOf(uri: string, origin: string | undefined): number {
  return (origin === 'Debian' ? 2 : 0) + (/\/debian\/?$/.test(uri) ? 1 : 0);
}

/** The host's settings for proxies and certificates, as apt.conf lines. */
async function aptTransport(): Promise<string[]> {
  const dump = await onHost(['apt-config', 'dump', 'Acquire']);
  return dump.split('\n').filter((line) => /^Acquire::(https?|ftp)::.*"[^"]+";$/.test(line));
}

function keyringOf(uri: string): string | undefined {
  const bare = uri.replace(/\/$/, '');
  for (const text of sourceTexts()) {
    // deb822 paragraphs are separated by blank lines, one-line entries by newlines.
    const entry = text.split(/\n\s*\n|\n(?=deb )/).find((part) => part.includes(bare));
    const keyring = entry && /signed-by\s*[:=]\s*([^\s\]]+)/i.exec(entry)?.[1];
    if (keyring?.startsWith('/') && !keyring.includes('debian-archive-')) return keyring;
  }
  return undefined;
}

function sourceTexts(): string[] {
  const parts = '/etc/apt/sources.list.d';
  const files = existsSync(parts) ? readdirSync(parts).map((name) => `${parts}/${name}`) : [];
  return ['/etc/apt/sources.list', ...files.filter((file) => /\.(list|sources)$/.test(file))]
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'));
}
