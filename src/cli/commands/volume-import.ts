import { createReadStream, openSync } from 'node:fs';
import { importVolume } from '../../lifecycle/volume/content.ts';
import { findVolume } from '../../lifecycle/volume/volumes.ts';
import { BerthError, systemReason } from '../../model/errors.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['volume', 'import'],
  usage: 'VOLUME SOURCE',
  summary: 'Unpack a tar, compressed or not, into a volume. - is standard input. What else is there stays.',
  flags: {},
  positionals: [2, 2],
  async run(args, { ports }) {
    const [name = '', source = ''] = args.positionals;
    const opened = await ports();
    const volume = findVolume(opened, name, new BerthError('no-such-volume', `no such volume ${name}`));
    await importVolume(
      opened,
      volume,
      source === '-' ? process.stdin : createReadStream(source, { fd: openInput(source) }),
    );
    return 0;
  },
};

function openInput(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (error) {
    throw new BerthError('invalid', systemReason(error), { cause: error });
  }
}
