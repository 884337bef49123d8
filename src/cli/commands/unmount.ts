import { unmountContainer } from '../../lifecycle/mount.ts';
import { current } from '../../lifecycle/observe.ts';
import type { Ports } from '../../lifecycle/ports.ts';
import type { ContainerRecord } from '../../model/records.ts';
import { hasPayload } from '../../model/state.ts';
import type { Command } from '../command.ts';
import { forEach } from '../each.ts';
import { SELECTING, selectContainers } from '../select.ts';

export const command: Command = {
  path: ['unmount'],
  usage: 'CONTAINER…',
  summary: 'Take back one mount of each container; the last one unmounts its root. Prints the names.',
  flags: {
    all: { type: 'bool', short: 'a', help: 'All mounted containers that do not run' },
    force: {
      type: 'bool',
      short: 'f',
      help: 'All mounts at once; what a running container needs stays until its end',
    },
    latest: SELECTING.latest,
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const ports = await context.ports();
    const selected = selectContainers(args, ports);
    const wanted = args.bool('all')
      ? selected.filter(({ container }) => isIdleMount(ports, container))
      : selected;
    return forEach(wanted, context, async ({ word, container }) => {
      await unmountContainer(ports, container, { force: args.bool('force') });
      context.print(`${word}\n`);
    });
  },
};

function isIdleMount(ports: Ports, container: ContainerRecord): boolean {
  return ports.rootfs.isMounted(container.config.id) && !hasPayload(current(container, ports).state.status);
}
