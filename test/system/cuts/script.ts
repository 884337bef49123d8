/** The shell script that cuts and goes on, in the bed, where a command costs no entering. */
import type { RuntimeName } from '../../support/machine.ts';
import type { Cell, Situation } from './cells.ts';

/** Flags of create; `$name` is the container's. The payload ends at SIGTERM, and without /flag/up with 3. */
const FLAGS: Record<Situation, string> = {
  create: '--cidfile /run/cid-$name',
  start: '',
  checked: '--health-cmd true --health-interval 1h',
  stop: '',
  frozen: '',
  vain: '--restart on-failure:1',
  rm: '--cidfile /run/cid-$name',
  'auto-remove': '--rm --cidfile /run/cid-$name',
};

/** What has to be so before the cut, when the container is there and at rest. */
const PREPARE: Record<Situation, string> = {
  create: 'gone',
  start: 'mkdir -p /run/berth/containers/$id', // something to sweep
  checked: 'true',
  stop: 'berth start $name',
  frozen: 'berth start $name && berth pause $name',
  vain: 'rm /srv/$name/up',
  rm: 'systemctl -q enable $unit',
  'auto-remove': 'berth start $name',
};

/** What runs into the cut. It may fail, and must not hang. */
const RUN_INTO: Record<Situation, string> = {
  create: 'make',
  start: 'berth start $name',
  checked: 'berth start $name',
  stop: 'berth stop $name',
  frozen: 'systemctl stop $unit',
  vain: 'berth start $name',
  rm: 'berth rm $name',
  'auto-remove': 'berth stop $name',
};

/**
 * Goes through the cells with one container after the other of that name. Prints "ok CELL" for each that went well, else
 * "FAILED CELL" and what there is to know.
 */
export function cutScript(name: string, runtime: RuntimeName, cells: readonly Cell[]): string {
  return `
name=${name} runtime=${runtime} unit=berth-${name}.service
${FUNCTIONS}
${cells.map(({ situation, point, next }) => `cell ${situation} '${point}' ${next}`).join('\n')}
erase
`;
}

const cases = (table: Record<string, string>): string =>
  `case $1 in ${Object.entries(table)
    .map(([key, command]) => `${key}) ${command} ;;`)
    .join(' ')} esac`;

const FUNCTIONS = `
set +e
mkdir -p /run/berth-cuts /srv/$name
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
  berth create --name $name --runtime $runtime --stop-timeout 5 -v /srv/$name:/flag $(flags $situation) \\
    busybox sh -c 'test -e /flag/up || exit 3; trap "exit 0" TERM; sleep 1000 & wait' >/dev/null
}
erase() {
  rm -f /run/berth-cuts/$name*
  berth rm --force --time 0 $name >/dev/null 2>&1
}
# Nothing of the container, not even its name in systemd's memory.
gone() {
  look
  [ "$now" = none ] || { echo "berth still knows it: $now"; return 1; }
  tries=0
  until [ -z "$(systemctl list-units --all --plain --no-legend $unit)" ]; do
    tries=$((tries + 1))
    [ $tries -lt 500 ] || { echo "systemd still knows it"; return 1; }
    sleep 0.01
  done
  left=$(ls -d /usr/local/lib/systemd/system/*$unit* /usr/local/lib/systemd/system/.*$unit* /etc/systemd/system/*/$unit \\
    /run/cid-$name /run/.cid-$name* $(known) 2>/dev/null)
  [ -z "$left" ] || { echo "left behind: $left"; return 1; }
}
known() {
  [ -n "$id" ] || return 0
  echo /run/berth/containers/$id /run/berth/locks/$id.* /run/berth/*/$id /var/lib/berth/containers/$id
}
settled() {
  tries=0
  until active | grep -Eq '^(active|inactive|failed)$' && [ -z "$(systemctl show -P Job $unit | grep -v '^0$')" ]; do
    tries=$((tries + 1))
    [ $tries -lt 2000 ] || { echo "$unit does not settle: $(active)"; return 1; }
    sleep 0.01
  done
}
agreed() {
  settled || return 1
  look
  state=$(active)
  case $state=$now in
  failed=stopped) [ "\${1:-}" = or-stopped ] ;; # right after a kill, cleanup may still be to come
  active=running | inactive=created | inactive=exited | failed=created | failed=exited) ;;
  inactive=none | failed=none | inactive=removing | failed=removing) ;;
  *) false ;;
  esac || { echo "systemd says $state, berth says $now"; return 1; }
}
present() {
  touch /srv/$name/up
  agreed || return 1
  case $now in
  none | removing) make && agreed ;;
  running) berth stop $name ;;
  esac
}
kill_at() {
  rm -f /run/berth-cuts/$name.hit
  echo "kill $1" >/run/berth-cuts/$name
  run_into $situation
  tries=0
  until [ -s /run/berth-cuts/$name.hit ]; do
    tries=$((tries + 1))
    [ $tries -lt 3000 ] || { echo "the point was not reached"; return 1; }
    sleep 0.01
  done
  [ $situation != vain ] || until [ "$(active)" = failed ]; do sleep 0.01; done
}
start_works() {
  touch /srv/$name/up
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
  [ "$now" != running ] || berth stop $name || return 1
  [ "$now" = none ] || berth rm $name || return 1
  gone
}
try() {
  id=
  case $situation in create) look && rm_works ;; *) present ;; esac || return 1
  prepare $situation && kill_at "$point" && agreed or-stopped && \${next}_works
}
cell() {
  situation=$1 point=$2 next=$3
  if log=$(try 2>&1); then
    echo "ok $situation: $point, then $next"
  else
    echo "FAILED $situation: $point, then $next: $log"
    systemctl status --no-pager -n 25 $unit 2>&1 | sed 's/^/    /'
    erase
  fi
}
`;
