import { resolveImage } from '../../lifecycle/image/resolve.ts';
import { inspect } from '../../lifecycle/inspect.ts';
import { findNetwork } from '../../lifecycle/network/find.ts';
import type { Ports } from '../../lifecycle/ports.ts';
import { findVolume } from '../../lifecycle/volume/volumes.ts';
import { BerthError } from '../../model/errors.ts';
import { inspectImage } from '../../model/inspect/image.ts';
import type { Arguments, Command, CommandContext, Flag } from '../command.ts';
import { networkDetails } from '../network-select.ts';
import { findContainer, latestContainer } from '../select.ts';
import { volumeObject } from '../volume-select.ts';

const TYPES = ['image', 'container', 'pod', 'network', 'volume', 'all'];

const FORMAT: Flag = { type: 'string', short: 'f', help: 'json, or a Go template', default: 'json' };
const LATEST: Flag = { type: 'bool', short: 'l', help: 'The container that was created last' };
const SIZE: Flag = { type: 'bool', short: 's', help: 'Also how much a container has written' };

export const command: Command = {
  path: ['inspect'],
  usage: 'CONTAINER|IMAGE|VOLUME|NETWORK…',
  summary: 'Show everything about containers, images, volumes or networks, as a JSON array.',
  flags: {
    format: FORMAT,
    latest: LATEST,
    size: SIZE,
    type: { type: 'string', short: 't', help: 'container, image, volume, network or all', default: 'all' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  run: (args, context) => inspectAll(args.string('type') ?? 'all', args, context),
};

export const containerInspect: Command = {
  path: ['container', 'inspect'],
  usage: 'CONTAINER…',
  summary: 'Show everything about containers, as a JSON array.',
  flags: { format: FORMAT, latest: LATEST, size: SIZE },
  positionals: [0, Number.POSITIVE_INFINITY],
  run: (args, context) => inspectAll('container', args, context),
};

export const imageInspect: Command = {
  path: ['image', 'inspect'],
  usage: 'IMAGE…',
  summary: 'Show everything about images, as a JSON array.',
  flags: { format: FORMAT },
  positionals: [0, Number.POSITIVE_INFINITY],
  run: (args, context) => inspectAll('image', args, context),
};

/** Prints what is found, then says what is not. */
async function inspectAll(
  type: string,
  args: Arguments,
  { ports, print, warn }: CommandContext,
): Promise<number> {
  refuseConflicts(type, args);
  const opened = await ports();
  const names = args.bool('latest') ? [latestContainer(opened).config.id] : args.positionals;
  const found: Found[] = [];
  const missing: string[] = [];
  for (const name of names) {
    const object = await lookUp(name, { type, size: args.bool('size') }, opened);
    if (object === undefined) missing.push(notFound(name, type));
    else found.push(object);
  }
  const format = args.string('format') ?? 'json';
  if (format === 'json')
    print(
      `${JSON.stringify(
        found.map(({ object }) => object),
        null,
        5,
      )}\n`,
    );
  else await printTemplate(print, format, found);
  for (const text of missing) warn(`Error: ${text}`);
  return missing.length > 0 ? 125 : 0;
}

function refuseConflicts(type: string, args: Arguments): void {
  const refuse = (text: string): never => {
    throw new BerthError('usage', text);
  };
  if (!TYPES.includes(type))
    refuse(
      `invalid type ${JSON.stringify(type)}: must be "image", "container", "pod", "network", "volume", or "all"`,
    );
  const ofContainers = type === 'all' || type === 'container';
  for (const flag of ['latest', 'size'])
    if (args.bool(flag) && !ofContainers) refuse(`${flag} is not supported for type ${JSON.stringify(type)}`);
  if (args.bool('latest') && args.positionals.length > 0)
    refuse('--latest and arguments cannot be used together');
  if (!args.bool('latest') && args.positionals.length === 0) refuse('no names or ids specified');
}

/** Podman's words for each type. */
function notFound(name: string, type: string): string {
  if (type === 'all') return `no such object: ${JSON.stringify(name)}`;
  if (type === 'network')
    return `network ${name}: unable to find network with name or ID ${name}: network not found`;
  return type === 'image' ? `${name}: image not known` : `no such ${type} ${name}`;
}

interface Found {
  kind: 'container' | 'image' | 'network' | 'volume';
  object: object;
}

async function printTemplate(print: (text: string) => void, format: string, found: Found[]): Promise<void> {
  const { printFormatted } = await import('../format.ts');
  const { CONTAINER, INSPECT_ALIASES } = await import('../../model/template/shapes/container.ts');
  const { IMAGE } = await import('../../model/template/shapes/image.ts');
  const { NETWORK } = await import('../../model/template/shapes/network.ts');
  const { VOLUME } = await import('../../model/template/shapes/volume.ts');
  const types = { container: CONTAINER, image: IMAGE, network: NETWORK, volume: VOLUME };
  printFormatted(print, {
    kind: 'objects',
    name: 'inspect',
    format,
    aliases: INSPECT_ALIASES,
    objects: found.map(({ kind, object }) => ({ object, type: types[kind] })),
  });
}

async function lookUp(
  name: string,
  { type, size }: { type: string; size: boolean },
  ports: Ports,
): Promise<Found | undefined> {
  if (type === 'volume') return volume(name, ports);
  if (type === 'network') return network(name, ports);
  if (type !== 'all' && type !== 'container' && type !== 'image') return undefined; // there are none of it yet
  const container = type === 'image' ? undefined : findContainer(name, ports, { ignoreMissing: true });
  if (container !== undefined)
    return { kind: 'container', object: await inspect(ports, container, { size }) };
  if (type === 'container') return undefined;
  try {
    const { image } = resolveImage(ports.store, name);
    const layers = image.layers.map(({ diffId }) => diffId).toReversed();
    return { kind: 'image', object: inspectImage(image, ports.rootfs.layerDirectories(layers)) };
  } catch (error) {
    if (!(error instanceof BerthError && (error.code === 'no-such-image' || error.code === 'invalid')))
      throw error;
    return type === 'all' ? (volume(name, ports) ?? network(name, ports)) : undefined;
  }
}

function volume(name: string, ports: Ports): Found | undefined {
  try {
    return { kind: 'volume', object: volumeObject(ports, findVolume(ports, name)) };
  } catch (error) {
    if (error instanceof BerthError && (error.code === 'no-such-volume' || error.code === 'invalid'))
      return undefined;
    throw error;
  }
}

function network(name: string, ports: Ports): Found | undefined {
  try {
    return { kind: 'network', object: networkDetails(ports, findNetwork(ports, name)) };
  } catch (error) {
    if (error instanceof BerthError && (error.code === 'no-such-network' || error.code === 'invalid'))
      return undefined;
    throw error;
  }
}
