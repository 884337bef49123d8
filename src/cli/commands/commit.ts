import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { commitContainer } from '../../lifecycle/image/commit.ts';
import { BerthError, messageOf, systemReason } from '../../model/errors.ts';
import type { DocumentConfig } from '../../model/image/change.ts';
import type { Arguments, Command } from '../command.ts';

export const command: Command = {
  path: ['commit'],
  usage: 'CONTAINER [NAME]',
  summary: 'Make an image of a container: its image, and what it has changed. Prints the ID.',
  flags: {
    author: { type: 'string', short: 'a', help: 'Author of the image' },
    change: {
      type: 'strings',
      short: 'c',
      help: 'Set in the config: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR',
    },
    config: { type: 'string', help: 'A file with a container config in JSON, merged into the config' },
    format: { type: 'string', short: 'f', help: 'oci or docker', default: 'oci' },
    iidfile: { type: 'string', help: 'Also write the ID into this file' },
    'include-volumes': { type: 'bool', help: 'What is mounted in the container become volumes of the image' },
    message: { type: 'string', short: 'm', help: 'Comment of the image, with --format docker' },
    pause: { type: 'bool', short: 'p', help: 'Freeze the container while it is copied' },
    quiet: { type: 'bool', short: 'q', help: 'Without progress on stderr' },
    squash: { type: 'bool', short: 's', help: 'All files in one layer' },
  },
  positionals: [1, 2],
  miscounted: {
    few: 'accepts between 1 and 2 arg(s), received 0',
    many: 'accepts between 1 and 2 arg(s): see --help for what they are',
  },
  async run(args, { ports, print, warn }) {
    const [container = '', name] = args.positionals;
    const [author, message] = [args.string('author'), args.string('message')];
    assertFormat(args);
    const overrides = readConfig(args.string('config') ?? '');
    const opened = await ports();
    const found = opened.store.findContainer(container);
    const file = args.string('iidfile') ?? '';
    const fd = file === '' ? undefined : openIdFile(file);
    const id = await commitContainer(opened, found, {
      ...(name === undefined ? {} : { name }),
      ...(author === undefined ? {} : { author }),
      ...(message === undefined ? {} : { message }),
      ...(overrides === undefined ? {} : { overrides }),
      changes: args.strings('change'),
      includeVolumes: args.bool('include-volumes'),
      pause: args.bool('pause'),
      squash: args.bool('squash'),
    });
    if (fd !== undefined) {
      writeSync(fd, id);
      closeSync(fd);
    }
    if (!args.bool('quiet')) {
      warn(`Copying config sha256:${id}`);
      warn('Writing manifest to image destination');
    }
    print(`${id}\n`);
    return 0;
  },
};

function assertFormat(args: Arguments): void {
  const format = args.string('format') ?? 'oci';
  if (format !== 'oci' && format !== 'docker')
    throw new BerthError('usage', `unrecognized image format ${JSON.stringify(format)}`);
  if (format === 'oci' && (args.string('message') ?? '') !== '')
    throw new BerthError('usage', 'messages are only compatible with the docker image format (-f docker)');
}

function readConfig(file: string): DocumentConfig | undefined {
  if (file === '') return undefined;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new BerthError('invalid', `--config: ${systemReason(error)}`, { cause: error });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as DocumentConfig;
  } catch (error) {
    throw new BerthError('invalid', `--config: ${file} is not JSON: ${messageOf(error)}`, { cause: error });
  }
  throw new BerthError('invalid', `--config: ${file} is not a JSON object`);
}

/** Before anything is made. */
function openIdFile(file: string): number {
  try {
    return openSync(file, 'w', 0o644);
  } catch (error) {
    throw new BerthError('invalid', `failed to write image ID: ${systemReason(error)}`, { cause: error });
  }
}
