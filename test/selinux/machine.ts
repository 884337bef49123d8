/**
 * A virtual machine whose kernel has SELinux, which a bed cannot have: its kernel is the host's. Debian 13 with its own policy,
 * Berth and Podman, emulated by qemu, so that it runs anywhere, in minutes.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { cached, recipeHash } from '../bed/cache.ts';
import { HostError, onHost } from '../bed/host.ts';
import { ensureImage } from '../bed/images.ts';
import { debPath } from '../bed/installed.ts';
import { mmdebstrap, SUITE } from '../bed/rootfs.ts';

const QEMU = 'qemu-system-x86_64';

const PACKAGES = [
  ...[
    'systemd',
    'systemd-sysv',
    'dbus',
    'udev',
    'kmod',
    'linux-image-cloud-amd64',
    'initramfs-tools',
    'zstd',
  ],
  ...['selinux-policy-default', 'selinux-utils', 'policycoreutils', 'attr', 'procps'],
  ...['conmon', 'crun', 'runc', 'catatonit', 'podman', 'golang-github-containers-common', 'skopeo'],
  ...['netavark', 'aardvark-dns', 'nftables', 'iproute2', 'ca-certificates', 'busybox-static', 'xz-utils'],
];

/** Boots the machine, runs a shell script in it as root, and returns what the script printed. */
export async function runWithSelinux(script: string): Promise<string> {
  if (!existsSync(`/usr/bin/${QEMU}`)) throw new HostError(`${QEMU} is missing: install qemu-system-x86`);
  const root = await machineRoot();
  const directory = await mkdtemp(join(tmpdir(), 'berth-selinux-'));
  try {
    const disk = join(directory, 'disk');
    await onHost(['sh', '-euc', MAKE_DISK, 'sh', root, disk, await debPath(), await ensureImage('busybox')], {
      input: script,
    });
    await boot(root, disk);
    return await onHost(['sh', '-euc', 'mount -o loop,ro "$1" /mnt; cat /mnt/root/output', 'sh', disk]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Made by mmdebstrap on the first call, in some minutes: the policy is compiled. */
function machineRoot(): Promise<string> {
  const hook = join(import.meta.dirname, 'root.sh');
  const hash = recipeHash(SUITE, ...PACKAGES, readFileSync(hook, 'utf8'));
  return cached({ kind: 'roots', name: 'selinux', hash }, (path) =>
    mmdebstrap(path, [`--include=${PACKAGES.join(',')}`, `--customize-hook=sh ${hook} "$1"`]),
  );
}

/** Arguments: root, disk, package, image; the script comes from standard input. Labels are those of the policy. */
const MAKE_DISK = `
root=$1 disk=$2 deb=$3 image=$4
mke2fs -q -t ext4 -d "$root" "$disk" 5G
mount -o loop "$disk" /mnt
mkdir /mnt/images
cp "$image" /mnt/images/busybox.tar
cat >/mnt/root/script
cp "$deb" /mnt/root/berth.deb
# As semanage(8) would: crun is confined by this policy, and must find in Berth's directories what it knows from Podman's.
printf '/run/berth /run/containers\\n/var/lib/berth /var/lib/containers\\n' >>/mnt/etc/selinux/default/contexts/files/file_contexts.subs
mount -t proc proc /mnt/proc
chroot /mnt dpkg --install /root/berth.deb >/dev/null
chroot /mnt setfiles -F /etc/selinux/default/contexts/files/file_contexts /
umount /mnt/proc /mnt
`;

/** Until it is down. Hardware virtualization is not asked for: many hosts are virtual machines themselves. */
async function boot(root: string, disk: string): Promise<void> {
  const file = (name: string): string =>
    join(root, 'boot', readdirSync(join(root, 'boot')).find((one) => one.startsWith(`${name}-`)) ?? name);
  const kernel = ['-kernel', file('vmlinuz'), '-initrd', file('initrd.img')];
  const append = 'root=/dev/vda rw console=ttyS0 security=selinux selinux=1 enforcing=0 quiet';
  const machine = ['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '2048'];
  const devices = ['-nographic', '-no-reboot', '-nic', 'none', '-drive', `file=${disk},format=raw,if=virtio`];
  const argv = [QEMU, ...machine, ...kernel, '-append', append, ...devices];
  const result = await execa('setpriv', ['--pdeathsig', 'KILL', '--', ...argv], {
    all: true,
    reject: false,
    stdin: 'ignore',
    timeout: BOOT_MS,
  });
  if (result.failed) throw new HostError(`the machine did not go down by itself:\n${result.all ?? ''}`);
}

/** A slow host needs ten minutes. */
const BOOT_MS = 2_400_000;
