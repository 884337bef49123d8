/** The shell script that cuts and goes on, in the bed, where a command costs no entering. */
import type { Cell, Situation } from './cells.ts';

/** Flags of create; `$name` is the container's. The payload ends at SIGTERM, and without /flag/up with 3. */
const FLAGS: Record<Situation, string> = {
  create: '--cidfile /run/cid-$name --secret cut',
  start: '--network bridge -p 80 --health-cmd true --health-interval 1h', // as stop: they take the container over from each other
  checked: '--health-cmd true --health-interval 1h',
  waiting: '--health-cmd true --health-interval 1h',
  stop: '--network bridge -p 80 --health-cmd true --health-interval 1h',
  'stop-ahead': '--network bridge -p 80',
  frozen: '',
  vain: '--restart on-failure:1',
  rm: '--cidfile /run/cid-$name',
  'auto-remove': '--rm --cidfile /run/cid-$name -v /anonymous',
  rename: '',
  'rename-running': '--health-cmd true --health-interval 1h',
  update: '--health-cmd true --health-interval 1h',
  'update-running': '--health-cmd true --health-interval 1h',
};

/** What has to be so before the cut, when the container is there and at rest. */
const PREPARE: Record<Situation, string> = {
  create: 'gone',
  start: 'mkdir -p /run/berth/containers/$id', // something to sweep
  checked: 'true',
  waiting: 'berth init $name',
  stop: 'berth start $name',
  'stop-ahead': 'rm -f /srv/$lane/terms; berth start $name',
  frozen: 'berth start $name && berth pause $name',
  vain: 'rm /srv/$lane/up',
  rm: 'systemctl -q enable $unit',
  'auto-remove': 'berth start $name',
  rename: 'systemctl -q enable $unit',
  'rename-running': 'systemctl -q enable $unit && berth start $name',
  update: 'true',
  'update-running': 'berth start $name',
};

/** What runs into the cut. It may fail, and must not hang. */
const RUN_INTO: Record<Situation, string> = {
  create: 'make',
  start: 'berth start $name',
  checked: 'berth start $name',
  waiting: 'berth start $name',
  stop: 'systemctl stop $unit',
  // systemd may have been too busy to begin at once, or so quick that berth-stop was first.
  'stop-ahead': 'until berth stop $name; [ -s $cut.hit ]; do berth start $name; done',
  frozen: 'systemctl stop $unit',
  vain: 'berth start $name',
  rm: 'berth rm $name',
  'auto-remove': 'berth stop $name',
  rename: 'berth rename $lane $lane-2',
  // Anybody may reload systemd meanwhile: it must not lose the run.
  'rename-running': 'berth rename $lane $lane-2; systemctl daemon-reload',
  update: 'update',
  'update-running': 'update',
};

/**
 * Goes through the cells, of one runtime, with one container after the other of that name. Prints "ok CELL" for each that went well, else
 * "FAILED CELL" and what there is to know.
 */
export function cutScript(name: string, cells: readonly Cell[]): string {
  return `
lane=${name} runtime=${cells[0]?.runtime} number=0 now=none
${FUNCTIONS}
# Mounted for as long as a run has it.
berth volume create --opt type=tmpfs cut-$lane >/dev/null
${cells.map(({ situation, point, next }) => `cell ${situation} '${point}' ${next}`).join('\n')}
erase
berth volume rm cut-$lane >/dev/null
`;
}

const cases = (table: Record<string, string>): string =>
  `case $1 in ${Object.entries(table)
    .map(([key, command]) => `${key}) ${command} ;;`)
    .join(' ')} esac`;

