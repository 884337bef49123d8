# Prints one line "kind: text" per thing that could be left behind in a bed; run in there by leaks.ts.
# Ids that change without a leak (of mounts, of who asks) are not part of a line.
set -eu

while read -r id parent device root point options rest; do
  type=${rest#*- }
  echo "mount: $point (${type%% *})"
done </proc/1/mountinfo

for file in /run/netns/*; do
  if [ -e "$file" ]; then echo "netns: ${file##*/} (named)"; fi
done
# Without a pid it is one of the named, or kept by a mount.
lsns --list --noheadings --type net --output NS,PID,COMMAND | while read -r inode pid command; do
  case $pid in 1 | '' | *[!0-9]*) ;; *) echo "netns: $inode of $command" ;; esac
done

# Interfaces of the host, rules and names: what netavark leaves when the last container leaves its last network is empty.
for link in /sys/class/net/*; do echo "link: ${link##*/}"; done
nft --stateless list ruleset 2>/dev/null | grep -E '10\.|dport|saddr|daddr' | grep -v 'jump NETAVARK-HOSTPORT-DNAT$' | while read -r rule; do echo "rule: $rule"; done
for file in /run/containers/networks/aardvark-dns/*; do
  case $file in *'*' | */aardvark.pid) ;; *) echo "names: ${file##*/} $(tail -n +2 "$file" | cut -d ' ' -f 1 | tr '\n' ' ')" ;; esac
done

# A cgroup counts while nothing runs in it; what runs in it has a line as a process.
find /sys/fs/cgroup -mindepth 1 -type d | while read -r group; do
  name=${group#/sys/fs/cgroup}
  case $name in
    *berth*) echo "cgroup: $name" ;;
    *.slice | /bed-guest) ;;
    *) if read -r line <"$group/cgroup.events" && [ "$line" = 'populated 0' ]; then echo "cgroup: $name (empty)"; fi ;;
  esac
done

systemctl list-units --all --plain --no-legend | while read -r unit load active sub description; do
  case $unit in
    berth*) echo "unit: $unit $active ($sub)" ;;
    *.timer) echo "unit: $unit $active" ;;
    *) if [ "$active" = failed ]; then echo "unit: $unit failed"; fi ;;
  esac
done
dirs=()
for dir in /run/systemd/transient /run/systemd/system /run/systemd/system.control /etc/systemd/system \
  /etc/systemd/system.control /usr/local/lib/systemd; do
  if [ -d "$dir" ]; then dirs+=("$dir"); fi
done
find "${dirs[@]}" -mindepth 1 -printf 'unit file: %p\n'
if [ -d /run/berth ]; then find /run/berth -mindepth 1 -printf 'runtime file: %p\n'; fi

for dir in /proc/[0-9]*; do
  pid=${dir#/proc/}
  # It may end while we look.
  { read -r stat <"$dir/stat" && mapfile -d '' -t command <"$dir/cmdline"; } 2>/dev/null || continue
  # proc_pid_stat(5), after the name: state, parent, … 20th the start time.
  set -- ${stat##*) }
  if [ "$pid" = $$ ] || [ "$2" = $$ ]; then continue; fi
  echo "process: $pid, started at ${20}: ${command[*]:-${stat%%)*})}"
done
