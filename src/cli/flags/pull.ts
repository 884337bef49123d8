/** The flags that say how a registry is reached, and what is told of a pull on stderr. */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import type { PullListener } from '../../lifecycle/image/pull.ts';
import { findLocalImage } from '../../lifecycle/image/resolve.ts';
import type { Store } from '../../lifecycle/ports.ts';
import { parseDuration } from '../../model/duration.ts';
import { BerthError, systemReason } from '../../model/errors.ts';
import { parsePlace, type RegistryAccess } from '../../model/image/pull.ts';
import { shortSize } from '../../model/size.ts';
import { compileFromHere, hasInstance } from '../../wiring/base.ts';
import { complain, isTerminal } from '../../wiring/output.ts';
import type { Arguments, CommandContext, Flag } from '../command.ts';

/** Of pull and create. */
export const REGISTRY_FLAGS: Record<string, Flag> = {
  authfile: {
    type: 'string',
    help: 'File with passwords of registries',
    default: "$REGISTRY_AUTH_FILE, else Podman's",
  },
  retry: { type: 'uint', help: 'How often a failed pull is tried again', default: '3' },
  'retry-delay': { type: 'string', help: 'Time between two tries', default: '1s' },
  'tls-verify': {
    type: 'bool',
    help: 'Speak HTTPS with registries and check their certificates',
    default: 'true, unless registries.conf says otherwise',
  },
};

/** Throws BerthError in Podman's words. */
export function registryAccess(args: Arguments): RegistryAccess {
  const [authFile, creds, certDir] = ['authfile', 'creds', 'cert-dir'].map(
    (flag) => args.string(flag) || undefined,
  );
  const retryDelay = args.string('retry-delay') || '1s';
  if (authFile !== undefined) assertReadable(authFile);
  if (creds !== undefined && !/^[^:]+:./s.test(creds))
    throw new BerthError('usage', 'credentials have no name or no password: write --creds USERNAME:PASSWORD');
  parseDuration(retryDelay);
  return {
    ...(authFile === undefined ? {} : { authFile: path.resolve(authFile) }),
    ...(creds === undefined ? {} : { creds }),
    ...(certDir === undefined ? {} : { certDir: path.resolve(certDir) }),
    ...(args.has('tls-verify') ? { tlsVerify: args.bool('tls-verify') } : {}),
    retries: args.int('retry') ?? 3,
    retryDelay,
  };
}

function assertReadable(file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    const reason = systemReason(error).replace(/^access /, 'faccessat ');
    throw new BerthError('invalid', `credential file is not accessible: ${reason}`, { cause: error });
  }
}

/**
 * create and run start without the compiler, which pays where an image is unpacked: with one to pull, the program starts
 * over with it. To be called first, before anything is read that can be read only once.
 */
export async function compileIfPulling(
  args: Arguments,
  { root, ports }: Pick<CommandContext, 'root' | 'ports'>,
): Promise<void> {
  const [image = ''] = args.positionals;
  const policy = args.string('pull') || 'missing';
  if (args.bool('rootfs') || args.bool('dry-run') || !PULLING.includes(policy)) return;
  if (policy === 'missing' && hasInstance(root) && isHere((await ports()).store, image)) return;
  compileFromHere();
}

const PULLING = ['always', 'missing', 'newer'];

/** Also what is no name, which the command will say. */
function isHere(store: Store, image: string): boolean {
  try {
    const place = parsePlace(image);
    return place.transport === 'docker' && findLocalImage(store, place.name) !== undefined;
  } catch (error) {
    if (error instanceof BerthError) return true;
    throw error;
  }
}

/** How often a terminal is shown how far the transfer has come. */
const REPORT_MS = 250;

/** Podman's lines; on a terminal, one more that changes: layers, bytes and how fast they come. */
export function pullListener(quiet: boolean, { warn }: Pick<CommandContext, 'warn'>): PullListener {
  if (quiet) return { say: () => {}, onProgress: () => {}, warn };
  const meter = isTerminal(2) ? terminalMeter() : undefined;
  const say = (line: string): void => {
    meter?.clear();
    warn(line);
  };
  return {
    say,
    warn: say,
    onProgress(progress) {
      if (progress.step === 'told') say(progress.line);
      else if (progress.step === 'blobs') {
        say('Getting image source signatures');
        for (const digest of progress.layers) say(`Copying blob sha256:${digest}`);
        say(`Copying config sha256:${progress.config}`);
      } else if (progress.step === 'writing') say('Writing manifest to image destination');
      else meter?.show(progress);
    },
    ...(meter === undefined ? {} : { reportEveryMs: REPORT_MS }),
  };
}

interface Bytes {
  done: number;
  total: number;
  layersDone: number;
  layers: number;
}

function terminalMeter(): { show(bytes: Bytes): void; clear(): void } {
  let shown = false;
  let began: { at: number; done: number } | undefined;
  return {
    show({ done, total, layersDone, layers }) {
      began ??= { at: performance.now(), done };
      const seconds = (performance.now() - began.at) / 1000;
      const rate = seconds === 0 ? '' : `, ${shortSize(Math.round((done - began.done) / seconds))}/s`;
      complain(`\r\x1b[K${layersDone} of ${layers} layers, ${shortSize(done)} of ${shortSize(total)}${rate}`);
      shown = true;
    },
    clear() {
      if (shown) complain('\r\x1b[K');
      shown = false;
    },
  };
}
