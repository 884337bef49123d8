import { createReadStream, openSync } from 'node:fs';
import { BerthError, messageOf } from '../../model/errors.ts';
import { checkArtifactName } from '../../model/name.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['container', 'artifact', 'add'],
  usage: 'CONTAINER NAME [FILE|-]',
  summary:
    'Keep a file, or standard input, with a container under a name; an older one of that name is replaced.',
  flags: {},
  positionals: [2, 3],
  async run(args, { ports }) {
    const [container = '', name = '', file = '-'] = args.positionals;
    checkArtifactName(name);
    const { store, artifacts } = await ports();
    const { id } = store.findContainer(container).config;
    await artifacts(id).add(name, file === '-' ? process.stdin : open(file));
    return 0;
  },
};

function open(file: string): AsyncIterable<Uint8Array> {
  try {
    return createReadStream('', { fd: openSync(file, 'r') });
  } catch (error) {
    throw new BerthError('invalid', `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}
