/**
 * containers.conf(5) as far as Berth follows it: what network a container has when none was asked for. Everything else in it
 * is for other tools, or is the business of systemd here. Pure.
 */
import { BerthError } from './errors.ts';
import { type ConfFile, tomlSettings } from './toml.ts';

/** Later ones outrank earlier ones; a directory stands for its files whose names end with .conf, in order. */
export const CONTAINERS_CONF = [
  '/usr/share/containers/containers.conf',
  '/etc/containers/containers.conf',
  '/etc/containers/containers.conf.d',
];

export interface NetworkDefaults {
  /** As --network has it. */
  network: string;
  /** The network that `bridge` means. */
  defaultNetwork: string;
}

/** @throws BerthError `invalid` for a file that is no TOML. */
export function networkDefaults(files: readonly ConfFile[]): NetworkDefaults {
  const defaults: NetworkDefaults = { network: 'bridge', defaultNetwork: 'podman' };
  for (const file of files) {
    for (const { table, key, value } of tomlSettings(file, broken)) {
      if (typeof value !== 'string' || value === '') continue;
      if (table === 'containers' && key === 'netns')
        defaults.network = value === 'private' ? 'bridge' : value;
      if (table === 'network' && key === 'default_network') defaults.defaultNetwork = value;
    }
  }
  return defaults;
}

function broken({ path }: ConfFile, why: string): BerthError {
  return new BerthError('invalid', `reading config file ${JSON.stringify(path)}: ${why}`);
}
