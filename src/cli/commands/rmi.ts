import { sweepLayers } from '../../lifecycle/image/layers.ts';
import { type RemovalTarget, type RemovedImage, removeImage } from '../../lifecycle/image/remove.ts';
import type { Ports } from '../../lifecycle/ports.ts';
import { BerthError } from '../../model/errors.ts';
import type { Arguments, Command } from '../command.ts';

export const command: Command = {
  path: ['rmi'],
  usage: 'IMAGE…',
  summary: 'Remove names of images, and images with their last name. Prints what became of them.',
  flags: {
    all: { type: 'bool', short: 'a', help: 'All images' },
    force: {
      type: 'bool',
      short: 'f',
      help: 'Also images with several names or with containers, which are stopped and removed; one that does not exist is no error',
    },
    ignore: { type: 'bool', short: 'i', help: 'An image that does not exist is no error' },
    'no-prune': { type: 'bool', help: 'Accepted: an image never takes another one along' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, { ports, print, warn }) {
    if (args.bool('all') && args.positionals.length > 0)
      throw new BerthError('usage', 'when using the --all switch, you may not pass any images names or IDs');
    if (!args.bool('all') && args.positionals.length === 0)
      throw new BerthError('usage', 'image name or ID must be specified');
    const opened = await ports();
    const force = args.bool('force');
    const { removed, failures } = await removeAll(opened, targets(args, opened), force);
    for (const { untagged } of removed) for (const name of untagged) print(`Untagged: ${name}\n`);
    for (const { deleted } of removed) if (deleted !== undefined) print(`Deleted: ${deleted}\n`);
    const told = failures.filter(({ code }) => !((force || args.bool('ignore')) && code === 'no-such-image'));
    for (const { message } of told) warn(`Error: ${message}`);
    return exitCode(told);
  },
};

function targets(args: Arguments, { store }: Ports): RemovalTarget[] {
  if (!args.bool('all')) return args.positionals.map((typed) => ({ typed }));
  return store.listImages().map(({ id }) => ({ id }));
}

async function removeAll(
  ports: Ports,
  all: readonly RemovalTarget[],
  force: boolean,
): Promise<{ removed: RemovedImage[]; failures: BerthError[] }> {
  const removed: RemovedImage[] = [];
  const failures: BerthError[] = [];
  for (const target of all) {
    try {
      removed.push(await removeImage(ports, target, { force }));
    } catch (error) {
      if (!(error instanceof BerthError)) throw error;
      failures.push(error);
    }
  }
  await sweepLayers(ports);
  return { removed, failures };
}

/** Podman's: 2 if any is in use, else 1 if any does not exist, else 125. */
function exitCode(failures: readonly BerthError[]): number {
  const codes = failures.map((failure) => failure.exitCode);
  return [2, 1].find((code) => codes.includes(code)) ?? codes[0] ?? 0;
}
