/** pull: images from registries and other places, into the layer store and the image table. */
import { BerthError, messageOf } from '../../model/errors.ts';
import type { Platform } from '../../model/image/platform.ts';
import { isFor } from '../../model/image/platform.ts';
import {
  type Candidates,
  isShortName,
  localNames,
  type Place,
  type PullPolicy,
  parsePlace,
  pullCandidates,
  type RegistryAccess,
  repositoryOf,
} from '../../model/image/pull.ts';
import type { ImageRecord } from '../../model/records.ts';
import type { FetchProgress, ImageSource, Ports } from '../ports.ts';
import { recordImages } from './load.ts';
import { type FoundImage, findLocalImage } from './resolve.ts';

export type PullPorts = Pick<Ports, 'host' | 'store' | 'now' | 'imageSource'>;

/** Who is told what happens. */
export interface PullListener {
  say(line: string): void;
  onProgress(progress: FetchProgress): void;
  /** Also without progress. */
  warn(line: string): void;
  reportEveryMs?: number;
}

export interface PullOptions {
  access: RegistryAccess;
  policy: PullPolicy;
  platform?: Platform;
  listener: PullListener;
}

/** What a person has to know who takes an image from another tool's storage. */
const IN_PLACE =
  'The layers stay in containers/storage: a tool that removes the image there takes them away from containers here, too';

/**
 * Pulls what a name, or a place like `docker-archive:FILE`, stands for; with a policy other than always, an image that is
 * here may do. Returns it as it is recorded, with the name it has (its ID if it has none); several of an archive that
 * holds several. Throws BerthError 'registry' or 'no-such-image' in Podman's words.
 */
export async function pullImages(
  ports: PullPorts,
  text: string,
  options: PullOptions,
): Promise<FoundImage[]> {
  const place = parsePlace(text);
  if (place.transport === 'containers-storage') {
    options.listener.say(IN_PLACE);
    // Its name is the one it has there.
    return fetched(ports, place, { ...options, names: [] });
  }
  if (place.transport !== 'docker') return fetched(ports, place, { ...options, names: localNames(place) });
  const here = findLocalImage(ports.store, place.name);
  const fits = here !== undefined && isFor(here.image.config, options.platform ?? {}) ? here : undefined;
  const { policy } = options;
  if (fits !== undefined && (policy === 'missing' || policy === 'never')) return [fits];
  if (policy === 'never') throw notKnown(text);
  if (here !== undefined && isIdOf(here.image, place.name)) {
    if (policy !== 'always' && fits !== undefined) return [fits];
    throw new BerthError(
      'invalid',
      `pull policy is ${policy} but image has been referred to by ID (${text}): write its name`,
    );
  }
  // A short name is that of the image which it means here.
  const name = here !== undefined && isShortName(place.name) ? here.name : place.name;
  return fromRegistries(ports, pullCandidates(name, (await ports.imageSource()).shortNames()), {
    ...options,
    ...(fits === undefined ? {} : { here: fits }),
  });
}

/** Every tag of a repository, each pulled by itself. */
export async function pullAllTags(
  ports: PullPorts,
  text: string,
  options: PullOptions,
): Promise<FoundImage[]> {
  const place = parsePlace(text);
  if (place.transport !== 'docker')
    throw new BerthError('usage', `pulling all tags is not supported for ${place.transport} transport`);
  const source = await ports.imageSource();
  const { names, say } = pullCandidates(repositoryOf(place.name), source.shortNames());
  if (say !== undefined) options.listener.say(say);
  const all: FoundImage[] = [];
  const repository = repositoryOf(names[0] ?? '');
  for (const tag of await source.tags(repository, listening(options)))
    all.push(...(await fromRegistries(ports, { names: [`${repository}:${tag}`] }, options)));
  return all;
}

async function fromRegistries(
  ports: PullPorts,
  { names, say }: Candidates,
  options: PullOptions & { here?: FoundImage },
): Promise<FoundImage[]> {
  const { listener, policy, here } = options;
  const failures: BerthError[] = [];
  let told = say === undefined;
  for (const name of names) {
    try {
      if (policy === 'newer' && here !== undefined && !(await isNewer(ports, name, { ...options, here })))
        return [here];
      if (!told && say !== undefined) listener.say(say);
      told = true;
      listener.say(`Trying to pull ${name}...`);
      return await fetched(ports, { transport: 'docker', name }, { ...options, names: [name] });
    } catch (error) {
      // Only what another registry could do better: neither a full disk nor a program that is missing.
      if (!(error instanceof BerthError) || error.code !== 'registry') throw error;
      failures.push(error);
    }
  }
  if (policy === 'newer' && here !== undefined) return [here];
  const [only] = failures;
  if (only !== undefined && failures.length === 1) throw only;
  throw new BerthError(
    'registry',
    `${failures.length} errors occurred while pulling: ${failures.map(messageOf).join('; ')}`,
  );
}

async function isNewer(
  ports: PullPorts,
  name: string,
  options: PullOptions & { here: FoundImage },
): Promise<boolean> {
  // One try, and nothing is said: what is here will do, as for Podman.
  const once = { access: { ...options.access, retries: 0 }, onWarning: () => {} };
  const digest = await (await ports.imageSource()).digest(name, once);
  const { image } = options.here;
  return digest !== image.digest && digest !== image.listDigest;
}

async function fetched(
  ports: PullPorts,
  place: Place,
  options: PullOptions & { names: string[] },
): Promise<FoundImage[]> {
  const { platform, names, listener } = options;
  const source: ImageSource = await ports.imageSource();
  const images = await source.fetch(place, {
    ...listening(options),
    names,
    ...(platform === undefined ? {} : { platform }),
    onProgress: listener.onProgress,
    ...(listener.reportEveryMs === undefined ? {} : { reportEveryMs: listener.reportEveryMs }),
  });
  for (const { warnings } of images) for (const warning of warnings) listener.warn(`WARNING: ${warning}`);
  return recordImages(ports, images, 'pull').map((image) => ({ image, name: image.names[0] ?? image.id }));
}

function listening({ access, listener }: PullOptions): {
  access: RegistryAccess;
  onWarning(line: string): void;
} {
  return { access, onWarning: listener.warn };
}

function isIdOf({ id }: ImageRecord, text: string): boolean {
  const digits = text.replace(/^sha256:/, '');
  return digits.length > 0 && id.startsWith(digits);
}

function notKnown(text: string): BerthError {
  return new BerthError('no-such-image', `${text}: image not known: pull it first with berth pull`);
}
