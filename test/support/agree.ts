/** What systemd and Berth each say about a container, and that they say the same. */
import assert from 'node:assert/strict';
import type { Bed } from '../bed/bed.ts';
import { script, until } from './machine.ts';

/** `systemctl show` of a container's unit. */
export interface UnitFacts {
  ActiveState: string;
  SubState: string;
  Result: string;
  MainPID: string;
  NRestarts: string;
  ControlGroup: string;
  ExecMainStatus: string;
  InvocationID: string;
  RestartUSecNext: string;
  LoadState: string;
}

/** The part of `berth inspect` that these tests read. */
export interface ContainerFacts {
  Id: string;
  Name: string;
  RestartCount: number;
  GraphDriver: { Data: { MergedDir?: string } };
  State: {
    Status: string;
    Running: boolean;
    Paused: boolean;
    Pid: number;
    ConmonPid?: number;
    ExitCode: number;
    Error: string;
    StartedAt: string;
    FinishedAt: string;
    StoppedByUser: boolean;
    CgroupPath: string;
  };
}

export interface Facts {
  unit: UnitFacts;
  container: ContainerFacts;
  ps: { State: string; ExitCode: number; Pid: number };
}

const PROPERTIES =
  'ActiveState,SubState,Result,MainPID,NRestarts,ControlGroup,ExecMainStatus,InvocationID,RestartUSecNext,LoadState';

/** `systemctl show` of one container's unit. */
export async function showUnit(bed: Bed, name: string): Promise<UnitFacts> {
  return parseShow(await script(bed, `systemctl show -p ${PROPERTIES} berth-${name}`));
}

/** Waits until units have ended and none of them will be restarted. */
export async function atRest(bed: Bed, ...names: string[]): Promise<void> {
  for (const name of names) {
    await until(
      `${name} is at rest`,
      async () => /^(inactive|failed)$/.test((await showUnit(bed, name)).ActiveState) || undefined,
    );
  }
}

/** `berth inspect` of one container. */
export async function inspect(bed: Bed, name: string): Promise<ContainerFacts> {
  const [facts] = JSON.parse(await script(bed, `berth inspect ${name}`)) as ContainerFacts[];
  assert.ok(facts, `berth inspect ${name} prints an object`);
  return facts;
}

/**
 * Asserts that systemd, `berth ps`, `berth inspect` and the kernel agree about containers that are at rest (running or
 * not, but not on the way: the end of a berth-start that has said READY=1 is waited for), and returns what they say.
 */
export async function assertAgree(bed: Bed, ...names: string[]): Promise<Facts[]> {
  const units = names.map((name) => `berth-${name}.service`).join(' ');
  const text = await script(
    bed,
    `for unit in ${units}; do while grep -qa berth-start /proc/$(systemctl show -P MainPID $unit)/cmdline 2>/dev/null; do sleep 0.01; done; done
     systemctl show -p ${PROPERTIES} ${units}; echo ----; berth inspect ${names.join(' ')}; echo ----; berth ps -a --format json
     echo ----; for c in $(systemctl show -P ControlGroup ${units}); do for p in $(cat /sys/fs/cgroup$c/container/cgroup.procs 2>/dev/null); do echo $p; done; done
     echo ----; cut -d' ' -f5 /proc/self/mountinfo`,
  );
  const [shows = '', inspects = '', list = '', payloads = '', mounts = ''] = text.split(/^----\n/m);
  const shown = shows.trim().split('\n\n').map(parseShow);
  const inspected = JSON.parse(inspects) as ContainerFacts[];
  const listed = JSON.parse(list) as (Facts['ps'] & { Names: string[] })[];
  return names.map((name, index) => {
    const unit = shown[index];
    const container = inspected[index];
    const ps = listed.find(({ Names }) => Names[0] === name);
    assert.ok(unit && container && ps, `${name} is known to systemd, inspect and ps`);
    const facts = { unit, container, ps };
    const told = `${name}: ${JSON.stringify(facts, null, 1)}`;
    assert.equal(container.Name, name, told);
    assert.equal(ps.State, container.State.Status, told);
    assert.equal(ps.ExitCode, container.State.ExitCode, told);
    assert.equal(ps.Pid, container.State.Pid, told);
    const mounted = mounts.split('\n').some((point) => point.includes(`/${container.Id}/`));
    if (unit.ActiveState === 'active') assertRunning(facts, payloads.split('\n').map(Number), told);
    else assertAtRest(facts, told);
    assert.equal(
      mounted,
      unit.ActiveState === 'active',
      `its root is mounted while it runs, and only then; ${told}`,
    );
    return facts;
  });
}

function assertRunning({ unit, container }: Facts, payloads: number[], told: string): void {
  assert.equal(unit.SubState, 'running', told);
  assert.equal(unit.Result, 'success', told);
  assert.match(container.State.Status, /^(running|initialized|paused)$/, told);
  assert.equal(container.State.Paused, container.State.Status === 'paused', told);
  assert.equal(container.State.Running, container.State.Status === 'running', told);
  assert.equal(Number(unit.MainPID), container.State.ConmonPid, `the unit's main process is conmon; ${told}`);
  assert.ok(payloads.includes(container.State.Pid), `the payload lives in the unit's sub-cgroup; ${told}`);
  assert.equal(container.State.CgroupPath, `${unit.ControlGroup}/container`, told);
}

function assertAtRest({ unit, container }: Facts, told: string): void {
  const { State } = container;
  assert.match(unit.ActiveState, /^(inactive|failed)$/, told);
  assert.equal(unit.SubState, unit.ActiveState === 'failed' ? 'failed' : 'dead', told);
  assert.equal(unit.Result === 'success', unit.ActiveState === 'inactive', told);
  assert.equal(unit.MainPID, '0', told);
  assert.match(State.Status, /^(created|exited)$/, told);
  assert.equal(State.Running, false, told);
  assert.equal(State.Pid, 0, told);
  // A stop that came after the crash changes who wanted the rest, not the unit.
  const crashed = State.Status === 'exited' && State.ExitCode !== 0;
  if (unit.ActiveState === 'failed')
    assert.ok(crashed || State.Error !== '', `a failure has a reason; ${told}`);
}

function parseShow(text: string): UnitFacts {
  return Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  ) as unknown as UnitFacts;
}
