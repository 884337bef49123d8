/** Podman in the bed, as the peer to compare with. */
import type { Bed } from '../bed/bed.ts';

/**
 * Loads the same archives into Podman and configures away what it cannot do in a bed (test/README.md says what a
 * bed cannot show). One container is run, so that what Podman makes once is there before a leak check begins.
 */
export async function preparePodman(bed: Bed, images: string[] = ['busybox']): Promise<void> {
  await bed.sh(
    `mkdir -p /etc/containers && cat >/etc/containers/containers.conf
     for image in ${images.join(' ')}; do podman load --quiet -i "/images/$image.tar"; done
     podman run --rm --network none localhost/${images[0]} true`,
    { input: CONFIGURATION },
  );
}

const CONFIGURATION = `
[containers]
default_ulimits = []
pids_limit = 0
log_driver = "k8s-file"
netns = "none"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
`;

/** A container's id, long or short, becomes ID; so that outputs of two containers can be compared. */
export function withoutIds(text: string): string {
  return text.replace(/\b[0-9a-f]{64}\b/g, 'ID').replace(/\b[0-9a-f]{12}\b/g, 'ID');
}

/** A word for a shell. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
