import { attachToRunning } from '../../lifecycle/attach.ts';
import type { Ports } from '../../lifecycle/ports.ts';
import { BerthError } from '../../model/errors.ts';
import type { ContainerRecord } from '../../model/records.ts';
import type { Arguments, Command } from '../command.ts';
import { DETACH_KEYS, detachKeys, SIG_PROXY } from '../flags/attach.ts';
import { latestContainer, SELECTING } from '../select.ts';

export const command: Command = {
  path: ['attach'],
  usage: 'CONTAINER',
  summary: 'Connect this terminal or these streams with a running container. Exits with its exit code.',
  flags: {
    'detach-keys': DETACH_KEYS,
    latest: SELECTING.latest,
    'no-stdin': { type: 'bool', help: 'Leave standard input alone' },
    'sig-proxy': SIG_PROXY,
  },
  positionals: [0, 1],
  miscounted: { many: '`berth attach` accepts at most one argument' },
  async run(args, { ports }) {
    const opened = await ports();
    const container = chosen(args, opened);
    const { interactive, terminal } = container.config;
    return attachToRunning(opened, container, {
      stdin: !args.bool('no-stdin') && (interactive || terminal),
      stdout: true,
      stderr: true,
      detachKeys: detachKeys(args),
      sigProxy: args.bool('sig-proxy', true),
    });
  },
};

function chosen({ bool, positionals: [name] }: Arguments, ports: Ports): ContainerRecord {
  if (name !== undefined && bool('latest'))
    throw new BerthError('usage', '--latest and containers cannot be used together');
  if (bool('latest')) return latestContainer(ports);
  if (name === undefined)
    throw new BerthError('usage', '"berth attach" requires a name, id, or the "--latest" flag');
  return ports.store.findContainer(name);
}
