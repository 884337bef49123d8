import type { Ports } from '../../lifecycle/ports.ts';
import { HEALTH_CONDITIONS, lastExitCode, waitForContainer } from '../../lifecycle/wait.ts';
import { parseDuration } from '../../model/duration.ts';
import { BerthError } from '../../model/errors.ts';
import type { ContainerRecord } from '../../model/records.ts';
import type { Command } from '../command.ts';
import { listed } from '../entries.ts';
import { latestContainer, SELECTING } from '../select.ts';

/** As Podman's manual names them, and libpod's own word for a container that was never started. */
const CONDITIONS: Record<string, string> = {
  ...Object.fromEntries(
    [
      'created',
      'initialized',
      'running',
      'stopping',
      'stopped',
      'paused',
      'exited',
      'removing',
      ...HEALTH_CONDITIONS,
    ].map((word) => [word, word]),
  ),
  configured: 'created',
};

const INTERVAL_MS = 250;

export const command: Command = {
  path: ['wait'],
  usage: 'CONTAINER…',
  summary: 'Wait until containers have ended, or are in a certain state. Prints their exit codes.',
  flags: {
    condition: {
      type: 'strings',
      help: `Wait for one of these: ${Object.keys(CONDITIONS).join(', ')}`,
      default: 'stopped',
    },
    ignore: { type: 'bool', help: 'A container that does not exist is no error, but -1' },
    interval: {
      type: 'string',
      short: 'i',
      help: 'How long one whose health is waited for may be stopped; nothing is polled',
      default: '250ms',
    },
    latest: SELECTING.latest,
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const { positionals } = args;
    if (args.bool('latest') && positionals.length > 0)
      throw new BerthError('usage', '--latest and containers cannot be used together');
    if (!args.bool('latest') && positionals.length === 0)
      throw new BerthError('usage', '"berth wait" requires a name, id, or the "--latest" flag');
    const options = {
      conditions: conditionsOf(args.strings('condition')),
      intervalMs: intervalOf(args.string('interval')),
    };
    const ports = await context.ports();
    const waited = args.bool('latest')
      ? [latestContainer(ports)]
      : positionals.map((name) => find(name, { ports, ignore: args.bool('ignore') }));
    // All at once: one of them may be restarted or removed while another is waited for.
    const results = await Promise.allSettled(
      waited.map((one) => (typeof one === 'number' ? one : waitForContainer(ports, one, options))),
    );
    let exitCode = 0;
    for (const result of results) {
      if (result.status === 'fulfilled') context.print(`${result.value}\n`);
      else if (result.reason instanceof BerthError) {
        context.warn(`Error: ${result.reason.message}`);
        exitCode ||= result.reason.exitCode;
      } else throw result.reason;
    }
    return exitCode;
  },
};

/** The container; or the exit code of one that is gone, or of none. */
function find(name: string, { ports, ignore }: { ports: Ports; ignore: boolean }): ContainerRecord | number {
  try {
    return ports.store.findContainer(name);
  } catch (error) {
    if (!(error instanceof BerthError && error.code === 'no-such-container')) throw error;
    const last = lastExitCode(ports, name);
    if (last === undefined && !ignore) throw error;
    return last ?? -1;
  }
}

function conditionsOf(texts: readonly string[]): string[] {
  const words = texts.flatMap(listed);
  return (words.length === 0 ? ['stopped'] : words).map((word) => {
    const known = Object.hasOwn(CONDITIONS, word) ? CONDITIONS[word] : undefined;
    if (known === undefined) {
      throw new BerthError(
        'usage',
        `unknown container state: ${word}: invalid argument: use ${Object.keys(CONDITIONS).join(', ')}`,
      );
    }
    return known;
  });
}

/** A duration; a number alone counts milliseconds. */
function intervalOf(text: string | undefined): number {
  if (text === undefined) return INTERVAL_MS;
  return /^\d+$/.test(text) ? Number(text) : parseDuration(text);
}
