import { runHealthCheck } from '../../lifecycle/healthcheck.ts';
import type { Ports } from '../../lifecycle/ports.ts';
import { BerthError } from '../../model/errors.ts';
import type { ContainerRecord } from '../../model/records.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['healthcheck', 'run'],
  usage: 'CONTAINER',
  summary:
    "Run a container's health check once. Exits with 1 and prints 'unhealthy', or 'starting', if it fails.",
  flags: {
    'ignore-result': { type: 'bool', help: 'Exit with 0 also when it fails' },
  },
  positionals: [1, 1],
  async run(args, { ports, print }) {
    const opened = await ports();
    const [name = ''] = args.positionals;
    // What the check's own service says in the journal is not for the person who asked for one run.
    const fold = await runHealthCheck({ ...opened, warn: () => {} }, lookUp(opened, name));
    // This run's result, as Podman has it: what the runs together say is the container's status.
    if (fold?.entry.exitCode === 0) return 0;
    print(fold === undefined ? 'stopped\n' : fold.isStartup ? 'starting\n' : 'unhealthy\n');
    return args.bool('ignore-result') ? 0 : 1;
  },
};

function lookUp({ store }: Pick<Ports, 'store'>, name: string): ContainerRecord {
  try {
    return store.findContainer(name);
  } catch (error) {
    if (!(error instanceof BerthError && error.code === 'no-such-container')) throw error;
    throw new BerthError(error.code, `unable to look up ${name} to perform a health check: ${error.message}`);
  }
}
