import { checkArtifactName } from '../../model/name.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['container', 'artifact', 'get'],
  usage: 'CONTAINER NAME',
  summary: 'Write what is kept with a container under a name to standard output.',
  flags: {},
  positionals: [2, 2],
  async run(args, { ports, stream }) {
    const [container = '', name = ''] = args.positionals;
    checkArtifactName(name);
    const { store, artifacts } = await ports();
    await stream(artifacts(store.findContainer(container).config.id).get(name));
    return 0;
  },
};
