import { findImageName } from '../../lifecycle/image/resolve.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['image', 'exists'],
  usage: 'IMAGE',
  summary: 'Exit with 0 if there is such an image, with 1 if there is none.',
  flags: {},
  positionals: [1, 1],
  async run({ positionals: [name = ''] }, { ports }) {
    return findImageName((await ports()).store, name) === undefined ? 1 : 0;
  },
};
