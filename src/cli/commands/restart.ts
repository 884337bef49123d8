import { dryRestart } from '../../lifecycle/dry-run.ts';
import { restartUnit } from '../../lifecycle/jobs.ts';
import { current } from '../../lifecycle/observe.ts';
import type { Command } from '../command.ts';
import { DRY_RUN } from '../dry-run.ts';
import { forEach } from '../each.ts';
import { SELECTING, selectContainers } from '../select.ts';

export const command: Command = {
  path: ['restart'],
  usage: 'CONTAINER…',
  summary: 'Restart containers: a systemd restart job for the unit of each, waited for. Prints the names.',
  flags: {
    all: SELECTING.all('All containers, whether they run or not'),
    cidfile: SELECTING.cidfile,
    'dry-run': DRY_RUN,
    filter: SELECTING.filter,
    latest: SELECTING.latest,
    running: { type: 'bool', help: 'Only those that run' },
    time: {
      type: 'int',
      short: 't',
      help: "Seconds between the stop signal and SIGKILL, instead of the container's own; -1: no SIGKILL",
    },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const ports = await context.ports();
    const running = args.bool('running');
    const seconds = args.int('time');
    const selected = selectContainers(args, ports, { allByDefault: running });
    return forEach(selected, context, async ({ word, container }) => {
      if (running && current(container, ports).state.status !== 'running') return;
      if (args.bool('dry-run'))
        return context.print(dryRestart(ports, { container, timeoutSeconds: seconds }));
      await restartUnit(ports, container, seconds);
      context.print(`${word}\n`);
    });
  },
};
