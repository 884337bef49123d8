/** The flags that say which image is used, and how. */
import type { CreateRequest } from '../../model/create-config.ts';
import { BerthError } from '../../model/errors.ts';
import { parsePlatform } from '../../model/image/platform.ts';
import { parsePullPolicy } from '../../model/image/pull.ts';
import type { Arguments, Flag } from '../command.ts';
import { REGISTRY_FLAGS } from './pull.ts';

/** Of create and pull. */
export const PLATFORM_FLAGS: Record<string, Flag> = {
  arch: { type: 'string', help: 'Architecture that the image must be for' },
  os: { type: 'string', help: 'Operating system that the image must be for' },
  platform: { type: 'string', help: 'Both: OS/ARCHITECTURE[/VARIANT]' },
  variant: { type: 'string', help: 'Variant of the architecture that the image must be for' },
};

export const IMAGE_FLAGS: Record<string, Flag> = {
  ...PLATFORM_FLAGS,
  ...REGISTRY_FLAGS,
  'image-volume': {
    type: 'string',
    help: "What the image's volumes become: anonymous volumes, tmpfs, or directories (ignore)",
    default: 'anonymous',
  },
  pull: { type: 'string', help: 'The image: missing, never, always or newer', default: 'missing' },
  quiet: { type: 'bool', short: 'q', help: 'Say nothing of pulling' },
};

/** Throws BerthError in Podman's words. */
export function imageRequest(args: Arguments): Pick<CreateRequest, 'imageVolumes' | 'platform' | 'pull'> {
  return {
    ...imageVolumes(args.string('image-volume') || 'anonymous'),
    ...platformRequest(args),
    pull: parsePullPolicy(args.string('pull') || 'missing'),
  };
}

function imageVolumes(text: string): Pick<CreateRequest, 'imageVolumes'> {
  if (text === 'anonymous') return {};
  if (text === 'tmpfs' || text === 'ignore') return { imageVolumes: text };
  throw new BerthError(
    'invalid',
    `invalid image volume mode ${JSON.stringify(text)} required value: anonymous, tmpfs, ignore`,
  );
}

/** Throws BerthError 'usage' for flags that contradict each other. */
export function platformRequest(args: Arguments): Pick<CreateRequest, 'platform'> {
  const [whole = '', os = '', arch = '', variant = ''] = ['platform', 'os', 'arch', 'variant'].map(
    args.string,
  );
  if (whole !== '' && (os !== '' || arch !== ''))
    throw new BerthError('usage', '--platform option can not be specified with --arch or --os');
  const asked = parsePlatform(
    whole === '' ? [os, arch, variant].join('/') : [whole, variant].filter(Boolean).join('/'),
  );
  return Object.keys(asked).length === 0 ? {} : { platform: asked };
}
