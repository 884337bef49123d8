import { BerthError } from '../../model/errors.ts';
import type { Command } from '../command.ts';
import { latestContainer } from '../select.ts';

export const command: Command = {
  path: ['port'],
  usage: 'CONTAINER [PORT[/PROTOCOL]]',
  summary: 'Show the published ports of a container.',
  flags: {
    all: { type: 'bool', short: 'a', help: 'Of all containers' },
    latest: { type: 'bool', short: 'l', help: 'Of the container that was created last' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, { ports }) {
    const all = args.bool('all');
    const latest = args.bool('latest');
    const words = args.positionals;
    if (all && words.length > 0) throw new BerthError('usage', 'no arguments are needed with --all');
    if (words.length > (latest ? 1 : 2)) throw new BerthError('usage', '`port` accepts at most 2 arguments');
    if (!all && !latest && words.length === 0)
      throw new BerthError('usage', 'you must supply a running container name or id');
    const port = latest ? words[0] : words[1];
    if (port !== undefined) checkPort(port);
    const { store } = await ports();
    // No container has published ports yet; one that does not exist is an error all the same.
    if (latest) latestContainer({ store });
    else if (!all) store.findContainer(words[0] ?? '');
    return 0;
  },
};

/** `80`, `80/tcp` */
function checkPort(text: string): void {
  const [number = '', , ...more] = text.split('/');
  if (more.length > 0) throw new BerthError('usage', `port formats are port/protocol. '${text}' is invalid`);
  if (!/^\d+$/.test(number) || Number(number) > 65_535)
    throw new BerthError('usage', `invalid port ${JSON.stringify(number)}: write a number up to 65535`);
}
