import { pullAllTags, pullImages } from '../../lifecycle/image/pull.ts';
import { parsePullPolicy } from '../../model/image/pull.ts';
import type { Command } from '../command.ts';
import { forEach } from '../each.ts';
import { PLATFORM_FLAGS, platformRequest } from '../flags/image.ts';
import { pullListener, REGISTRY_FLAGS, registryAccess } from '../flags/pull.ts';

export const command: Command = {
  path: ['pull'],
  usage: 'IMAGE…',
  summary: 'Pull images from registries, or from archives and directories. Prints their IDs.',
  flags: {
    ...PLATFORM_FLAGS,
    ...REGISTRY_FLAGS,
    'all-tags': { type: 'bool', short: 'a', help: 'Pull every tag of the repository' },
    'cert-dir': { type: 'string', help: 'Directory with certificates (*.crt) and keys for the registry' },
    creds: { type: 'string', help: 'USERNAME:PASSWORD for the registry' },
    'disable-content-trust': { type: 'bool', help: 'Accepted: it says something to Docker only' },
    policy: { type: 'string', help: 'always, missing, never or newer', default: 'always' },
    quiet: { type: 'bool', short: 'q', help: 'Without progress on stderr' },
  },
  positionals: [1, Number.POSITIVE_INFINITY],
  async run(args, { ports, print, warn }) {
    const options = {
      access: registryAccess(args),
      policy: parsePullPolicy(args.string('policy') || 'always'),
      ...platformRequest(args),
      listener: pullListener(args.bool('quiet'), { warn }),
    };
    const opened = await ports();
    const pull = args.bool('all-tags') ? pullAllTags : pullImages;
    const failures: string[] = [];
    const exitCode = await forEach(
      args.positionals,
      { warn: (line) => failures.push(line) },
      async (text) => {
        for (const { image } of await pull(opened, text, options)) print(`${image.id}\n`);
      },
    );
    // What went wrong is said at the end, where it is seen.
    for (const failure of failures) warn(failure);
    return exitCode;
  },
};
