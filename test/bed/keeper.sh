# Keeps one bed: PID 1 of a pid namespace with mounts of its own, so that when it dies, everything in
# the bed dies and nothing is left mounted. Its owner speaks to it over stdin and stdout:
#
#   keeper.sh DIR LOWERDIRS UPPER_ON_TMPFS BERTH_DATA CONTAINERS_DATA NSPAWN-COMMAND...
#   > boot            < ended CODE      the machine ran and is off again
#
# It says "ready" when the bed's disk is mounted, and ends at end of file.
set -eu
dir=$1 lower=$2 on_tmpfs=$3 berth=$4 containers=$5
shift 5
cd "$dir"

# systemd-nspawn leaves a folder per machine name there, on the host.
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn

# The overlay's upper side and the data folders: on disk, unless the disk itself is an overlay.
mkdir -p disk merged
if [ "$on_tmpfs" = yes ]; then mount -t tmpfs tmpfs disk; fi
mkdir -p disk/upper disk/work "$berth" "$containers"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=disk/upper,workdir=disk/work" merged
mkdir -p merged/var/lib/berth merged/var/lib/containers
mount --bind "$berth" merged/var/lib/berth
mount --bind "$containers" merged/var/lib/containers
[ -s merged/etc/machine-id ] || tr -d - </proc/sys/kernel/random/uuid >merged/etc/machine-id

# This process's folder in the unified hierarchy and, on a hybrid host, in systemd's named one, where
# systemd-nspawn looks too. Two beds in one cgroup would be one machine to systemd: each gets its own.
own_cgroups() {
  awk '
    function below(path, root) {
      if (root != "/" && index(path, root) == 1) path = substr(path, length(root) + 1)
      return path == "/" ? "" : path
    }
    FILENAME == "/proc/self/cgroup" { split($0, f, ":"); own[f[2]] = substr($0, length(f[1] f[2]) + 3); next }
    { for (i = 7; $i != "-"; i++); key = $(i + 1) == "cgroup2" ? "" : "name=systemd" }
    $(i + 1) !~ /^cgroup2?$/ || (key != "" && $(i + 3) !~ /name=systemd/) || (key in seen) { next }
    { seen[key] = 1; print $5 below(own[key], $4) }
  ' /proc/self/cgroup /proc/self/mountinfo
}

cgroups=
for own in $(own_cgroups); do
  cgroup=$own/$(basename "$dir")
  cgroups="$cgroups $cgroup"
  echo "$cgroup" >>cgroups
  mkdir -p "$cgroup/keeper"
  echo 0 >"$cgroup/keeper/cgroup.procs"
  [ -e "$own/cgroup.controllers" ] || continue
  # Hand down what this host has. Where it cannot (other processes sit in $own, which is not the root), the
  # bed's own cgroup.controllers shows it, and so a test of limits does.
  for controller in $(cat "$own/cgroup.controllers"); do
    echo "+$controller" >"$own/cgroup.subtree_control" 2>>console.log || continue
    echo "+$controller" >"$cgroup/cgroup.subtree_control"
  done
done

# In a subshell: `echo 0` moves the process that writes it, which then becomes systemd-nspawn.
boot() (
  for cgroup in $cgroups; do
    mkdir "$cgroup/boot"
    echo 0 >"$cgroup/boot/cgroup.procs"
  done
  exec "$@" </dev/null >>console.log 2>&1
)

echo ready
while read -r word; do
  [ "$word" = boot ] || continue
  code=0
  boot "$@" || code=$?
  for cgroup in $cgroups; do find "$cgroup/boot" -depth -type d -exec rmdir {} +; done
  echo "ended $code"
done
