# Makes a fresh Debian root (argument 1) into a machine with SELinux that runs one script and goes down; run by mmdebstrap on the host.
set -eu
root=$1

for unit in systemd-networkd.service systemd-resolved.service systemd-timesyncd.service systemd-firstboot.service \
    apt-daily.timer apt-daily-upgrade.timer getty@tty1.service serial-getty@ttyS0.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
mkdir -p "$root/etc/containers"
printf '[containers]\nnetns = "none"\nlog_driver = "k8s-file"\n' >"$root/etc/containers/containers.conf"
printf 'SELINUX=permissive\nSELINUXTYPE=default\n' >"$root/etc/selinux/config"
cat >"$root/etc/systemd/system/script.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/usr/bin/sh -c 'sh /root/script >/root/output 2>&1; sync'
ExecStopPost=/usr/bin/systemctl poweroff --no-block
[Install]
WantedBy=multi-user.target
UNIT
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s ../script.service "$root/etc/systemd/system/multi-user.target.wants/script.service"
: >"$root/etc/machine-id"
rm -f "$root/etc/apt/apt.conf.d/99mmdebstrap"
