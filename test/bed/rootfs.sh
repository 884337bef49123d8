# Makes a fresh Debian root (argument 1) into a test machine; run by mmdebstrap on the host.
set -eu
root=$1

# What a test machine does not need, or must not do: the kernel is the host's, and so are its sysctls,
# modules and binary formats.
for unit in \
    systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-udev-trigger.service \
    systemd-networkd.service systemd-networkd.socket systemd-resolved.service systemd-timesyncd.service \
    systemd-sysctl.service systemd-modules-load.service systemd-binfmt.service systemd-pstore.service \
    modprobe@.service proc-sys-fs-binfmt_misc.automount dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
    getty.target getty@tty1.service console-getty.service \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer e2scrub_all.timer man-db.timer \
    docker-registry.service apache-htcacheclean.service \
    netavark-dhcp-proxy.service netavark-dhcp-proxy.socket \
    systemd-firstboot.service systemd-hwdb-update.service systemd-journal-catalog-update.service ldconfig.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

# Nor what these make units of; all of them run at every daemon-reload, and each link of `systemctl enable` is one.
mkdir -p "$root/etc/systemd/system-generators"
for generator in "$root"/usr/lib/systemd/system-generators/*; do
  ln -s /dev/null "$root/etc/systemd/system-generators/${generator##*/}"
done

# The hard limits of the host cannot be raised without CAP_SYS_RESOURCE, and its pids controller may be
# on cgroup v1: Podman, the peer, must not ask for either.
mkdir -p "$root/etc/containers/containers.conf.d"
cat >"$root/etc/containers/containers.conf.d/10-bed.conf" <<'CONF'
[containers]
default_ulimits = []
pids_limit = 0
CONF

# In a user namespace a container may only mount what the kernel sees a whole one of already, and systemd-nspawn puts something
# over files of these two.
for kind in proc sysfs; do
  cat >"$root/etc/systemd/system/run-whole-$kind.mount" <<UNIT
[Mount]
What=$kind
Where=/run/whole/$kind
Type=$kind
Options=nosuid,nodev,noexec
UNIT
  mkdir -p "$root/etc/systemd/system/local-fs.target.wants"
  ln -s "../run-whole-$kind.mount" "$root/etc/systemd/system/local-fs.target.wants/"
done

# A person who is not root, with sub-ids for rootless use.
chroot "$root" useradd --create-home --shell /bin/bash --uid 1000 tester

# Keep the journal across reboots; a machine id and a host name are given to each bed.
mkdir -p "$root/var/log/journal"
: >"$root/etc/machine-id"
rm -f "$root/etc/hostname" "$root/etc/resolv.conf" "$root/etc/apt/apt.conf.d/99mmdebstrap"

mkdir -p "$root/var/lib/berth"
touch "$root/etc/.updated" "$root/var/.updated"
