/** How a container is brought into each state, and what each verb says and leaves there; the verdicts are the product's. */
import type { ContainerStatus, Operation, Verdict } from '../../../src/model/state.ts';
import { displayStatus, hasPayload, verdict } from '../../../src/model/state.ts';

/**
 * Shell lines that bring the containers `$@` into a state from nothing, with `make` of matrix.test.ts. The payload ends at
 * SIGKILL only, and the stop timeout is 0.
 */
export const REACH: Record<ContainerStatus, string> = {
  configured: 'make "$@"',
  created: 'make "$@"; berth init "$@"',
  running: 'make "$@"; berth start "$@"',
  // Nobody can wait for the end of that grace.
  stopping: `grace=86400; make "$@"; berth start "$@"; systemctl stop --no-block $(units "$@")
    for name; do until is stopping $name; do sleep 0.05; done; done`,
  // Without what the unit does at its end, for as long as that takes.
  stopped: `make "$@"; berth start "$@"
    for name; do drop=/run/systemd/system/berth-$name.service.d; mkdir -p $drop; printf '[Service]\\nExecStopPost=\\n' >$drop/killed.conf; done
    systemctl daemon-reload; kill -9 $(berth inspect --format '{{.State.Pid}}' "$@")
    for unit in $(units "$@"); do until systemctl show -P ActiveState $unit | grep -Eq '^(inactive|failed)$'; do :; done; done
    for name; do rm -r /run/systemd/system/berth-$name.service.d; done; systemctl daemon-reload`,
  paused: 'make "$@"; berth start "$@"; berth pause "$@"',
  exited: 'make "$@"; berth start "$@"; berth stop "$@"',
  // rm fails in the middle: what is mounted in the container's directory is not deleted.
  removing: `make "$@"
    for name; do
      busy=/var/lib/berth/containers/$(berth inspect --format '{{.Id}}' $name)/busy; mkdir $busy; mount -t tmpfs none $busy
      ! berth rm $name 2>/dev/null
      umount $busy
    done`,
};

export interface Verb {
  /** A line of a shell; `%` is the container, STATE the word for its state. */
  line: string;
  verdict: (status: ContainerStatus) => Verdict;
  /** Where it leads from which state; the state stays where nothing is said. */
  to?: Partial<Record<ContainerStatus, ContainerStatus | 'gone'>>;
  /** What it says where it is refused: one line, with ID and STATE; and the exit code if that is not 125. */
  words?: string | Record<ContainerStatus, string>;
  code?: number;
  /** What it says to a stop that is under way, and has waited N seconds, when it makes it shorter. */
  hurries?: true;
  /** Where it is allowed it goes on until the container ends: shown elsewhere. */
  lasts?: true;
  /** What it does is the runtime's work: shown with both. */
  byRuntime?: true;
}

const of =
  (operation: Operation) =>
  (status: ContainerStatus): Verdict =>
    verdict(operation, status);
const always = (): Verdict => 'allowed';

/** From all states to one. */
function all<To>(to: To): Record<ContainerStatus, To> {
  return Object.fromEntries(Object.keys(REACH).map((status) => [status, to])) as Record<ContainerStatus, To>;
}

const IMPROPER = ': container state improper';
const NOT_STARTABLE = `Error: unable to start container "ID": container ID must be in Created or Stopped state to be started${IMPROPER}`;
const NOT_EXECUTABLE = `Error: can only create exec sessions on running containers${IMPROPER}`;
const NOT_MOUNTABLE = `Error: cannot mount container ID as it is being removed${IMPROPER}`;
const NOT_REMOVABLE = `cannot remove container ID as it is STATE - running or paused containers cannot be removed without force${IMPROPER}`;

