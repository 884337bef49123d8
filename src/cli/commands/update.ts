import { updateContainer } from '../../lifecycle/update.ts';
import { parseRestartPolicy } from '../../model/restart.ts';
import type { Command } from '../command.ts';
import { HEALTH_FLAGS, healthRequest } from '../flags/health.ts';
import { LIMIT_FLAGS, limits, warnOfRealTime } from '../flags/limit.ts';

export const command: Command = {
  path: ['update'],
  usage: 'CONTAINER',
  summary: 'Change the restart policy, limits or health check of a container, running or not. Prints its ID.',
  flags: {
    ...LIMIT_FLAGS,
    ...HEALTH_FLAGS,
    restart: { type: 'string', help: 'no, always, on-failure[:max-retries] or unless-stopped' },
  },
  positionals: [1, 1],
  async run(args, context) {
    const restart = args.string('restart');
    const request = {
      ...(restart === undefined ? {} : { restart: parseRestartPolicy(restart) }),
      limits: limits(args),
      health: healthRequest(args),
    };
    warnOfRealTime(args, context.warn);
    const ports = await context.ports();
    const container = ports.store.findContainer(args.positionals[0] ?? '');
    await updateContainer(ports, container, request);
    context.print(`${container.config.id}\n`);
    return 0;
  },
};
