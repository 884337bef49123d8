import { networkOwner } from '../../lifecycle/joined-namespaces.ts';
import { listContainers } from '../../lifecycle/list.ts';
import { current } from '../../lifecycle/observe.ts';
import type { Ports } from '../../lifecycle/ports.ts';
import { BerthError } from '../../model/errors.ts';
import { shortId } from '../../model/name.ts';
import { type AskedPort, parseAskedPort, portLines } from '../../model/network/port-display.ts';
import type { ContainerRecord } from '../../model/records.ts';
import type { Command } from '../command.ts';
import { latestContainer } from '../select.ts';

export const command: Command = {
  path: ['port'],
  usage: 'CONTAINER [PORT[/PROTOCOL]]',
  summary: 'Show the published ports of a running container.',
  flags: {
    all: { type: 'bool', short: 'a', help: 'Of all containers' },
    latest: { type: 'bool', short: 'l', help: 'Of the container that was created last' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, { ports: open, print }) {
    const all = args.bool('all');
    const latest = args.bool('latest');
    const words = args.positionals;
    if (all && latest) throw new BerthError('usage', '--all and --latest cannot be used together');
    if (all && words.length > 0) throw new BerthError('usage', 'no arguments are needed with --all');
    if (words.length > (latest ? 1 : 2)) throw new BerthError('usage', '`port` accepts at most 2 arguments');
    if (!all && !latest && words.length === 0)
      throw new BerthError('usage', 'you must supply a running container name or id');
    const text = (latest ? words[0] : words[1]) ?? '';
    const asked = text === '' ? undefined : parseAskedPort(text);
    const ports = await open();
    const containers = all
      ? listContainers(ports).containers
      : [latest ? latestContainer(ports) : ports.store.findContainer(words[0] ?? '')];
    for (const container of containers) {
      const lead = all ? `${shortId(container.config.id)}\t` : '';
      for (const line of linesOf(ports, container, asked)) print(`${lead}${line}\n`);
    }
    return 0;
  },
};

/** Of one that does not run, nothing leads anywhere. */
function linesOf(ports: Ports, container: ContainerRecord, asked: AskedPort | undefined): string[] {
  if (current(container, ports).state.status !== 'running') return [];
  return portLines(networkOwner(ports.store, container.config).ports, asked);
}
