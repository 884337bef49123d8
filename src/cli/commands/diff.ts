import { resolveImage } from '../../lifecycle/image/resolve.ts';
import type { Change, Layered, Ports } from '../../lifecycle/ports.ts';
import { BerthError } from '../../model/errors.ts';
import type { Arguments, Command, CommandContext, Flag } from '../command.ts';
import { findContainer, latestContainer, SELECTING } from '../select.ts';

const FORMAT: Flag = { type: 'string', help: 'json: as a JSON object' };
const LATEST = SELECTING.latest;

/** What a name may be of, and what is said of one that is none of it. */
interface Kind {
  container: boolean;
  image: boolean;
  notFound(name: string): string;
}

export const command: Command = {
  path: ['diff'],
  usage: 'CONTAINER|IMAGE [CONTAINER|IMAGE]',
  summary:
    "Show what a container has changed of its image's files, an image's top layer of those below it, or what makes the first of the second: Added, Changed, Deleted.",
  flags: { format: FORMAT, latest: LATEST },
  positionals: [0, Number.POSITIVE_INFINITY],
  run: (args, context) =>
    diff(args, context, {
      container: true,
      image: true,
      notFound: (name) => `${name} not found: layer not known`,
    }),
};

export const containerDiff: Command = {
  path: ['container', 'diff'],
  usage: 'CONTAINER [CONTAINER]',
  summary:
    "Show what a container has changed of its image's files, or what makes the first of the second: Added, Changed, Deleted.",
  flags: { format: FORMAT, latest: LATEST },
  positionals: [0, Number.POSITIVE_INFINITY],
  run: (args, context) =>
    diff(args, context, {
      container: true,
      image: false,
      notFound: (name) => `${name} not found: container not known`,
    }),
};

export const imageDiff: Command = {
  path: ['image', 'diff'],
  usage: 'IMAGE [IMAGE]',
  summary:
    "Show what an image's top layer has changed of those below it, or what makes the first image of the second: Added, Changed, Deleted.",
  flags: { format: FORMAT },
  positionals: [0, Number.POSITIVE_INFINITY],
  run: (args, context) =>
    diff(args, context, {
      container: false,
      image: true,
      notFound: (name) => `${name} not found: ${name}: image not known`,
    }),
};

async function diff(args: Arguments, { ports, print }: CommandContext, kind: Kind): Promise<number> {
  const [one, other, ...more] = args.positionals;
  const refuse = (text: string): never => {
    throw new BerthError('usage', text);
  };
  if (args.bool('latest')) {
    if (one !== undefined) refuse('--latest and containers cannot be used together');
  } else if (one === undefined && kind.container)
    refuse(`"berth ${kind.image ? '' : 'container '}diff" requires a name, id, or the "--latest" flag`);
  else if (one === undefined || more.length > 0)
    refuse(`accepts between 1 and 2 arg(s), received ${args.positionals.length}`);
  const format = args.string('format') ?? '';
  if (format !== '' && format !== 'json') refuse("only supported value for '--format' is 'json'");
  const opened = await ports();
  const tree = one === undefined ? latestContainer(opened).config : find(opened, one, kind);
  const changes =
    other === undefined
      ? await opened.rootfs.changes(tree)
      : await opened.rootfs.changesBetween(tree, find(opened, other, kind));
  if (format === 'json') print(`${JSON.stringify(asJson(changes), null, 5)}\n`);
  else print(changes.map(({ kind, path }) => `${kind} ${path}\n`).join(''));
  return 0;
}

function find(ports: Ports, name: string, { container, image, notFound }: Kind): Layered {
  const found = container ? findContainer(name, ports, { ignoreMissing: true }) : undefined;
  if (found !== undefined) return found.config;
  try {
    if (image) return { layers: resolveImage(ports.store, name).image.layers.map(({ diffId }) => diffId) };
  } catch (error) {
    if (!(error instanceof BerthError && (error.code === 'no-such-image' || error.code === 'invalid')))
      throw error;
  }
  throw new BerthError('no-such-container', notFound(name));
}

/** Podman's three lists, of which an empty one is left out. */
function asJson(changes: readonly Change[]): object {
  const lists = { changed: 'C', added: 'A', deleted: 'D' } as const;
  return Object.fromEntries(
    Object.entries(lists).flatMap(([key, wanted]) => {
      const paths = changes.filter(({ kind }) => kind === wanted).map(({ path }) => path);
      return paths.length === 0 ? [] : [[key, paths]];
    }),
  );
}
