import { unmountImage } from '../../lifecycle/image/mount.ts';
import { resolveImage } from '../../lifecycle/image/resolve.ts';
import { BerthError } from '../../model/errors.ts';
import type { Command } from '../command.ts';
import { forEach } from '../each.ts';

export const command: Command = {
  path: ['image', 'unmount'],
  usage: 'IMAGE…',
  summary: 'Take back one mount of each image; the last one unmounts it. Prints the IDs.',
  flags: {
    all: { type: 'bool', short: 'a', help: 'All mounted images' },
    force: { type: 'bool', short: 'f', help: 'All mounts of each image at once' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const all = args.bool('all');
    if (all && args.positionals.length > 0)
      throw new BerthError('usage', 'when using the --all switch, you may not pass any image names or IDs');
    if (!all && args.positionals.length === 0)
      throw new BerthError('usage', 'image name or ID must be specified');
    const ports = await context.ports();
    const wanted = all ? ports.store.listImages().map(({ id }) => id) : args.positionals;
    return forEach(wanted, context, async (name) => {
      const { image } = resolveImage(ports.store, name);
      if (await unmountImage(ports, image, { force: args.bool('force') })) context.print(`${image.id}\n`);
    });
  },
};
