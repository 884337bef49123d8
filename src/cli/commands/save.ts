import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { imagesToSave, saveImages } from '../../lifecycle/image/save.ts';
import type { Ports } from '../../lifecycle/ports.ts';
import { BerthError } from '../../model/errors.ts';
import { IMAGE_FORMATS, type ImageFormat, type SavedImage } from '../../model/image/archive.ts';
import { printsToTerminal } from '../../wiring/output.ts';
import type { Arguments, Command, CommandContext } from '../command.ts';

export const command: Command = {
  path: ['save'],
  usage: 'IMAGE [NAME…]',
  summary:
    'Write an image, under its name and the others given, as what load takes: to a file, a directory, or standard output.',
  flags: {
    compress: { type: 'bool', help: 'With --format docker-dir: layers packed with gzip' },
    format: { type: 'string', help: IMAGE_FORMATS.join(', '), default: 'docker-archive' },
    'multi-image-archive': {
      type: 'bool',
      short: 'm',
      help: 'Each argument is an image of its own (docker-archive only)',
    },
    output: { type: 'string', short: 'o', help: 'The file or directory to write' },
    quiet: { type: 'bool', short: 'q', help: 'Without progress on stderr' },
    uncompressed: { type: 'bool', help: 'Accepted: layers are never packed, but by --compress' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const format = checkedFormat(args);
    const output = checkedOutput(args, format);
    const opened = await context.ports();
    const images = imagesToSave(opened.store, args.positionals, args.bool('multi-image-archive'));
    if (output !== undefined && !args.bool('quiet')) tellProgress(images, context);
    const { imageFiles } = opened;
    await saveImages(opened, { images, target: output ?? '' }, () =>
      write(imageFiles, images, { format, output, compress: args.bool('compress'), stream: context.stream }),
    );
    return 0;
  },
};

interface Destination {
  format: ImageFormat;
  output: string | undefined;
  compress: boolean;
  stream: CommandContext['stream'];
}

async function write(
  imageFiles: Ports['imageFiles'],
  images: readonly SavedImage[],
  { format, output, compress, stream }: Destination,
): Promise<void> {
  if (format === 'oci-dir' || format === 'docker-dir') {
    for (const image of images) await imageFiles.writeDirectory(output ?? '', image, { format, compress });
  } else if (output === undefined) await stream(imageFiles.archive(format, images));
  else await imageFiles.writeArchive(output, format, images);
}

/** Podman's rules, in its words. */
function checkedFormat(args: Arguments): ImageFormat {
  if (args.positionals.length === 0) throw new BerthError('usage', 'need at least 1 argument');
  const text = args.string('format') ?? 'docker-archive';
  const format = IMAGE_FORMATS.find((one) => one === text);
  if (format === undefined)
    throw new BerthError('usage', `format value must be one of ${IMAGE_FORMATS.join(' ')}`);
  if (args.bool('compress') && format !== 'docker-dir')
    throw new BerthError('usage', "--compress can only be set when --format is 'docker-dir'");
  if (args.bool('multi-image-archive') && args.positionals.length > 1 && format !== 'docker-archive')
    throw new BerthError(
      'usage',
      `unsupported format "${format}" for saving multiple images (only docker-archive)`,
    );
  return format;
}

function checkedOutput(args: Arguments, format: ImageFormat): string | undefined {
  const output = args.string('output') || undefined;
  const isDirectory = format === 'oci-dir' || format === 'docker-dir';
  if (output === undefined) {
    if (isDirectory)
      throw new BerthError('usage', `--format ${format} writes a directory: name it with --output`);
    if (printsToTerminal())
      throw new BerthError('usage', 'refusing to save to terminal. Use -o flag or redirect');
    return undefined;
  }
  if (output.includes(':'))
    throw new BerthError('usage', `invalid filename (should not contain ':') ${JSON.stringify(output)}`);
  const there = statSync(output, { throwIfNoEntry: false });
  const why = there?.isDirectory() ? 'is a directory' : 'no such file or directory';
  if (!isDirectory && (there?.isDirectory() || !existsSync(path.dirname(output))))
    throw new BerthError('storage', `opening file ${JSON.stringify(output)}: open ${output}: ${why}`);
  if (!isDirectory && there?.isFile() && there.size > 0)
    throw new BerthError(
      'invalid',
      `${format} doesn't support modifying existing images: remove ${output} first, or name another file`,
    );
  if (isDirectory && there !== undefined && !there.isDirectory())
    throw new BerthError('invalid', `open ${output}: not a directory`);
  return output;
}

/** Podman's lines. */
function tellProgress(images: readonly SavedImage[], { warn }: CommandContext): void {
  for (const { id, layers } of images) {
    for (const { diffId } of layers) warn(`Copying blob sha256:${diffId}`);
    warn(`Copying config sha256:${id}`);
  }
  warn('Writing manifest to image destination');
}
