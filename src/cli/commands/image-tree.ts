import { resolveImage } from '../../lifecycle/image/resolve.ts';
import { imageTree } from '../../model/image/history.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['image', 'tree'],
  usage: 'IMAGE',
  summary: 'Show the layers of an image as a tree, the lowest first.',
  flags: {
    whatrequires: { type: 'bool', help: 'Also the layers of the images that stand on it' },
  },
  positionals: [1, 1],
  async run(args, { ports, print }) {
    const { store } = await ports();
    const { image } = resolveImage(store, args.positionals[0] ?? '');
    print(imageTree(image, store.listImages(), { whatRequires: args.bool('whatrequires') }));
    return 0;
  },
};
