/** The definitions of networks as files, `/etc/containers/networks/NAME.json`: Podman's tools read and write the same. */
import { spawnSync } from 'node:child_process';
import { existsSync, linkSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { BerthError, isErrno, messageOf } from '../model/errors.ts';
import { networkObject } from '../model/inspect/network.ts';
import { DEFAULT_NETWORK, defaultNetwork, type NetworkDefinition } from '../model/network/network.ts';
import { makeDirectory, readFileIfAny, syncDirectory, writeFileAtomic } from '../sys/files.ts';

const SUFFIX = '.json';

/** `now` dates the default network where it has no file; `warn` hears of files that cannot be used. */
export function networkDefinitions(
  directory: string,
  { now, warn }: { now: () => string; warn: (line: string) => void },
) {
  const fileOf = (name: string): string => path.join(directory, `${name}${SUFFIX}`);
  const read = (name: string): NetworkDefinition | undefined => {
    const text = readFileIfAny(fileOf(name));
    if (text !== undefined) return parse(fileOf(name), name, text);
    return name === DEFAULT_NETWORK ? defaultNetwork(now()) : undefined;
  };

  return {
    list(): NetworkDefinition[] {
      const names = new Set([DEFAULT_NETWORK, ...namesIn(directory)]);
      return [...names].sort().flatMap((name) => {
        try {
          return read(name) ?? [];
        } catch (error) {
          warn(messageOf(error));
          return [];
        }
      });
    },

    get: (name: string): NetworkDefinition | undefined => (isFileName(name) ? read(name) : undefined),

    add(definition: NetworkDefinition): boolean {
      makeDirectory(directory, 0o755);
      sweep(directory);
      const temporary = path.join(directory, `.${definition.name}.${process.pid}.tmp`);
      try {
        writeFileSync(temporary, textOf(definition), { mode: 0o644, flush: true });
        // Unlike a rename, a link fails where another program was quicker.
        linkSync(temporary, fileOf(definition.name));
      } catch (error) {
        if (isErrno(error, 'EEXIST')) return false;
        throw error;
      } finally {
        rmSync(temporary, { force: true });
      }
      syncDirectory(directory);
      return true;
    },

    replace(definition: NetworkDefinition): void {
      makeDirectory(directory, 0o755);
      sweep(directory);
      writeFileAtomic(fileOf(definition.name), textOf(definition), { mode: 0o644, durable: true });
    },

    remove(name: string): void {
      rmSync(fileOf(name), { force: true });
    },

    hostSubnets,

    hostInterfaces: (): string[] => readdirSync('/sys/class/net'),
  };
}

/** ip(8) knows also the addresses of interfaces that have no carrier, which a bridge without ports has not. */
function hostSubnets(): string[] {
  const { status, stdout } = spawnSync('ip', ['-json', 'address', 'show'], { encoding: 'utf8' });
  if (status === 0) {
    const interfaces = JSON.parse(stdout) as { addr_info?: { local?: string; prefixlen?: number }[] }[];
    return interfaces.flatMap(({ addr_info = [] }) =>
      addr_info.flatMap(({ local, prefixlen }) => (local === undefined ? [] : `${local}/${prefixlen}`)),
    );
  }
  return Object.values(os.networkInterfaces()).flatMap((addresses = []) =>
    addresses.flatMap(({ cidr }) => cidr ?? []),
  );
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).flatMap((file) =>
      file.endsWith(SUFFIX) && isFileName(file) ? file.slice(0, -SUFFIX.length) : [],
    );
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

/** Removes what writers that were killed half way have left. */
function sweep(directory: string): void {
  for (const file of readdirSync(directory)) {
    const [, pid] = /^\..+\.(\d+)\.tmp$/.exec(file) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(path.join(directory, file), { force: true });
  }
}

/** A name that leads to no other directory, nor to a file half written. */
function isFileName(name: string): boolean {
  return name !== '' && !name.startsWith('.') && !name.includes('/') && !name.includes('\0');
}

/** As Podman indents it. */
function textOf(definition: NetworkDefinition): string {
  return `${JSON.stringify(networkObject(definition), undefined, 5)}\n`;
}

function parse(file: string, name: string, text: string): NetworkDefinition {
  const broken = (why: string): BerthError =>
    new BerthError('invalid', `network config ${file} cannot be used: ${why}: mend or remove it`);
  let parsed: Partial<NetworkDefinition> | null;
  try {
    parsed = JSON.parse(text) as Partial<NetworkDefinition> | null;
  } catch (error) {
    throw broken(messageOf(error));
  }
  if (typeof parsed !== 'object' || parsed === null || typeof parsed.driver !== 'string')
    throw broken('it says no driver');
  if (parsed.name !== name) throw broken(`it is of network ${JSON.stringify(parsed.name)}`);
  if (!/^[0-9a-f]{64}$/.test(parsed.id ?? '')) throw broken('its ID is not 64 hexadecimal digits');
  return {
    created: '0001-01-01T00:00:00Z',
    ipv6_enabled: false,
    internal: false,
    dns_enabled: false,
    ...(parsed as Pick<NetworkDefinition, 'name' | 'id' | 'driver'>),
  };
}