export const VERBS: Verb[] = [
  {
    line: 'berth init %',
    verdict: of('init'),
    to: all('created'),
    words: `Error: container ID has already been created in runtime${IMPROPER}`,
    byRuntime: true,
  },
  {
    line: 'berth start %',
    verdict: of('start'),
    to: all('running'),
    words: NOT_STARTABLE,
    byRuntime: true,
  },
  {
    line: 'berth start --attach %',
    // What runs is attached to.
    verdict: (status) => (verdict('start', status) === 'refused' ? 'refused' : 'allowed'),
    words: NOT_STARTABLE,
    lasts: true,
  },
  {
    line: 'berth stop --time 0 %',
    verdict: of('stop'),
    // "Nothing to do" does what a killed cleanup has left.
    to: { created: 'configured', running: 'exited', stopping: 'exited', stopped: 'exited' },
    hurries: true,
    words: `Error: container ID is running or paused, refusing to clean up${IMPROPER}`,
  },
  {
    // As a job that nobody waits for: it joins the one that is under way.
    line: 'systemctl stop $(is stopping % && echo --no-block) berth-%',
    verdict: of('unit-stop'),
    to: { created: 'configured', running: 'exited', paused: 'exited' },
    words: 'Failed to stop berth-%.service: Unit berth-%.service not loaded.',
    code: 5,
  },
  {
    line: 'berth restart --time 0 %',
    verdict: of('restart'),
    to: all('running'),
    hurries: true,
    words: `Error: unable to restart a container in a paused or unknown state${IMPROPER}`,
  },
  {
    line: 'berth kill %',
    verdict: of('kill'),
    to: all('exited'),
    words: `Error: can only kill running containers. ID is in state STATE${IMPROPER}`,
    byRuntime: true,
  },
  {
    line: 'berth kill --signal USR1 %',
    verdict: of('kill'),
    words: `Error: can only kill running containers. ID is in state STATE${IMPROPER}`,
  },
  {
    line: 'berth pause %',
    verdict: of('pause'),
    to: all('paused'),
    words: {
      ...all(`Error: "STATE" is not running, can't pause${IMPROPER}`),
      paused: `Error: "ID" is already paused${IMPROPER}`,
    },
    byRuntime: true,
  },
  {
    line: 'berth unpause %',
    verdict: of('unpause'),
    to: all('running'),
    words: `Error: "ID" is not paused, can't unpause${IMPROPER}`,
    byRuntime: true,
  },
  {
    line: 'berth attach --no-stdin %',
    verdict: of('attach'),
    words: 'Error: attaching to container ID: you can only attach to running containers',
    lasts: true,
  },
  { line: 'berth exec % true', verdict: of('exec'), words: NOT_EXECUTABLE, byRuntime: true },
  { line: 'berth exec --detach % true', verdict: of('exec'), words: NOT_EXECUTABLE },
  {
    line: 'berth healthcheck run %',
    verdict: of('healthcheck'),
    words: 'Error: container ID is not running',
  },
  {
    line: 'berth container cleanup %',
    verdict: of('cleanup'),
    to: { created: 'configured', stopped: 'exited' },
  },
  {
    line: 'berth container cleanup --rm %',
    verdict: of('remove'),
    to: all('gone'),
    words: `Error: failed to clean up and remove container ID: ${NOT_REMOVABLE}`,
  },
  { line: 'berth rm %', verdict: of('remove'), to: all('gone'), words: `Error: ${NOT_REMOVABLE}`, code: 2 },
  { line: 'berth rm --force --time 0 %', verdict: always, to: all('gone'), hurries: true },
  {
    line: 'berth rename % %-new && berth rename %-new %',
    verdict: of('rename'),
    words: `Error: container ID is being removed, cannot rename${IMPROPER}`,
  },
  {
    line: 'berth update --restart on-failure:4 %',
    verdict: of('update'),
    words: `Error: container ID is being removed, cannot update${IMPROPER}`,
  },
  { line: 'berth mount % && berth unmount %', verdict: of('mount'), words: NOT_MOUNTABLE },
  {
    line: 'berth unmount %',
    verdict: (status) => (hasPayload(status) ? 'refused' : 'done'),
    words: `Error: cannot unmount storage for container ID as it is running or paused${IMPROPER}`,
  },
  { line: 'berth export --output tar %', verdict: of('export'), words: NOT_MOUNTABLE },
  { line: 'berth cp %:/etc/passwd .', verdict: of('export'), words: NOT_MOUNTABLE },
  { line: 'berth cp passwd %:/tmp', verdict: of('export'), words: NOT_MOUNTABLE },
  {
    line: 'berth top %',
    verdict: (status) => (status === 'running' || status === 'stopping' ? 'allowed' : 'refused'),
    words: 'Error: top can only be used on running containers',
  },
  {
    line: 'berth wait --condition STATE % && berth logs % && berth stats --no-stream % && berth port % && berth diff %',
    verdict: always,
  },
];

export interface Cell {
  line: string;
  status: ContainerStatus;
  verdict: Verdict;
  /** Its container is of no use to other cells afterwards. */
  alone: boolean;
  /** Exit code, standard error and the state afterwards. */
  answer: { code: number; said: string; after: string };
}

const HURRIED = 'StopSignal SIGTERM failed to stop container % in N seconds, resorting to SIGKILL';

/** What is to be seen of one verb in one state; undefined where that is shown elsewhere. */
export function cellOf(verb: Verb, status: ContainerStatus): Cell | undefined {
  const meaning = verb.verdict(status);
  const { line, lasts, to, words = '', code = 125, hurries } = verb;
  if (meaning !== 'refused' && lasts === true) return undefined;
  const next = meaning === 'refused' ? undefined : to?.[status];
  // What is done already stays as it is, but for what a killed cleanup has left.
  const alone = next !== undefined && (meaning === 'allowed' || status === 'stopped');
  const after = alone ? next : status;
  const refusal = typeof words === 'string' ? words : words[status];
  const warning = hurries && status === 'stopping' ? HURRIED : '';
  return {
    line: line.replaceAll('STATE', displayStatus(status)),
    status,
    verdict: meaning,
    alone,
    answer: {
      code: meaning === 'refused' ? code : 0,
      said: meaning === 'refused' ? refusal.replace('STATE', displayStatus(status)) : warning,
      after: after === 'gone' ? after : displayStatus(after),
    },
  };
}
