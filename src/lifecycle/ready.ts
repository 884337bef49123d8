/** From a payload that runs to READY=1, and what of a start comes after that. */
import { planReady, type ReadyStep } from '../model/plan/start.ts';
import type { ContainerRecord } from '../model/records.ts';
import type { ProcessRef } from '../model/state.ts';
import type { Starting } from './await-ready.ts';
import { inOldNamespaces } from './dependencies.ts';
import type { Ports } from './ports.ts';
import { beginChecks } from './running.ts';
import { doSteps, type Steps } from './steps.ts';

type ReadyPorts = Starting['ports'] &
  Pick<Ports, 'systemd' | 'startHealthTimer' | 'notify' | 'notifyBarrier' | 'warn'>;

export interface ReadyContext {
  ports: ReadyPorts;
  container: ContainerRecord;
  unitCgroup: string;
  /** The payload shall wait for `berth start`. */
  held: boolean;
  /** Aborted when systemd wants the unit stopped: it does not run ExecStop= before READY=1. */
  stopAsked: AbortSignal;
  /** systemd has yet to be told that conmon is the main process, when all is done. */
  handsOver?: boolean;
  processes?: { payload: ProcessRef; conmon: ProcessRef };
}

/**
 * Tells systemd that the container is ready, once it is, and does what follows; without the lock. Throws when systemd has
 * wanted the unit stopped meanwhile: the container is stopped then.
 */
export async function becomeReady(context: ReadyContext): Promise<void> {
  const { ports, container, held } = context;
  const facts = { held, joined: inOldNamespaces(ports, container.config.id).length > 0 };
  const plan = planReady(container.config, facts);
  context.handsOver = plan.steps.includes('hand-over');
  const stopped = stopWhenAsked(context);
  await Promise.race([doSteps(plan, READY_STEPS, context), stopped]);
  if (context.stopAsked.aborted) await stopped;
}

/**
 * Settles only when systemd wants a stop: then this process, whom it has told, ends the payload as berth-stop would. To die
 * of the signal is no way out: systemd would wait for the rest of the unit until its time limit.
 */
async function stopWhenAsked(context: ReadyContext): Promise<never> {
  const { stopAsked } = context;
  if (!stopAsked.aborted) await new Promise((resolve) => stopAsked.addEventListener('abort', resolve));
  return (await import('./await-ready.ts')).stopStarting(starting(context));
}

const READY_STEPS: Steps<ReadyStep, ReadyContext> = {
  // Loaded when needed: most starts wait for neither.
  'await-healthy': {
    do: async (context) => (await import('./await-ready.ts')).awaitHealthy(starting(context)),
  },
  'await-word': {
    do: async (context) => (await import('./await-ready.ts')).awaitWord(starting(context)),
  },
  'notify-ready': {
    do: async (context) => {
      const { payload } = processesOf(context);
      // Who starts a held payload later cannot speak for the unit: the words must be true before and after.
      const fate = context.held ? 'is initialized, its first process is' : 'runs as process';
      await context.ports.notify([
        ...(context.handsOver === true ? [] : mainProcess(context)),
        'READY=1',
        `STATUS=container ${context.container.config.name} ${fate} ${payload.pid}`,
      ]);
    },
  },
  'restart-joined': {
    do: async ({ ports, container: { config } }) => {
      for (const { unit } of inOldNamespaces(ports, config.id)) {
        ports.warn(`restarting ${unit}, which uses the namespaces of the last run of ${config.name}`);
        await (await ports.systemd()).tryRestartUnitNoWait(unit);
      }
    },
  },
  'start-health-timer': { do: ({ ports, container: { config } }) => beginChecks(ports, config) },
  'hand-over': {
    do: async (context) => {
      // One that has ended meanwhile is followed by this process's own end.
      if (context.ports.host.isAlive(context.processes?.conmon))
        await context.ports.notify(mainProcess(context));
    },
  },
  // systemd may have been at a stop when READY=1 came, with this process as the one to tell.
  'await-receipt': {
    do: async ({ ports: { notifyBarrier, host } }) => {
      notifyBarrier();
      // What it has told this process is then there; it is heard after this.
      await host.delay(0);
    },
  },
};

function mainProcess(context: ReadyContext): string[] {
  return [`MAINPID=${processesOf(context).conmon.pid}`];
}

function starting({ ports, container: { config }, unitCgroup, stopAsked }: ReadyContext): Starting {
  return { ports, config, unitCgroup, stopAsked };
}

export function processesOf(context: ReadyContext): { payload: ProcessRef; conmon: ProcessRef } {
  if (context.processes === undefined) throw new Error('the container was not created');
  return context.processes;
}
