/** Secrets, as the lifecycle's port. */
import type { Ports } from '../lifecycle/ports.ts';
import type { Settings } from '../model/settings.ts';
import { storagePaths } from '../storage/paths.ts';
import { secretStore } from '../storage/secrets.ts';

export function secretsPort({ stateDir }: Settings): Pick<Ports, 'secrets'> {
  return { secrets: secretStore(storagePaths(stateDir)) };
}
