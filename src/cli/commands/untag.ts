import { untagImage } from '../../lifecycle/image/tag.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['untag'],
  usage: 'IMAGE [NAME…]',
  summary: 'Take names from an image, all of them unless told. The image stays.',
  flags: {},
  positionals: [1, Number.POSITIVE_INFINITY],
  async run({ positionals: [image = '', ...names] }, { ports }) {
    untagImage(await ports(), image, names);
    return 0;
  },
};
