import { dryRemove } from '../../lifecycle/dry-run.ts';
import type { Ports } from '../../lifecycle/ports.ts';
import { reloadOnce } from '../../lifecycle/reload-once.ts';
import { beginForcedRemovals, removeContainer } from '../../lifecycle/remove.ts';
import { removeBroken } from '../../lifecycle/remove-broken.ts';
import { BerthError } from '../../model/errors.ts';
import type { BrokenRecord } from '../../model/records.ts';
import type { Arguments, Command } from '../command.ts';
import { DRY_RUN } from '../dry-run.ts';
import { forEach } from '../each.ts';
import { SELECTING, selectContainers, withDependents } from '../select.ts';

export const command: Command = {
  path: ['rm'],
  usage: 'CONTAINER…',
  summary: 'Remove containers with their units and what they wrote. Prints the names.',
  flags: {
    all: SELECTING.all('All containers'),
    cidfile: SELECTING.cidfile,
    depend: { type: 'bool', help: 'Remove the containers that need these too, before them' },
    'dry-run': DRY_RUN,
    filter: { type: 'strings', help: SELECTING.filter.help },
    force: { type: 'bool', short: 'f', help: 'Stop running ones first; one that does not exist is no error' },
    ignore: { type: 'bool', short: 'i', help: 'A container that does not exist is no error' },
    latest: SELECTING.latest,
    time: {
      type: 'int',
      short: 't',
      help: 'With --force: seconds between the stop signal and SIGKILL; -1: no SIGKILL',
    },
    volumes: { type: 'bool', short: 'v', help: 'Remove their anonymous volumes too' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const force = args.bool('force');
    const ignore = args.bool('ignore');
    const seconds = args.int('time');
    if (seconds !== undefined && !force)
      throw new BerthError('usage', '--force option must be specified to use the --time option');
    const ports = await context.ports();
    const dry = args.bool('dry-run');
    const broken = force && !dry ? findBroken(args, ports) : [];
    const failed = await forEach(broken, context, async ({ word, record }) => {
      await removeBroken(ports, record);
      context.print(`${word}\n`);
    });
    const left = args.positionals.filter((name) => !broken.some(({ word }) => word === name));
    if (left.length === 0 && args.positionals.length > 0) return failed;
    const selected = selectContainers({ ...args, positionals: left }, ports, {
      ignoreMissing: force || ignore,
      ignoreMissingFile: ignore,
      notFound,
    });
    // Of all containers, those that need others go first.
    const ordered = args.bool('depend') || args.bool('all') ? withDependents(selected, ports) : selected;
    if (dry) {
      return forEach(ordered, context, async ({ container }) =>
        context.print(dryRemove(ports, container, { force, timeoutSeconds: seconds })),
      );
    }
    const containers = ordered.map(({ container }) => container);
    const stops = force ? await beginForcedRemovals(ports, containers, seconds) : {};
    const volumes = args.bool('volumes');
    const exitCode = await reloadOnce(ports, ordered.length, (how) =>
      forEach(ordered, context, async ({ word, container }) => {
        await removeContainer(ports, container, { force, volumes, ...stops, ...how });
        context.print(`${word}\n`);
      }),
    );
    return failed || exitCode;
  },
};

/** The rows that cannot be read among those that are named, or all. */
function findBroken(
  args: Arguments,
  { store }: Pick<Ports, 'store'>,
): { word: string; record: BrokenRecord }[] {
  if (args.bool('all')) return store.listContainers().broken.map((record) => ({ word: record.id, record }));
  return args.positionals.flatMap((word) => {
    const record = store.brokenContainer(word);
    return record === undefined ? [] : [{ word, record }];
  });
}

/** `rm` has an exit code and an order of words of its own for this, in Podman and here. */
function notFound(name: string): BerthError {
  return new BerthError(
    'no-such-container',
    `no container with ID or name ${JSON.stringify(name)} found: no such container`,
    { exitCode: 1 },
  );
}
