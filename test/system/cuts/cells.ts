/** Every point of every plan, and what is done after a cut there. Made from the plans: a new step is cut without a new line here. */
import { planAfterEnd, planCleanup } from '../../../src/model/plan/cleanup.ts';
import { planCreate } from '../../../src/model/plan/create.ts';
import type { Plan } from '../../../src/model/plan/plan.ts';
import { planRemove, RM_PLAN } from '../../../src/model/plan/remove.ts';
import { planRename } from '../../../src/model/plan/rename.ts';
import { planReady, planStart, planStartWaiting } from '../../../src/model/plan/start.ts';
import { MARK_AHEAD, MARK_STOPPING, planStop, planStopAhead } from '../../../src/model/plan/stop.ts';
import { planUpdate } from '../../../src/model/plan/update.ts';
import { config } from '../../support/config.ts';
import { RUNTIMES, type RuntimeName } from '../../support/machine.ts';

/** How the container is made, brought to the point before the cut, and to the cut: see script.ts. */
export type Situation =
  | 'create'
  | 'start'
  | 'checked'
  | 'waiting'
  | 'stop'
  | 'stop-ahead'
  | 'frozen'
  | 'vain'
  | 'rm'
  | 'auto-remove'
  | 'rename'
  | 'rename-running'
  | 'update'
  | 'update-running';

/** What a person does next; `again` is what was cut. */
export type Next = 'start' | 'stop' | 'rm' | 'again';

export interface Cell {
  situation: Situation;
  /** `start before mount-rootfs` */
  point: string;
  next: Next;
  runtime: RuntimeName;
}

const whole = config({
  cidFile: '/run/cid',
  network: 'bridge',
  networks: [{ network: 'podman' }],
  ports: [{ hostIp: '', hostPort: 1, containerPort: 80, range: 1, protocol: 'tcp' }],
  secrets: [{ name: 'cut', id: '', destination: '/run/secrets/cut', uid: 0, gid: 0, mode: 0o444 }],
  mounts: [{ type: 'volume', volume: 'v', destination: '/v', options: [] }],
  health: {
    test: ['true'],
    testAsGiven: ['CMD', 'true'],
    intervalMs: 3_600_000,
    timeoutMs: 30_000,
    startPeriodMs: 0,
    retries: 3,
    onFailure: 'none',
    maxLogCount: 5,
    maxLogSize: 500,
  },
});

const stop = planStop({ hasGrace: true, isFrozen: false });
const stopOfFrozen = planStop({ hasGrace: true, isFrozen: true });

/** Which plans a situation runs through, with all of their steps. */
const PLANS: Record<Situation, Plan<string>[]> = {
  create: [planCreate(whole)],
  start: [planStart(whole, { mounted: true, bundle: true })],
  checked: [planReady(whole)],
  waiting: [planStartWaiting(whole)],
  stop: [
    MARK_STOPPING,
    stop,
    planCleanup({
      cgroup: true,
      bundle: true,
      poststopHooks: true,
      network: true,
      volumes: true,
      checks: true,
    }),
  ],
  'stop-ahead': [MARK_AHEAD, planStopAhead({ isFrozen: false })],
  frozen: [{ of: 'stop', steps: stopOfFrozen.steps.filter((step) => !stop.steps.includes(step)) }],
  vain: [planAfterEnd({ preventRestart: true, autoRemove: false })],
  rm: [RM_PLAN, planRemove(whole)],
  'auto-remove': [
    planAfterEnd({ preventRestart: false, autoRemove: true }),
    planRemove(whole, { inUnit: true }),
  ],
  rename: [planRename({ claimed: false, timer: false })],
  'rename-running': [planRename({ claimed: false, timer: true })],
  // Without limits: the kernel of a bed may have no controller for them, and their step stores nothing.
  update: [planUpdate({ limits: false, unit: true, timer: { stop: false, start: false } })],
  'update-running': [planUpdate({ limits: false, unit: true, timer: { stop: true, start: true } })],
};

export const SITUATIONS = Object.keys(PLANS) as Situation[];

/**
 * What comes next: of every list one, in turn from point to point, so that each point is followed by as many of them as
 * there are lists. What stands alone in a list follows every point.
 *
 * Where a cut leaves a container half made or half removed, there is nothing to stop; what runs is stopped before its rm,
 * and what does not run before what was cut is done again: those are the stops. The plans of the situations with one list
 * are cut in others too.
 */
const NEXTS: Record<Situation, readonly (readonly Next[])[]> = {
  create: [['start'], ['rm']],
  start: [['start'], ['stop', 'rm']],
  checked: [['start'], ['stop', 'rm']],
  waiting: [['start'], ['rm']],
  stop: [['start'], ['stop', 'rm']],
  'stop-ahead': [['start', 'stop', 'rm']],
  // Killed before it thaws, systemd waits out the unit's stop timeout: slow, and the same for each.
  frozen: [['start']],
  vain: [['start'], ['stop', 'rm']],
  rm: [['start'], ['rm']],
  'auto-remove': [['start', 'rm']],
  rename: [['again'], ['start', 'rm']],
  'rename-running': [['start', 'rm', 'again']],
  update: [['again'], ['start', 'rm']],
  'update-running': [['start', 'rm', 'again']],
};

/** BERTH_CUTS=all: everything that may come next after every point, with either runtime; several times as long. */
const ALL = process.env.BERTH_CUTS === 'all';

/** Before every step of the situation and after the last of each plan, with what comes next, by the runtimes in turn. */
export function cellsOf(situation: Situation): Cell[] {
  const cell = (point: string, next: Next, n: number): Cell => ({
    situation,
    point,
    next,
    runtime: RUNTIMES[n % 2 === 0 ? 0 : 1],
  });
  return pointsOf(situation).flatMap((point, row) =>
    ALL
      ? NEXTS[situation].flat().flatMap((next) => RUNTIMES.map((_, n) => cell(point, next, n)))
      : NEXTS[situation].map((nexts, column) =>
          // A list of two would have one runtime for each of its own, were it not for the shift at every other row.
          cell(point, nexts[row % nexts.length] ?? 'start', row + column + (row >> 1)),
        ),
  );
}

/** After a step that another one follows is the same moment as before that one: nothing runs in between. */
function pointsOf(situation: Situation): string[] {
  return PLANS[situation].flatMap(({ of, steps }) => [
    ...steps.map((step) => `${of} before ${step}`),
    `${of} after ${steps.at(-1)}`,
  ]);
}
