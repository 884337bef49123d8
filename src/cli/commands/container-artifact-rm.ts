import { checkArtifactName } from '../../model/name.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['container', 'artifact', 'rm'],
  usage: 'CONTAINER NAME',
  summary: 'Remove what is kept with a container under a name. Prints the name.',
  flags: {},
  positionals: [2, 2],
  async run(args, { ports, print }) {
    const [container = '', name = ''] = args.positionals;
    checkArtifactName(name);
    const { store, artifacts } = await ports();
    artifacts(store.findContainer(container).config.id).remove(name);
    print(`${name}\n`);
    return 0;
  },
};
