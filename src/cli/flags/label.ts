/** The flags of labels and annotations. */
import { readFileSync } from 'node:fs';
import { fileLines } from '../../model/env.ts';
import { BerthError, systemReason } from '../../model/errors.ts';
import type { Arguments, Flag } from '../command.ts';
import { pairs } from '../entries.ts';

export const LABEL_FLAGS: Record<string, Flag> = {
  annotation: { type: 'strings', help: 'Add an annotation for the runtime, key=value' },
  label: { type: 'strings', short: 'l', help: 'Add a label, key=value' },
  'label-file': { type: 'strings', help: 'Read key=value lines of labels from a file' },
};

/** Of --label-file and --label, which comes before. Throws BerthError in Podman's words. */
export function labels(args: Arguments): Record<string, string> {
  return {
    ...Object.assign({}, ...args.strings('label-file').map(labelFile)),
    ...checkedLabels(args.strings('label')),
  };
}

/** Throws BerthError in Podman's words. */
export function checkedLabels(entries: string[]): Record<string, string> {
  for (const entry of entries) {
    if (entry === '' || entry.startsWith('='))
      throw new BerthError(
        'invalid',
        `unable to process labels: invalid label format: ${JSON.stringify(entry)}: write key=value`,
      );
  }
  return pairs(entries);
}

/** A name alone has an empty value, as after --label. */
function labelFile(file: string): Record<string, string> {
  const lines = fileLines(readLabels(file));
  const blank = lines.map((line) => line.split('=', 1)[0] ?? '').find((key) => /\s/.test(key));
  if (blank !== undefined)
    throw new BerthError(
      'invalid',
      `unable to process labels: name ${JSON.stringify(blank)} has white spaces, poorly formatted name`,
    );
  return checkedLabels(lines);
}

function readLabels(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new BerthError('invalid', `unable to process labels: ${systemReason(error)}`, { cause: error });
  }
}

/** Throws BerthError in Podman's words. */
export function annotations(args: Arguments): Record<string, string> {
  const entries = args.strings('annotation');
  if (entries.some((entry) => entry.indexOf('=') < 1))
    throw new BerthError('invalid', 'annotations must be formatted KEY=VALUE');
  return pairs(entries);
}
