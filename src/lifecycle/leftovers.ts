/** What a run that nobody cleaned up has left. */
import type { Leftovers } from '../model/plan/start.ts';
import { isHeldMounted } from './mount.ts';
import type { Ports } from './ports.ts';

/** A root that `berth mount` holds is none. */
export function leftoversOf(
  ports: Pick<Ports, 'host' | 'store' | 'runtime' | 'rootfs'>,
  id: string,
): Leftovers {
  return {
    mounted: ports.rootfs.isMounted(id) && !isHeldMounted(ports, id),
    bundle: ports.host.exists(ports.runtime.files(id).bundle),
  };
}
