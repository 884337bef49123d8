import { dryStop } from '../../lifecycle/dry-run.ts';
import { beginStops, stopUnit } from '../../lifecycle/jobs.ts';
import type { Command } from '../command.ts';
import { DRY_RUN } from '../dry-run.ts';
import { forEach } from '../each.ts';
import { SELECTING, selectContainers } from '../select.ts';

export const command: Command = {
  path: ['stop'],
  usage: 'CONTAINER…',
  summary: 'Stop containers: a systemd stop job for the unit of each, waited for. Prints the names.',
  flags: {
    all: SELECTING.all('All containers'),
    cidfile: SELECTING.cidfile,
    'dry-run': DRY_RUN,
    filter: SELECTING.filter,
    ignore: { type: 'bool', short: 'i', help: 'A container that does not exist is no error' },
    latest: SELECTING.latest,
    time: {
      type: 'int',
      short: 't',
      help: "Seconds between the stop signal and SIGKILL, instead of the container's own; -1: no SIGKILL",
    },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const ports = await context.ports();
    const ignoreMissing = args.bool('ignore');
    const seconds = args.int('time');
    const selected = selectContainers(args, ports, { ignoreMissing });
    if (args.bool('dry-run')) {
      return forEach(selected, context, async ({ container }) =>
        context.print(dryStop(ports, { container, timeoutSeconds: seconds })),
      );
    }
    const containers = selected.map(({ container }) => container);
    const options = await beginStops(ports, containers, seconds);
    return forEach(selected, context, async ({ word, container }) => {
      await stopUnit(ports, container, options);
      context.print(`${word}\n`);
    });
  },
};
