import { cleanupContainer } from '../../lifecycle/cleanup.ts';
import { dryCleanup } from '../../lifecycle/dry-run.ts';
import type { Ports } from '../../lifecycle/ports.ts';
import { removeContainer } from '../../lifecycle/remove.ts';
import { BerthError } from '../../model/errors.ts';
import type { ContainerRecord } from '../../model/records.ts';
import type { Command } from '../command.ts';
import { DRY_RUN } from '../dry-run.ts';
import { forEach } from '../each.ts';
import { SELECTING, selectContainers } from '../select.ts';

export const command: Command = {
  path: ['container', 'cleanup'],
  usage: 'CONTAINER…',
  summary: 'Clean up after containers that have ended: their units do this by themselves. Prints the names.',
  flags: {
    all: SELECTING.all('All containers'),
    'dry-run': DRY_RUN,
    exec: { type: 'string', help: 'Only after this exec session; none of that ID is no error' },
    latest: SELECTING.latest,
    rm: { type: 'bool', help: 'Remove the container afterwards' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    if (args.has('exec') && args.bool('all'))
      throw new BerthError('usage', '--all and --exec cannot be set together');
    if (args.has('exec') && args.positionals.length > 1)
      throw new BerthError('usage', 'cannot use exec option when more than one container is given');
    const ports = await context.ports();
    const selected = selectContainers(args, ports, { ignoreMissing: true });
    // What an attached exec uses ends with its command.
    if (args.has('exec')) return 0;
    return forEach(selected, context, async ({ word, container }) => {
      if (args.bool('dry-run')) return context.print(dryCleanup(ports, { container }));
      await cleanupAtRest(ports, container);
      if (args.bool('rm')) await removeContainer(ports, container, { force: false });
      context.print(`${word}\n`);
    });
  },
};

/** One that runs is left alone: its unit will do it, and doing it now would pull the root from under the payload. */
async function cleanupAtRest(ports: Ports, { config }: ContainerRecord): Promise<void> {
  const { activeState } = await (await ports.systemd()).unitStatus(config.unit);
  if (activeState === 'inactive' || activeState === 'failed')
    await cleanupContainer(ports, config.id, { inUnit: false });
}
