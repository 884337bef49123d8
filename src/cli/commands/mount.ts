import { mountContainer } from '../../lifecycle/mount.ts';
import { BerthError } from '../../model/errors.ts';
import { shortId } from '../../model/name.ts';
import type { Command } from '../command.ts';
import { forEach } from '../each.ts';
import { SELECTING, selectContainers } from '../select.ts';

export const command: Command = {
  path: ['mount'],
  usage: '[CONTAINER…]',
  summary: "Mount the containers' root file systems and print where; without one, list what is mounted.",
  flags: {
    all: { type: 'bool', short: 'a', help: 'Mount all containers' },
    format: { type: 'string', help: 'json: list the mounted containers as JSON' },
    latest: SELECTING.latest,
    'no-trunc': { type: 'bool', help: 'Show whole IDs' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const format = args.string('format') ?? '';
    if (format !== '' && format !== 'json')
      throw new BerthError('usage', `unknown --format argument: ${JSON.stringify(format)}`);
    const ports = await context.ports();
    const { store, rootfs } = ports;
    if (args.bool('all') || args.bool('latest') || args.positionals.length > 0) {
      return forEach(selectContainers(args, ports), context, async ({ container }) =>
        context.print(`${await mountContainer(ports, container)}\n`),
      );
    }
    const mounted = store.listContainers().containers.filter(({ config }) => rootfs.isMounted(config.id));
    if (format === 'json') {
      const objects = mounted.map(({ config: { id, name } }) => ({
        id,
        Names: [name],
        mountpoint: rootfs.mountPoint(id),
      }));
      context.print(`${JSON.stringify(objects, null, 1)}\n`);
    } else {
      const whole = args.bool('no-trunc');
      for (const { config } of mounted)
        context.print(`${whole ? config.id : shortId(config.id)}  ${rootfs.mountPoint(config.id)}\n`);
    }
    return 0;
  },
};
