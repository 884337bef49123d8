/** The flags that say whose namespaces a container uses and which containers it needs. */
import type { CreateRequest } from '../../model/create-config.ts';
import {
  DEFAULT_MODES,
  type NamespaceConfig,
  parseNamespaceMode,
  type UserMode,
} from '../../model/namespace.ts';
import { parseUserNamespace, type UserNamespaceRequest } from '../../model/user-namespace/user-namespace.ts';
import type { Arguments, Flag } from '../command.ts';
import { listed } from '../entries.ts';

export const NAMESPACE_FLAGS: Record<string, Flag> = {
  cgroupns: {
    type: 'string',
    help: 'Cgroup namespace: private, host, container:NAME or ns:PATH',
    default: 'private',
  },
  gidmap: {
    type: 'strings',
    help: 'Groups of a user namespace of its own, [FLAGS]CONTAINER-ID:HOST-ID[:SIZE]',
  },
  ipc: {
    type: 'string',
    help: 'IPC namespace: private, shareable, none, host, container:NAME or ns:PATH',
    default: 'private',
  },
  pid: {
    type: 'string',
    help: 'PID namespace: private, host, container:NAME or ns:PATH',
    default: 'private',
  },
  requires: {
    type: 'strings',
    help: 'Containers that must run when this one starts, and are started before it',
  },
  subgidname: { type: 'string', help: 'Whose groups of /etc/subgid a user namespace of its own has' },
  subuidname: { type: 'string', help: 'Whose IDs of /etc/subuid a user namespace of its own has' },
  uidmap: {
    type: 'strings',
    help: 'Users of a user namespace of its own, [FLAGS]CONTAINER-ID:HOST-ID[:SIZE]',
  },
  userns: {
    type: 'string',
    help: 'User namespace: host, auto[:OPTIONS], keep-id, private, container:NAME or ns:PATH',
    default: 'host',
  },
  uts: {
    type: 'string',
    help: 'UTS namespace: private, host, container:NAME or ns:PATH',
    default: 'private',
  },
};

/** Names stay as typed: create looks them up. */
export function namespaceRequest(
  args: Arguments,
): Pick<CreateRequest, 'namespaces' | 'requires' | 'userNamespace'> {
  const userNamespace = parseUserNamespace(args.string('userns') ?? '', {
    uidMaps: args.strings('uidmap').flatMap(listed),
    gidMaps: args.strings('gidmap').flatMap(listed),
    subUidName: args.string('subuidname') ?? '',
    subGidName: args.string('subgidname') ?? '',
  });
  const modes: NamespaceConfig = {
    pid: parseNamespaceMode(args.string('pid') ?? ''),
    ipc: parseNamespaceMode(args.string('ipc') ?? '', ['shareable', 'none']),
    uts: parseNamespaceMode(args.string('uts') ?? ''),
    cgroup: parseNamespaceMode(args.string('cgroupns') ?? ''),
    user: userMode(userNamespace),
  };
  const own = Object.entries(modes).filter(
    ([name, mode]) => mode !== DEFAULT_MODES[name as keyof NamespaceConfig],
  );
  const requires = args
    .strings('requires')
    .flatMap((text) => text.split(','))
    .filter((name) => name !== '');
  return {
    ...(own.length === 0 ? {} : { namespaces: Object.fromEntries(own) }),
    ...(requires.length === 0 ? {} : { requires }),
    ...(userNamespace === undefined ? {} : { userNamespace }),
  };
}

function userMode(request: UserNamespaceRequest | undefined): UserMode {
  if (request === undefined) return 'host';
  if ('joined' in request) return request.joined;
  return 'auto' in request ? 'auto' : 'private';
}
