import { createVolume } from '../../lifecycle/volume/volumes.ts';
import { BerthError } from '../../model/errors.ts';
import { LOCAL_DRIVER } from '../../model/volume/volume.ts';
import type { Command } from '../command.ts';
import { pairs } from '../entries.ts';

export const command: Command = {
  path: ['volume', 'create'],
  usage: '[NAME]',
  summary: 'Make a volume. Prints its name; one that was given none gets 64 random digits.',
  flags: {
    driver: { type: 'string', short: 'd', help: 'There is one driver', default: LOCAL_DRIVER },
    gid: { type: 'uint', help: 'Group of its directory' },
    ignore: { type: 'bool', help: 'A volume that exists is no error, and stays as it is' },
    label: { type: 'strings', short: 'l', help: 'Add a label, key=value' },
    opt: {
      type: 'strings',
      short: 'o',
      help: 'type=, device= and o= of a mount; nocopy: no files of images are copied in',
    },
    uid: { type: 'uint', help: 'User whose its directory is' },
  },
  positionals: [0, 1],
  async run(args, { ports, print }) {
    const [name] = args.positionals;
    const uid = args.int('uid');
    const gid = args.int('gid');
    const request = {
      ...(name === undefined ? {} : { name }),
      driver: args.string('driver') ?? LOCAL_DRIVER,
      labels: entries(args.strings('label'), 'labels'),
      options: entries(args.strings('opt'), 'options'),
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    };
    print(`${createVolume(await ports(), request, { ignore: args.bool('ignore') })}\n`);
    return 0;
  },
};

function entries(texts: string[], what: string): Record<string, string> {
  for (const text of texts) {
    if (text === '' || text.startsWith('='))
      throw new BerthError(
        'invalid',
        `unable to process ${what}: invalid label format: ${JSON.stringify(text)}: write key=value`,
      );
  }
  return pairs(texts);
}
