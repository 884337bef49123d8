/**
 * The bed's root file system: Debian 13 from the host's own mirror, and on top of it a layer with the
 * package under test installed. Both are cache entries and never written to again.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cached, recipeHash, sourceText } from './cache.ts';
import { debianMirror, onHost } from './host.ts';

export const SUITE = 'trixie';

/** What is in the bed: the init system, Berth's dependencies, the peer to compare with, and tools to look with. */
const PACKAGES = [
  ...['systemd', 'systemd-sysv', 'dbus', 'dbus-user-session', 'libpam-systemd'],
  ...['conmon', 'crun', 'runc', 'catatonit', 'netavark', 'aardvark-dns', 'nftables', 'iptables', 'iproute2'],
  ...['podman', 'golang-github-containers-common', 'uidmap', 'passt', 'skopeo', 'umoci', 'criu', 'libcriu2'],
  ...['attr', 'libcap2-bin', 'busybox-static', 'ca-certificates', 'xz-utils', 'zstd'],
  ...['procps', 'jq', 'hyperfine', 'sqlite3', 'strace', 'socat', 'time'],
  // A registry to pull from, and what makes its passwords and certificates.
  ...['docker-registry', 'apache2-utils', 'openssl'],
];

/** Stands for what `baseRoot` makes, before it is made. */
export function baseRecipe(): string {
  return recipeHash(SUITE, process.arch, ...PACKAGES, sourceText('rootfs.sh'));
}

/** Folder of the bare Debian 13 root; made by mmdebstrap on the first call (20 to 40 s). */
export async function baseRoot(): Promise<string> {
  return cached({ kind: 'roots', name: 'debian', hash: baseRecipe() }, async (path) => {
    const script = join(import.meta.dirname, 'rootfs.sh');
    await mmdebstrap(path, [`--include=${PACKAGES.join(',')}`, `--customize-hook=sh ${script} "$1"`]);
  });
}

/** Runs mmdebstrap(1) for Debian 13 with the host's mirror, keyring and proxies; `target` as it takes it. */
export async function mmdebstrap(target: string, options: string[]): Promise<void> {
  const mirror = await debianMirror();
  await onHost([
    ...['mmdebstrap', '--quiet', '--mode=root', '--variant=minbase', ...options],
    ...mirror.aptOptions.map((line) => `--aptopt=${line.replace(/;$/, '')}`),
    ...(mirror.keyring === undefined ? [] : [`--keyring=${mirror.keyring}`]),
    ...['--', SUITE, target, mirror.uri],
  ]);
}

/**
 * Layers (top first, for `bootBed`) of a root in which the given .deb is installed by dpkg.
 * Cached by the package's content; layers of earlier packages are removed.
 */
export async function installedRoot(debPath: string): Promise<string[]> {
  const base = await baseRoot();
  const deb = createHash('sha256')
    .update(await readFile(debPath))
    .digest('hex');
  const whole = await isOverlay(dirname(base));
  // The last one stays too: another run may still have it booted.
  const entry = { kind: 'debs', name: 'berth', hash: recipeHash(base, deb, INSTALL) };
  const layer = await cached(entry, async (path) => {
    if (whole) await onHost(['cp', '-a', '--reflink=auto', base, path]);
    else await mkdir(path);
    const work = `${path}.work`;
    try {
      await onHost(['sh', '-euc', INSTALL, 'install', debPath, path, whole ? '' : base, work]);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
  return whole ? [layer] : [layer, base];
}

/** Arguments: package, layer, folder below it (empty: the layer is a whole root), scratch folder. */
const INSTALL = `
deb=$1 layer=$2 base=$3 work=$4
root=$layer
if [ -n "$base" ]; then
  root=$work/merged
  mkdir -p "$work/work" "$root"
  mount -t overlay overlay -o "lowerdir=$base,upperdir=$layer,workdir=$work/work" "$root"
fi
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
cp "$deb" "$root/tmp/berth.deb"
chroot "$root" dpkg --install /tmp/berth.deb
# A network costs a start more than all the rest, and most tests are not about networks: those that are take this away.
mkdir --parents "$root/etc/containers"
printf '[containers]\\nnetns = "none"\\n' >"$root/etc/containers/containers.conf"
# Else every boot would run what systemd runs once after an update of /usr.
touch "$root/etc/.updated" "$root/var/.updated"
umount "$root/tmp" "$root/proc"
`;

/** Whether a folder lies on overlayfs (a container's own root does), which cannot be the upper side of another. */
export async function isOverlay(path: string): Promise<boolean> {
  const OVERLAYFS_SUPER_MAGIC = 0x794c7630; // linux/magic.h
  await mkdir(path, { recursive: true });
  return (await statfs(path)).type === OVERLAYFS_SUPER_MAGIC;
}