const FUNCTIONS = `
set +e
mkdir -p /run/berth-cuts /srv/$lane
call() { name=$1 unit=berth-$1.service; }
call $lane
# Asks berth once: $now is the state, or none; $id stays the last one's.
look() {
  seen=$(berth inspect --format '{{.State.Status}} {{.Id}}' $name 2>/dev/null) || seen=none
  now=\${seen%% *}
  [ "$now" = none ] || id=\${seen#* }
}
active() { systemctl show -P ActiveState $unit; }
flags() { ${cases(Object.fromEntries(Object.entries(FLAGS).map(([key, flags]) => [key, `echo "${flags}"`])))}; }
prepare() { ${cases(PREPARE)}; }
run_into() { ${cases(RUN_INTO)}; }

make() {
  id=$(berth create --name $name --runtime $runtime --stop-timeout 5 -v /srv/$lane:/flag -v cut-$lane:/mine $(flags $situation) \\
    busybox sh -c 'test -e /flag/up || exit 3; trap "echo term >>/flag/terms; exit 0" TERM; sleep 1000 & wait') && now=created
}
# To what it was not before: cells before and after this one have another policy.
update() {
  policy=always
  [ $((number % 2)) = 0 ] || policy=on-failure
  berth update --restart $policy --health-interval \${number}h $name
}
erase() {
  rm -f /run/berth-cuts/$lane*
  berth rm --force --volumes --time 0 --ignore $lane $lane-2 >/dev/null 2>&1
}
# Nothing of the container, not even its name in systemd's memory.
gone() {
  look
  [ "$now" = none ] || { echo "berth still knows it: $now"; return 1; }
  ! grep "volumes/cut-$lane/" /proc/mounts || { echo "its volume is still mounted"; return 1; }
  tries=0
  until [ -z "$(systemctl list-units --all --plain --no-legend "berth-$lane*")" ]; do
    tries=$((tries + 1))
    [ $tries -lt 500 ] || { echo "systemd still knows it"; return 1; }
    sleep 0.01
  done
  left=$(ls -d /usr/local/lib/systemd/system/*berth-$lane* /usr/local/lib/systemd/system/.*berth-$lane* \\
    /etc/systemd/system/*/berth-$lane* /run/cid-$name /run/.cid-$name* $(known) 2>/dev/null)
  [ -z "$left" ] || { echo "left behind: $left"; return 1; }
}
known() {
  [ -n "$id" ] || return 0
  echo /run/berth/containers/$id /run/berth/locks/$id.* /run/berth/*/$id /var/lib/berth/containers/$id
}
# $state is what systemd says, when nothing more is to come.
settled() {
  tries=0
  until state=$(systemctl show -P ActiveState -P Job $unit) && case $state in active | inactive | failed) ;; *) false ;; esac; do
    tries=$((tries + 1))
    [ $tries -lt 2000 ] || { echo "$unit does not settle: $state"; return 1; }
    sleep 0.01
  done
}
agreed() {
  tries_to_agree=0
  while settled || return 1; look; ! agrees "$@"; do
    # It may have gone on between the two questions; and of a kill, systemd hears a moment after Berth can see it.
    tries_to_agree=$((tries_to_agree + 1))
    if [ "$(active)" = "$state" ] && [ -z "\${1:-}" ] || [ $tries_to_agree -gt 100 ]; then
      echo "systemd says $state, berth says $now"
      return 1
    fi
  done
}
agrees() {
  case $situation=$state=$now in
  waiting=active=initialized) return 0 ;;
  esac
  case $state=$now in
  failed=stopped) [ -n "\${1:-}" ] ;; # right after a kill, cleanup may still be to come
  active=running | inactive=created | inactive=exited | failed=created | failed=exited) ;;
  inactive=none | failed=none | inactive=removing | failed=removing) ;;
  *) false ;;
  esac
}
# At rest, as the last cell may have left it.
present() {
  touch /srv/$lane/up
  case $now in
  created | exited) ;;
  none | removing) make ;;
  *) berth stop $name && agreed ;;
  esac
}
kill_at() {
  cut=/run/berth-cuts/$name
  # A rename goes by the new name.
  case $situation in rename*) cut=$cut-2 ;; esac
  rm -f $cut.hit
  echo "kill $1" >$cut
  run_into $situation
  tries=0
  until [ -s $cut.hit ]; do
    tries=$((tries + 1))
    [ $tries -lt 3000 ] || { echo "the point was not reached"; return 1; }
    sleep 0.01
  done
  [ $situation != vain ] || until [ "$(active)" = failed ]; do sleep 0.01; done
}
# From here on it is called what the cut has left it with; systemd may know it by the other name still.
found() {
  case $situation in
  rename*) { look && [ "$now" != none ]; } || { call $lane-2 && look; } ;;
  stop-ahead) agreed or-stopped && { [ -s /srv/$lane/terms ] || { echo "the payload got no stop signal"; return 1; }; } ;;
  *) agreed or-stopped ;;
  esac
}
# For the next cell: the first name, and what no cell before has left half changed.
back() {
  case $situation=$now in
  *=none) call $lane ;;
  rename*) [ $name = $lane ] || { berth rename $lane-2 $lane && call $lane && agreed; } ;;
  update*) update && agreed ;;
  esac
}
again_works() {
  case $situation in
  *-running) ;;
  *) berth stop $name || return 1 ;; # nothing is to stop, and it stays so
  esac
  case $situation in
  rename*) [ $name = $lane-2 ] || { berth rename $lane $lane-2 && call $lane-2; } ;;
  update*) update && updated ;;
  esac && back || return 1
  case $situation=$now in
  *-running=running | rename=created | rename=exited | update=created | update=exited) ;;
  *) echo "it is $now"; return 1 ;;
  esac
}
updated() {
  text=$(berth inspect --format '{{.HostConfig.RestartPolicy.Name}} {{.Config.Healthcheck.Interval}}' $name)
  [ "$text" = "$policy \${number}h0m0s" ] || { echo "it has $text instead of $policy and $number"; return 1; }
}
start_works() {
  touch /srv/$lane/up
  case $now in
  none | removing) make || return 1 ;;
  esac
  berth start $name && agreed || return 1
  [ "$now" = running ] || { echo "it is $now"; return 1; }
  berth stop $name && agreed || return 1
  [ "$state" = inactive ] || { echo "after a stop, $unit is $state"; return 1; }
}
stop_works() {
  berth stop $name && agreed || return 1
  case $state=$now in *=created | *=exited | inactive=none) ;; *) echo "it is $now"; return 1 ;; esac
}
rm_works() {
  # What runs is not removed without --force, cut or not.
  [ "$now" != running ] || { berth stop $name && agreed; } || return 1
  [ "$now" = none ] || berth rm $name || return 1
  gone
}
try() {
  case $situation in create) look && rm_works ;; *) present ;; esac || return 1
  prepare $situation && kill_at "$point" && found && \${next}_works && back
}
cell() {
  situation=$1 point=$2 next=$3 number=$((number + 1))
  if try >/run/berth-cuts/$lane.log 2>&1; then
    echo "ok $situation: $point, then $next"
  else
    echo "FAILED $situation: $point, then $next: $(cat /run/berth-cuts/$lane.log)"
    systemctl status --no-pager -n 25 $unit 2>&1 | sed 's/^/    /'
    erase
    now=none
    call $lane
  fi
}
`;
