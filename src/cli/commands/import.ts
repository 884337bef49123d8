import { createReadStream, fstatSync, openSync } from 'node:fs';
import { importImage } from '../../lifecycle/image/import.ts';
import { BerthError, systemReason } from '../../model/errors.ts';
import { goTimestamp } from '../../model/image/document.ts';
import { imageArchitecture } from '../../model/image/image.ts';
import type { Arguments, Command } from '../command.ts';

export const command: Command = {
  path: ['import'],
  usage: 'FILE|- [NAME]',
  summary: 'Make an image of a tar of a root file system, packed or not. Prints its ID.',
  flags: {
    arch: { type: 'string', help: 'Architecture that the image is for' },
    change: {
      type: 'strings',
      short: 'c',
      help: 'Set in the config: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR',
    },
    message: { type: 'string', short: 'm', help: 'Comment in the history' },
    os: { type: 'string', help: 'Operating system that the image is for' },
    quiet: { type: 'bool', short: 'q', help: 'Without progress on stderr' },
    variant: { type: 'string', help: 'Variant of the architecture that the image is for' },
  },
  positionals: [1, 2],
  miscounted: {
    few: 'accepts between 1 and 2 arg(s), received 0',
    many: 'accepts between 1 and 2 arg(s): see --help for what they are',
  },
  async run(args, { ports, print, warn }) {
    const [source = '', name] = args.positionals;
    if (/^https?:\/\//.test(source))
      throw new BerthError(
        'unsupported',
        'cannot import from a URL: fetch it, and pipe it into berth import -',
      );
    const input = source === '-' ? { stream: process.stdin, created: now() } : openInput(source);
    const message = args.string('message');
    const id = await importImage(await ports(), {
      tar: input.stream,
      created: input.created,
      ...(name === undefined ? {} : { name }),
      ...(message === undefined ? {} : { message }),
      platform: platform(args),
      changes: args.strings('change'),
    });
    if (!args.bool('quiet')) {
      warn(`Copying config sha256:${id}`);
      warn('Writing manifest to image destination');
    }
    print(`sha256:${id}\n`);
    return 0;
  },
};

function platform(args: Arguments): { architecture: string; os: string; variant?: string } {
  const variant = args.string('variant');
  return {
    architecture: args.string('arch') || imageArchitecture(process.arch),
    os: args.string('os') || 'linux',
    ...(variant === undefined || variant === '' ? {} : { variant }),
  };
}

/** The image is as old as the file, as with Podman: the same file gives the same image. */
function openInput(file: string) {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch (error) {
    throw new BerthError('invalid', `error opening ${JSON.stringify(file)}: open ${file}: ${reason(error)}`, {
      cause: error,
    });
  }
  const stat = fstatSync(fd, { bigint: true });
  if (stat.isDirectory())
    throw new BerthError('invalid', `error reading ${JSON.stringify(file)}: read ${file}: is a directory`);
  const created = stat.isFile() ? goTimestamp(stat.mtimeNs) : now();
  return { stream: createReadStream(file, { fd, highWaterMark: 1 << 18 }), created };
}

function reason(error: unknown): string {
  return systemReason(error).replace(/^.*: /s, '');
}

function now(): string {
  return goTimestamp(BigInt(Date.now()) * 1_000_000n);
}
