/** Plans as a person reads them: who does which step to what. */
import type { ContainerConfig } from '../config.ts';
import { healthUnits } from '../name.ts';
import type { PortMapping } from '../network/network.ts';
import { signalName } from '../signal.ts';
import type { ContainerState } from '../state.ts';
import { mountsToPrepare } from '../volume/volume.ts';
import type { AfterEndStep, CleanupStep } from './cleanup.ts';
import type { CreateStep } from './create.ts';
import type { RemoveStep, RmStep } from './remove.ts';
import type { ReadyStep, StartStep } from './start.ts';
import type { StopStep } from './stop.ts';

export type AnyStep =
  | CreateStep
  | StartStep
  | ReadyStep
  | StopStep
  | CleanupStep
  | AfterEndStep
  | RmStep
  | RemoveStep;

/** What the steps of one container are about. */
export interface PlanFacts {
  config: ContainerConfig;
  state: ContainerState;
  /** Seconds between stop signal and SIGKILL in the stop that is planned; negative: no end. */
  graceSeconds: number;
  paths: { store: string; unitFile: string; directory: string; rootfs: string; bundle: string; spec: string };
}

/** Steps in order, and the program that does them. */
export interface PlanPart {
  /** `berth-start, run by berth-web.service` */
  by: string;
  steps: readonly AnyStep[];
}

/** One line for each part, and below it one for each step with its object. */
export function showPlan(parts: readonly PlanPart[], facts: PlanFacts): string {
  const width = Math.max(0, ...parts.flatMap(({ steps }) => steps.map((step) => step.length)));
  return parts
    .flatMap(({ by, steps }) => [
      by,
      ...steps.map((step) => `  ${step.padEnd(width)}  ${OBJECTS[step](facts)}`),
    ])
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

const unit = ({ config }: PlanFacts): string => config.unit;
const rootfs = ({ paths }: PlanFacts): string => paths.rootfs;
const bundle = ({ paths }: PlanFacts): string => paths.bundle;
const runtime = ({ config }: PlanFacts): string => config.runtime;
const cgroup =
  (part: string) =>
  ({ config, state }: PlanFacts): string =>
    `${state.cgroup ?? config.unit}/${part}`;
const row =
  (status: string) =>
  ({ paths }: PlanFacts): string =>
    `${status}, in ${paths.store}`;

const volumesOf = (config: ContainerConfig): string =>
  mountsToPrepare(config)
    .map(({ volume, image, source, destination }) => `${volume ?? image?.name ?? source} on ${destination}`)
    .join(', ');

const networkOf = ({ config: { network, networks = [] } }: PlanFacts): string =>
  networks.length === 0 ? network : networks.map((one) => one.network).join(', ');

const portText = ({ hostIp, hostPort, containerPort, range, protocol }: PortMapping): string => {
  const ports = (first: number): string => (range > 1 ? `${first}-${first + range - 1}` : `${first}`);
  return `${hostIp || '0.0.0.0'}:${ports(hostPort)}->${ports(containerPort)}/${protocol}`;
};

const OBJECTS: Record<AnyStep, (facts: PlanFacts) => string> = {
  'insert-row': row('as removing until all is done'),
  'make-volumes': ({ config }) =>
    `what is missing of ${config.mounts.flatMap(({ volume }) => volume ?? []).join(', ')}`,
  'take-lock': ({ config }) => config.id,
  'make-directory': ({ paths }) => paths.directory,
  'copy-secrets': ({ paths }) => `${paths.directory}/secrets`,
  'write-config': ({ paths }) => `${paths.directory}/config.json`,
  'write-unit': ({ paths }) => paths.unitFile,
  'write-cidfile': ({ config }) => config.cidFile ?? '',
  'record-created': row('created'),

  'check-dependencies': ({ config }) => `what ${config.name} needs runs`,
  'enter-supervisor-cgroup': cgroup('supervisor'),
  'sweep-leftovers': ({ paths }) => `of a run that was not cleaned up: ${paths.rootfs}, ${paths.bundle}`,
  'launch-monitor': () => 'conmon',
  'mount-rootfs': rootfs,
  'reserve-ports': ({ config }) => (config.ports ?? []).map(portText).join(', '),
  'set-up-network': networkOf,
  'write-names': ({ paths }) => `${paths.bundle}/{hosts,resolv.conf}`,
  'write-files': ({ paths }) => `${paths.bundle}/{hosts,resolv.conf,hostname,.containerenv}`,
  'mount-volumes': ({ config }) => volumesOf(config),
  'write-spec': ({ paths }) => paths.spec,
  'create-in-runtime': ({ config }) => config.runtime,
  'start-payload': ({ config }) => [...config.entrypoint, ...config.command].join(' '),
  'record-running': row('running'),
  'await-healthy': () => 'checks of it, one after another, until one has passed',
  'await-word': () => "READY=1 of the container's own",
  'notify-ready': ({ config }) => `READY=1 for ${config.unit}`,
  'restart-joined': () => 'containers in the namespaces of the run before',
  'start-health-timer': ({ config }) => healthUnits(config.name).timer,
  'hand-over': ({ config }) => `conmon becomes the main process of ${config.unit}`,
  'await-receipt': () => 'BARRIER=1: systemd has taken in all that it was told',

  'record-stopping': row('stopping, as asked for'),
  'signal-payload': ({ config, state }) =>
    `${signalName(config.stopSignal)} to ${state.payload === undefined ? 'the payload' : `process ${state.payload.pid}`}`,
  'thaw-payload': cgroup('container'),
  'await-payload': ({ graceSeconds }) =>
    graceSeconds < 0 ? 'its end, without limit' : `its end, ${graceSeconds} s at most`,
  'kill-payload': (facts) => `SIGKILL to what is left in ${cgroup('container')(facts)}`,
  'await-monitor': (facts) => `the end of conmon in ${cgroup('supervisor')(facts)}`,

  'end-processes': (facts) => `what is left in ${cgroup('{container,supervisor}')(facts)}`,
  'delete-from-runtime': runtime,
  'run-poststop-hooks': ({ paths }) => `${paths.bundle}/poststop-hooks.json`,
  'tear-down-network': networkOf,
  'release-volumes': ({ config }) => volumesOf(config),
  'unmount-rootfs': rootfs,
  'keep-check-results': row('what the last health checks found'),
  'remove-bundle': bundle,
  'remove-cgroup': cgroup('container'),
  'record-end': row('how the run ended'),
  'prevent-restart': unit,
  'remove-container': ({ config }) => config.name,

  'end-unit': unit,
  'clean-up-and-remove': ({ config }) => `${config.name}, under its lock:`,
  'end-late-start': ({ config }) => `${config.unit}, if a start was asked for meanwhile`,
  'record-removing': row('removing'),
  'disable-unit': unit,
  'remove-unit-file': ({ paths }) => paths.unitFile,
  'reset-unit': ({ config }) => `${config.unit}, if it failed`,
  'delete-storage': ({ paths }) => paths.directory,
  'remove-cidfile': ({ config }) => config.cidFile ?? '',
  'delete-row': row('all of it'),
  'reload-systemd': () => 'if the unit was enabled',
};
