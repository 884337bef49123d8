import { tagImage } from '../../lifecycle/image/tag.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['tag'],
  usage: 'IMAGE NAME…',
  summary: 'Give an image more names; a name that another image has moves.',
  flags: {},
  positionals: [2, Number.POSITIVE_INFINITY],
  async run({ positionals: [image = '', ...names] }, { ports }) {
    tagImage(await ports(), image, names);
    return 0;
  },
};
