/** What an image must be for: `OS[/ARCHITECTURE[/VARIANT]]`. Pure. */
import { BerthError } from '../errors.ts';
import type { ImageConfig } from './image.ts';

/** In the words of image configs; absent ones may be any. */
export interface Platform {
  os?: string;
  architecture?: string;
  variant?: string;
}

/** Other names of architectures, as uname(1) has them. */
const ARCHITECTURES: Record<string, string> = { x86_64: 'amd64', aarch64: 'arm64' };
/** The variant that an architecture has if nothing is said. */
const BASE_VARIANTS: Record<string, string> = { amd64: 'v1', arm64: 'v8' };

/** Parts may be empty. Throws BerthError 'invalid' for more than three. */
export function parsePlatform(text: string): Platform {
  const [os = '', architecture = '', variant = '', ...more] = text.toLowerCase().split('/');
  if (more.length > 0)
    throw new BerthError(
      'invalid',
      `${JSON.stringify(text)}: cannot parse platform specifier: invalid argument`,
    );
  return {
    ...(os === '' ? {} : { os }),
    ...(architecture === '' ? {} : { architecture: ARCHITECTURES[architecture] ?? architecture }),
    ...(variant === '' ? {} : { variant }),
  };
}

export function isFor(
  image: Pick<ImageConfig, 'os' | 'architecture' | 'variant'>,
  { os = image.os, architecture = image.architecture, variant }: Platform,
): boolean {
  const base = BASE_VARIANTS[image.architecture] ?? '';
  return (
    os === image.os &&
    architecture === image.architecture &&
    (variant === undefined || variant === (image.variant || base))
  );
}
