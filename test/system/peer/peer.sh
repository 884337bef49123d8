# One engine's part of the side-by-side tests: containers in a state, command lines on them, what they answer.
# Run in the bed with the calls appended that run.ts writes; E is the engine. Answers are fields that end in NUL.

SERVER='trap "exit 0" TERM; echo out; echo err >&2; while :; do sleep 1000 & wait $!; done'
DEAF='trap "" TERM; while :; do sleep 1000; done'

create() {
  name=$1; shift
  $E create --network none --name "$name" localhost/busybox "$@" >/dev/null
}

# Started by systemd or Podman; a line must find the payload's handler of SIGTERM (15: the fourth hex digit) in place.
begin() {
  $E start "$@" >/dev/null
  field=$1_; set -- "$@"
  for pid in $($E inspect --format '{{.State.Pid}}' "$@"); do
    until grep -qE '^Sig(Cgt|Ign):.*[4-7c-f][0-9a-f]{3}$' "/proc/$pid/status"; do sleep 0.02; done
  done
}

reach() {
  status=$1; shift
  while $E inspect --format '{{.State.Status}}' "$@" | grep -qvx "$status"; do sleep 0.05; done
}

make() {
  state=$1; shift
  case $state in
    absent) ;;
    created) for name; do create "$name" sh -c "$SERVER"; done ;;
    initialized) make created "$@"; $E init "$@" >/dev/null ;;
    running) make created "$@"; begin "$@" ;;
    paused) make running "$@"; $E pause "$@" >/dev/null ;;
    stopping)
      for name; do create "$name" sh -c "$DEAF"; done
      begin "$@"
      for name; do $E stop --time 600 "$name" >/dev/null 2>&1 & done
      reach stopping "$@" ;;
    exited | exited3)
      for name; do create "$name" sh -c "echo out; echo err >&2; exit ${state#exited}"; done
      $E start "$@" >/dev/null
      reach exited "$@" ;;
    unstartable)
      for name; do create "$name" nosuch; $E start "$name" >/dev/null 2>&1 || :; done ;;
    *) echo "no such state: $state" >&2; exit 1 ;;
  esac
}

line() {
  timeout --kill-after 1 60 sh -c "$1" >out 2>err </dev/null
  printf '%s\0%s\0%s\0' "$?" "$(base64 -w0 out)" "$(base64 -w0 err)"
}

# Of every container: name, what inspect says, what ps says.
after() {
  names=$($E ps --all --format '{{.Names}}')
  [ -n "$names" ] || return 0
  $E inspect --format "$INSPECT" $names
  $E ps --all --format '{{.Names}}	{{.State}} {{.Status}} {{.ExitCode}} {{.Image}} {{.Command}}'
}

INSPECT='{{.Name}}	{{with .State}}{{.Status}} running={{.Running}} paused={{.Paused}} restarting={{.Restarting}} code={{.ExitCode}} oom={{.OOMKilled}} dead={{.Dead}} by-user={{.StoppedByUser}} pid={{if .Pid}}yes{{else}}no{{end}} error={{.Error}} health={{if .Health}}{{.Health.Status}}{{end}}{{end}} restarts={{.RestartCount}} {{with .HostConfig}}policy={{.RestartPolicy.Name}}:{{.RestartPolicy.MaximumRetryCount}} rm={{.AutoRemove}} network={{.NetworkMode}}{{end}} {{with .Config}}cmd={{.Cmd}} tty={{.Tty}} stdin={{.OpenStdin}} stop={{.StopSignal}}/{{.StopTimeout}} user={{.User}} labels={{.Labels}}{{end}}'

umask 022
mkdir -p "/tmp/peer-$E"
cd "/tmp/peer-$E"
