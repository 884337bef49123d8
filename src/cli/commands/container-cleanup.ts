import { cleanUp, cleanUpAndRemove, cleanUpImage } from '../../lifecycle/container-cleanup.ts';
import { dryCleanup } from '../../lifecycle/dry-run.ts';
import { cleanupSession } from '../../lifecycle/sessions.ts';
import { BerthError } from '../../model/errors.ts';
import type { Command } from '../command.ts';
import { DRY_RUN } from '../dry-run.ts';
import { forEach } from '../each.ts';
import { SELECTING, selectContainers } from '../select.ts';

export const command: Command = {
  path: ['container', 'cleanup'],
  usage: 'CONTAINER…',
  summary:
    'Clean up after containers that have ended: their units do this by themselves. What runs is left alone. Prints the names.',
  flags: {
    all: SELECTING.all('All containers'),
    'dry-run': DRY_RUN,
    exec: {
      type: 'string',
      help: 'Only after this exec session, which must have ended; none of that ID is no error',
    },
    latest: SELECTING.latest,
    rm: { type: 'bool', help: 'Remove the container afterwards' },
    rmi: {
      type: 'bool',
      help: "Afterwards, remove the name of the container's image, and with its last name the image",
    },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    if (args.has('exec') && args.bool('all'))
      throw new BerthError('usage', '--all and --exec cannot be set together');
    if (args.has('exec') && args.positionals.length > 1)
      throw new BerthError('usage', 'cannot use exec option when more than one container is given');
    if (args.has('exec') && args.bool('rmi'))
      throw new BerthError('usage', '--exec and --rmi cannot be set together');
    const ports = await context.ports();
    const selected = selectContainers(args, ports, { ignoreMissing: true });
    const session = args.string('exec');
    return forEach(selected, context, async ({ word, container }) => {
      if (session !== undefined) return cleanupSession(ports, container.config, session);
      if (args.bool('dry-run')) return context.print(dryCleanup(ports, { container }));
      await (args.bool('rm') ? cleanUpAndRemove : cleanUp)(ports, container);
      if (args.bool('rmi')) await cleanUpImage(ports, container.config);
      context.print(`${word}\n`);
    });
  },
};
