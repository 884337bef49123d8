import { createContainer } from '../../lifecycle/create.ts';
import { dryCreate } from '../../lifecycle/dry-run.ts';
import type { Command } from '../command.ts';
import { CREATE_FLAGS, createRequest } from '../flags/create.ts';
import { warnOfRealTime } from '../flags/limit.ts';
import { warnOfDiscardedPorts } from '../flags/network.ts';
import { compileIfPulling, pullListener, registryAccess } from '../flags/pull.ts';

export const command: Command = {
  path: ['create'],
  usage: 'IMAGE [COMMAND [ARG…]]',
  summary: 'Create a container and its unit, without starting it. Prints its ID.',
  flags: CREATE_FLAGS,
  stopAtPositional: true,
  positionals: [1, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const { ports, argv, print, warn, hooksDirs } = context;
    await compileIfPulling(args, context);
    const request = { ...createRequest(args, argv), ...(hooksDirs === undefined ? {} : { hooksDirs }) };
    const pull = {
      access: registryAccess(args),
      listener: pullListener(args.bool('quiet'), { warn }),
    };
    warnOfRealTime(args, warn);
    warnOfDiscardedPorts(request, warn);
    if (args.bool('dry-run')) {
      print(dryCreate(await ports(), request));
      return 0;
    }
    const config = await createContainer(await ports(), request, pull);
    print(`${config.id}\n`);
    return 0;
  },
};
