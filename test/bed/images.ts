/**
 * Images for the tests, made from Debian’s packages (there is no outside registry to pull from) by GNU tar, umoci
 * and skopeo: real tools of other people, so that what Berth makes of them is checked against somebody else.
 */
import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { cached, recipeHash, sourceText } from './cache.ts';
import { onHost } from './host.ts';
import { baseRecipe, baseRoot, mmdebstrap } from './rootfs.ts';

/**
 * - busybox: /bin/sh and all applets, users root, nobody and app (1000, also in group extra); 5 MB
 * - redis: the real redis-server, listening on 127.0.0.1:6379, and redis-cli; 70 MB
 * - nginx: the real nginx on port 80, of IPv4 and IPv6, whose answer is the file /srv/index.html; 20 MB
 * - layers: busybox under two more layers with everything that is hard about layers (images.sh says what)
 * - odd, hidden, many: busybox under layers that are hard to unpack (hard-images.sh says how)
 * - ping: the real ping with its file capability, started as an ordinary user; 30 MB
 */
export type ImageName = 'busybox' | 'redis' | 'nginx' | 'layers' | 'odd' | 'hidden' | 'ping' | 'many';
export type ArchiveFormat = 'docker-archive' | 'oci-archive';

/** Path of an archive on the host that holds the image under the name localhost/NAME:latest. */
export async function ensureImage(
  name: ImageName,
  format: ArchiveFormat = 'docker-archive',
): Promise<string> {
  const layout = await imageLayout(name);
  const hash = recipeHash(basename(layout), EXPORT);
  return cached({ kind: 'images', name: `${name}-${format}`, hash, suffix: '.tar' }, async (path) => {
    await inBase(dirname(path), EXPORT, [layout, format, basename(path), name]);
  });
}

/** Folder of the image as an OCI layout, with the tag `latest`. */
export async function imageLayout(name: ImageName): Promise<string> {
  const { script, base: below, packages = [] } = RECIPES[name];
  const base = below === undefined ? '' : await imageLayout(below);
  const all = Object.values(RECIPES).flatMap((recipe) =>
    recipe.script === script ? (recipe.packages ?? []) : [],
  );
  const hash = recipeHash(baseRecipe(), basename(base), sourceText(script), ...all);
  return cached({ kind: 'images', name: `${name}-layout`, hash }, async (path) => {
    const root = `${path}.root`;
    try {
      await mkdir(root);
      // Slow, and independent of the bed's own root, which the next step waits for.
      if (packages.length > 0) await mmdebstrap(join(root, 'rootfs'), packages);
      const file = join(import.meta.dirname, script);
      const program = `cat >"$1/images.sh" && exec sh "$1/images.sh" "$@"`;
      await inBase(dirname(path), program, [basename(root), basename(path), name, basename(base)], file);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
}

/** Unpacked without maintainer scripts: nothing but the server, what it links to, and a shell. */
const REDIS = [
  '--variant=extract',
  '--include=base-files,base-passwd,busybox-static,redis-server,redis-tools',
];

const NGINX = ['--variant=extract', '--include=base-files,base-passwd,busybox-static,nginx'];

const PING = ['--variant=extract', '--include=base-files,busybox-static,iputils-ping,libc-bin'];

const RECIPES: Record<ImageName, { script: string; base?: ImageName; packages?: string[] }> = {
  busybox: { script: 'images.sh' },
  redis: { script: 'images.sh', packages: REDIS },
  nginx: { script: 'images.sh', packages: NGINX },
  layers: { script: 'images.sh', base: 'busybox' },
  odd: { script: 'hard-images.sh', base: 'busybox' },
  hidden: { script: 'hard-images.sh', base: 'busybox' },
  ping: { script: 'hard-images.sh', packages: PING },
  many: { script: 'hard-images.sh', base: 'busybox' },
};

const EXPORT = 'skopeo copy --quiet "oci:$1:latest" "$2:$3:localhost/$4:latest"';

/**
 * Runs a shell script in the bed's root file system (its tools, not the host's), in a folder of the cache.
 * Nothing is written outside that folder: the root is covered by a temporary overlay.
 */
async function inBase(folder: string, script: string, args: string[], input?: string): Promise<void> {
  await onHost([
    'sh',
    '-euc',
    ENTER,
    'enter',
    await baseRoot(),
    folder,
    script,
    input ?? '/dev/null',
    ...args,
  ]);
}

const ENTER = `
base=$1 folder=$2 script=$3 input=$4
shift 4
scratch=$(mktemp -d)
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
mount -t overlay overlay -o "lowerdir=$base,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/root"
mount -t proc proc "$scratch/root/proc"
mount --rbind /dev "$scratch/root/dev"
mkdir -p "$scratch/root$folder"
mount --bind "$folder" "$scratch/root$folder"
code=0
chroot "$scratch/root" sh -euc 'cd "$1"; script=$2; shift 2; eval "$script"' sh "$folder" "$script" "$@" <"$input" || code=$?
umount --recursive "$scratch"
rmdir "$scratch"
exit $code
`;
