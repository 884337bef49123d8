import { recordImages } from '../../lifecycle/image/load.ts';
import { BerthError } from '../../model/errors.ts';
import { shortId } from '../../model/name.ts';
import { parseSize } from '../../model/size.ts';
import { importImages } from '../../wiring/images.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['load'],
  usage: '',
  summary: 'Load the images of a docker-archive, an OCI archive or an OCI directory. Prints their names.',
  flags: {
    input: { type: 'string', short: 'i', help: 'The archive; standard input unless given' },
    'max-size': {
      type: 'string',
      help: 'How large the archive and its layers may be uncompressed, 0: any size (default: 1g and 200 times what is read)',
    },
    quiet: { type: 'bool', short: 'q', help: 'Without progress on stderr' },
  },
  positionals: [0, 0],
  async run(args, { ports, print, warn }) {
    const input = args.string('input');
    if (input === undefined && process.stdin.isTTY) {
      throw new BerthError(
        'usage',
        'cannot read from terminal, use command-line redirection or the --input flag',
      );
    }
    const maxSize = args.string('max-size');
    const maxBytes = maxSize === undefined ? undefined : parseSize(maxSize);
    const opened = await ports();
    const imported = await importImages(
      opened,
      input === undefined ? { stream: process.stdin } : { path: input },
      {
        ...(maxBytes === undefined ? {} : { maxBytes }),
        onProgress: (progress) => {
          if (args.bool('quiet') || progress.step !== 'layer' || progress.state === 'unpacking') return;
          warn(
            `layer ${progress.number} of ${progress.total} ${shortId(progress.diffId)}: ${progress.state === 'present' ? 'already there' : 'unpacked'}`,
          );
        },
      },
    );
    for (const { warnings } of imported) for (const warning of warnings) warn(`Warning: ${warning}`);
    for (const image of recordImages(opened, imported)) {
      print(`Loaded image: ${image.names[0] ?? `sha256:${image.id}`}\n`);
    }
    return 0;
  },
};
