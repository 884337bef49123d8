/** The flags that say whose namespaces a container uses and which containers it needs. */
import type { NetworkMode } from '../model/config.ts';
import type { CreateRequest } from '../model/create-config.ts';
import { BerthError } from '../model/errors.ts';
import { type NamespaceConfig, parseJoined, parseNamespaceMode } from '../model/namespace.ts';
import type { Arguments, Flag } from './command.ts';

export const NAMESPACE_FLAGS: Record<string, Flag> = {
  cgroupns: {
    type: 'string',
    help: 'Cgroup namespace: private, host, container:NAME or ns:PATH',
    default: 'private',
  },
  ipc: {
    type: 'string',
    help: 'IPC namespace: private, shareable, none, host, container:NAME or ns:PATH',
    default: 'private',
  },
  network: { type: 'strings', help: 'none, host, container:NAME or ns:PATH', default: 'none' },
  pid: {
    type: 'string',
    help: 'PID namespace: private, host, container:NAME or ns:PATH',
    default: 'private',
  },
  requires: {
    type: 'strings',
    help: 'Containers that must run when this one starts, and are started before it',
  },
  userns: { type: 'string', help: 'User namespace: host', default: 'host' },
  uts: {
    type: 'string',
    help: 'UTS namespace: private, host, container:NAME or ns:PATH',
    default: 'private',
  },
};

/** Names stay as typed: create looks them up. */
export function namespaceRequest(
  args: Arguments,
): Pick<CreateRequest, 'network' | 'namespaces' | 'requires'> {
  refuseUserNamespace(args.string('userns') ?? '');
  const modes: NamespaceConfig = {
    pid: parseNamespaceMode(args.string('pid') ?? ''),
    ipc: parseNamespaceMode(args.string('ipc') ?? '', ['shareable', 'none']),
    uts: parseNamespaceMode(args.string('uts') ?? ''),
    cgroup: parseNamespaceMode(args.string('cgroupns') ?? ''),
  };
  const own = Object.entries(modes).filter(([, mode]) => mode !== 'private');
  const requires = args
    .strings('requires')
    .flatMap((text) => text.split(','))
    .filter((name) => name !== '');
  return {
    network: networkMode(args.strings('network').filter((text) => text !== '')),
    ...(own.length === 0 ? {} : { namespaces: Object.fromEntries(own) }),
    ...(requires.length === 0 ? {} : { requires }),
  };
}

function networkMode([text = 'none', ...others]: string[]): NetworkMode {
  if (others.length > 0)
    throw new BerthError(
      'invalid',
      `cannot set multiple networks without bridge network mode, selected mode ${text}: invalid argument`,
    );
  if (text === 'none' || text === 'host') return text;
  const joined = parseJoined(text);
  if (joined !== undefined) return joined;
  throw new BerthError(
    'unsupported',
    `unable to find network with name or ID ${text}: network not found: only --network none, host, container:NAME and ns:PATH exist yet`,
  );
}

function refuseUserNamespace(text: string): void {
  const mode = text.replace(/^(auto|keep-id|nomap)(:.*)?$/, 'private');
  if (parseNamespaceMode(mode) === 'host' || text === '') return;
  throw new BerthError(
    'unsupported',
    `user namespaces do not exist yet (--userns ${text}): leave it out, or use host`,
  );
}
