import { startAttached } from '../../lifecycle/attach.ts';
import { dryStart } from '../../lifecycle/dry-run.ts';
import { saying } from '../../lifecycle/failure.ts';
import { startUnit } from '../../lifecycle/jobs.ts';
import { current } from '../../lifecycle/observe.ts';
import { BerthError } from '../../model/errors.ts';
import { verdict } from '../../model/state.ts';
import type { Arguments, Command, CommandContext } from '../command.ts';
import { DRY_RUN } from '../dry-run.ts';
import { forEach } from '../each.ts';
import { DETACH_KEYS, detachKeys, SIG_PROXY } from '../flags/attach.ts';
import { SELECTING, selectContainers } from '../select.ts';

export const command: Command = {
  path: ['start'],
  usage: 'CONTAINER…',
  summary:
    'Start containers: a systemd start job for the unit of each, waited for. Prints the names; with --attach, what the container prints, and exits with its exit code.',
  flags: {
    // Without Podman's short form of the other verbs: -a is --attach.
    all: { type: 'bool', help: 'All containers that do not run' },
    attach: { type: 'bool', short: 'a', help: 'Connect the output and the signals of one container' },
    'detach-keys': DETACH_KEYS,
    'dry-run': DRY_RUN,
    filter: SELECTING.filter,
    interactive: { type: 'bool', short: 'i', help: 'With --attach: connect standard input too' },
    latest: SELECTING.latest,
    'sig-proxy': { ...SIG_PROXY, default: 'true with --attach' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    assertConsistent(args);
    const dry = args.bool('dry-run');
    if (args.bool('attach') && !dry) return attach(args, context);
    const ports = await context.ports();
    return forEach(selectContainers(args, ports), context, async ({ word, container }) => {
      if (args.bool('all') && verdict('start', current(container, ports).state.status) === 'done') return;
      if (dry) return context.print(dryStart(ports, { container }));
      await startUnit(ports, container);
      context.print(`${word}\n`);
    });
  },
};

/** What is said otherwise, or more strictly, than by the verbs that have the same flags. */
function assertConsistent(args: Arguments): void {
  const named = args.positionals.length > 0;
  const [all, latest, filter] = [args.bool('all'), args.bool('latest'), args.has('filter')];
  const rules: [boolean, string][] = [
    [named && all, 'either start all containers or the container(s) provided in the arguments'],
    [all && args.bool('attach'), 'you cannot start and attach all containers at once'],
    [!(named || all || latest || filter), 'start requires at least one argument'],
    [
      args.bool('attach') && args.positionals.length > 1,
      'you cannot start and attach multiple containers at once',
    ],
    [
      args.bool('sig-proxy') && !args.bool('attach'),
      'you cannot use sig-proxy without --attach: invalid argument',
    ],
  ];
  const broken = rules.find(([isBroken]) => isBroken);
  if (broken !== undefined) throw new BerthError('usage', broken[1]);
}

async function attach(args: Arguments, { ports }: CommandContext): Promise<number> {
  const keys = detachKeys(args);
  const opened = await ports();
  const [selected, ...others] = selectContainers(args, opened);
  if (selected === undefined) return 0;
  if (others.length > 0)
    throw new BerthError('usage', 'you cannot start and attach multiple containers at once');
  const { container } = selected;
  return saying(
    'start',
    container,
    startAttached(opened, container, {
      stdin: args.bool('interactive'),
      stdout: true,
      stderr: true,
      detachKeys: keys,
      sigProxy: args.bool('sig-proxy', true),
    }),
  );
}
