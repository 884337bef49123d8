import type { Change, Ports } from '../../lifecycle/ports.ts';
import { resolveImage } from '../../lifecycle/resolve-image.ts';
import { BerthError } from '../../model/errors.ts';
import type { Command } from '../command.ts';
import { findContainer, latestContainer, SELECTING } from '../select.ts';

export const command: Command = {
  path: ['diff'],
  usage: 'CONTAINER|IMAGE',
  summary:
    "Show what a container has changed of its image's files, or an image's top layer of those below: Added, Changed, Deleted.",
  flags: { format: { type: 'string', help: 'json: as a JSON object' }, latest: SELECTING.latest },
  positionals: [0, 1],
  async run(args, { ports, print }) {
    const format = args.string('format') ?? '';
    if (format !== '' && format !== 'json')
      throw new BerthError('usage', "only supported value for '--format' is 'json'");
    const [name] = args.positionals;
    if (name !== undefined && args.bool('latest'))
      throw new BerthError('usage', '--latest and containers cannot be used together');
    if (name === undefined && !args.bool('latest'))
      throw new BerthError('usage', '"berth diff" requires a name, id, or the "--latest" flag');
    const opened = await ports();
    const changes = await (name === undefined
      ? opened.rootfs.changes(latestContainer(opened).config)
      : changesOf(opened, name));
    if (format === 'json') print(`${JSON.stringify(asJson(changes), null, 5)}\n`);
    else print(changes.map(({ kind, path }) => `${kind} ${path}\n`).join(''));
    return 0;
  },
};

async function changesOf(ports: Ports, name: string): Promise<Change[]> {
  const container = findContainer(name, ports, { ignoreMissing: true });
  if (container !== undefined) return ports.rootfs.changes(container.config);
  const image = findImage(ports, name);
  return ports.rootfs.imageChanges(image.layers.map(({ diffId }) => diffId));
}

function findImage({ store }: Pick<Ports, 'store'>, name: string) {
  try {
    return resolveImage(store, name).image;
  } catch (error) {
    if (!(error instanceof BerthError && (error.code === 'no-such-image' || error.code === 'invalid')))
      throw error;
    throw new BerthError('no-such-container', `${name} not found: layer not known`);
  }
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
