/** containers.conf(5) of this host, as far as it is followed. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { CONTAINERS_CONF, type NetworkDefaults, networkDefaults } from '../model/containers-conf.ts';
import { isErrno } from '../model/errors.ts';
import { readFileIfAny } from '../sys/files.ts';

/** What --network means where it says nothing; $CONTAINERS_CONF and $CONTAINERS_CONF_OVERRIDE name files as they do for Podman. */
export function hostNetworkDefaults(env: Record<string, string | undefined> = process.env): NetworkDefaults {
  const { CONTAINERS_CONF: only, CONTAINERS_CONF_OVERRIDE: last } = env;
  const places = [...(only ? [only] : CONTAINERS_CONF.flatMap(filesOf)), ...(last ? [last] : [])];
  return networkDefaults(
    places.flatMap((file) => {
      const text = readFileIfAny(file);
      return text === undefined ? [] : [{ path: file, text }];
    }),
  );
}

function filesOf(place: string): string[] {
  if (!place.endsWith('.d')) return [place];
  try {
    return readdirSync(place)
      .filter((name) => name.endsWith('.conf'))
      .sort()
      .map((name) => path.join(place, name));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
