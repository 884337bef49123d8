import { createWriteStream, openSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exportContainer } from '../../lifecycle/export.ts';
import { BerthError, isErrno, messageOf } from '../../model/errors.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['export'],
  usage: 'CONTAINER',
  summary: "Write the container's root file system as a tar, to standard output or a file.",
  flags: { output: { type: 'string', short: 'o', help: 'The file to write' } },
  positionals: [1, 1],
  async run(args, { ports, stream }) {
    const output = args.string('output') ?? '';
    if (output === '' && process.stdout.isTTY)
      throw new BerthError('usage', 'refusing to export to terminal. Use -o flag or redirect');
    const opened = await ports();
    const container = opened.store.findContainer(args.positionals[0] ?? '');
    if (output === '') {
      await exportContainer(opened, container, stream);
      return 0;
    }
    const fd = openOutput(output);
    await exportContainer(opened, container, async (tar) => {
      try {
        await pipeline(Readable.from(tar), createWriteStream(output, { fd }));
      } catch (error) {
        if (!isErrno(error, 'ENOSPC', 'EDQUOT', 'EIO', 'EFBIG', 'EPIPE')) throw error;
        throw new BerthError('storage', `cannot write ${output}: ${messageOf(error)}`, { cause: error });
      }
    });
    return 0;
  },
};

/** Before anything is mounted; errors as Podman words them. */
function openOutput(file: string): number {
  try {
    return openSync(file, 'w', 0o644);
  } catch (error) {
    const reason = /^[A-Z]+: (.*?), /.exec(messageOf(error))?.[1] ?? messageOf(error);
    const word = isErrno(error, 'EISDIR') ? 'is a directory' : reason;
    throw new BerthError('storage', `open ${file}: ${word}`, { cause: error });
  }
}
