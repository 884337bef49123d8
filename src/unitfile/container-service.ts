/** The unit file of a container: `berth-NAME.service`. */
import type { ContainerConfig } from '../model/config.ts';
import type { DependencyKind } from '../model/namespace.ts';
import { hasNetwork } from '../model/network/names.ts';
import { DEFAULT_SLICE, sliceWithin } from '../model/slice.ts';
import { SUPERVISOR_CGROUP } from '../model/unit-cgroups.ts';
import { execWord, freeText, pathWord, specifierWord } from './escape.ts';
import { printUnit, type UnitEntry } from './unit.ts';

/** Another container that this one needs. */
export interface UnitDependency {
  unit: string;
  kind: DependencyKind;
}

export interface ServiceContext {
  /** Directory of the entry points: /usr/libexec/berth. */
  libexec: string;
  /** State and run directories; containers need them mounted. */
  stateDir: string;
  runDir: string;
  /** Options that every entry point of a relocated instance must be given: ['--root', DIR], else empty. */
  rootArgs: string[];
  /** Major version of the running systemd: which keys it knows. */
  systemdVersion: number;
  dependencies?: readonly UnitDependency[];
  /** Another unit lives in the control group that would be this one's. */
  ownSlice?: boolean;
}

/** Seconds that ExecStop has beyond the container's own grace before systemd steps in. */
const STOP_MARGIN_SECONDS = 20;

/** First systemd with RestartSteps= and RestartMaxDelaySec= (NEWS of systemd 254). */
const BACKOFF_SINCE = 254;

/** First systemd with DelegateSubgroup= (NEWS of systemd 254). */
const SUBGROUP_SINCE = 254;

/** First systemd with ImportCredential= (NEWS of systemd 254). */
const IMPORT_SINCE = 254;

/** The text of a container's unit file; every value of the container's is escaped. */
export function containerService(config: ContainerConfig, context: ServiceContext): string {
  const command = (program: string): string =>
    [specifierWord(program), ...[...context.rootArgs, config.id].map(execWord)].join(' ');
  return printUnit({
    header: [
      `Container ${config.name}, made by berth create.`,
      `Change it with "systemctl edit ${config.unit}"; berth update and berth rename write this file anew, berth rm removes it.`,
    ],
    sections: [
      {
        name: 'Unit',
        entries: [
          {
            key: 'Description',
            value: freeText(
              `Container ${config.name} (${config.image?.name ?? config.rootfs ?? 'no image'})`,
            ),
          },
          { key: 'Documentation', value: 'man:berth-unit(7)' },
          { key: 'RequiresMountsFor', value: mountPaths(config, context).map(pathWord).join(' ') },
          {
            key: 'After',
            value: 'dbus.service',
            comment: 'At a shutdown the bus outlives the container: berth-cleanup asks systemd over it.',
          },
          ...networkEntries(config),
          ...dependencyEntries(context.dependencies ?? []),
          {
            key: 'StartLimitIntervalSec',
            value: '0',
            comment: 'A crash loop is slowed down (below), never given up in silence.',
          },
          ...(config.autoRemove
            ? [
                {
                  key: 'CollectMode',
                  value: 'inactive-or-failed',
                  comment: '--rm: the unit goes with the container, failed or not.',
                },
              ]
            : []),
        ],
      },
      {
        name: 'Service',
        entries: [
          { key: 'Type', value: 'notify' },
          config.sdNotify === 'container'
            ? {
                key: 'NotifyAccess',
                value: 'all',
                comment: '--sdnotify=container: conmon passes its words on before it is the main process.',
              }
            : { key: 'NotifyAccess', value: 'exec' },
          ...(config.restart.name === 'unless-stopped'
            ? [
                {
                  key: 'ExecCondition',
                  value: command(`${context.libexec}/berth-condition`),
                  comment: 'A boot does not start what a person has stopped before it.',
                },
              ]
            : []),
          {
            key: 'ExecStart',
            value: command(`-${context.libexec}/berth-start`),
            comment:
              'The "-": whether an end was asked for or is a failure is decided by berth-cleanup, by its exit code.',
          },
          { key: 'ExecStop', value: command(`${context.libexec}/berth-stop`) },
          { key: 'ExecStopPost', value: command(`${context.libexec}/berth-cleanup`) },
          { key: 'TimeoutStartSec', value: '90' },
          { key: 'TimeoutStopSec', value: stopTimeout(config) },
          ...sliceEntries(config, context),
          {
            key: 'Delegate',
            value: 'yes',
            comment: 'conmon lives in the sub-cgroup "supervisor", the payload in "container".',
          },
          // berth-start goes there by itself where systemd cannot put it there: a move costs a hundredth of a second.
          ...(context.systemdVersion < SUBGROUP_SINCE
            ? []
            : [{ key: 'DelegateSubgroup', value: SUPERVISOR_CGROUP }]),
          { key: 'KillMode', value: 'mixed' },
          ...credentialEntries(config, context.systemdVersion),
          ...restartEntries(config, context.systemdVersion),
        ],
      },
      // What goes with the boot cannot be part of the next one.
      ...(config.ephemeral === true
        ? []
        : [{ name: 'Install', entries: [{ key: 'WantedBy', value: 'multi-user.target' }] }]),
    ],
  });
}

/** Ports may be of an address that the host has not from the start on. */
function networkEntries(config: ContainerConfig): UnitEntry[] {
  if (!hasNetwork(config)) return [];
  return ['Wants', 'After'].map((key) => ({ key, value: 'network-online.target' }));
}

/**
 * Wants=, not Requires=: that they run is checked by berth-start, which names those that do not and, unlike a failed
 * dependency job, is tried again by Restart=. A container that lives in another one's namespaces has nothing to live in
 * when that one stops, and the wrong ones when it starts again: PartOf= makes it stop and restart along.
 */
function dependencyEntries(dependencies: readonly UnitDependency[]): UnitEntry[] {
  const joined = dependencies.filter(({ kind }) => kind === 'namespace');
  const line = (key: string, units: readonly UnitDependency[], comment: string): UnitEntry[] =>
    units.length === 0
      ? []
      : [{ key, value: units.map(({ unit }) => specifierWord(unit)).join(' '), comment }];
  return [
    ...line('Wants', dependencies, 'Containers that must run before this one starts.'),
    ...line('After', dependencies, 'They start before this one and stop after it.'),
    ...line('PartOf', joined, 'It uses their namespaces, so it stops and restarts with them.'),
  ];
}

function sliceEntries({ cgroupParent }: ContainerConfig, { ownSlice }: ServiceContext): UnitEntry[] {
  const slice = cgroupParent ?? DEFAULT_SLICE;
  if (ownSlice === true) {
    return [
      {
        key: 'Slice',
        value: sliceWithin(slice, 'berth'),
        comment: 'A container that had this name and runs on under another one has the control group.',
      },
    ];
  }
  return cgroupParent === undefined ? [] : [{ key: 'Slice', value: slice }];
}

/** From wherever the host keeps credentials; one that is nowhere is left to a drop-in, and missed by berth-start. */
function credentialEntries({ credentials = [] }: ContainerConfig, systemdVersion: number): UnitEntry[] {
  if (systemdVersion < IMPORT_SINCE) return [];
  return credentials.map(({ name }) => ({ key: 'ImportCredential', value: name }));
}

/** systemd counts microseconds in 64 bits, and ignores a line with more: a grace of decades is no limit at all. */
function stopTimeout({ stopTimeoutSeconds }: ContainerConfig): string {
  const seconds = stopTimeoutSeconds + STOP_MARGIN_SECONDS;
  return seconds > 1e9 ? 'infinity' : String(seconds);
}

function mountPaths(config: ContainerConfig, context: ServiceContext): string[] {
  const binds = config.mounts.flatMap((mount) => (mount.source === undefined ? [] : [mount.source]));
  return [
    ...new Set([
      context.stateDir,
      context.runDir,
      ...(config.rootfs === undefined ? [] : [config.rootfs]),
      ...(config.init === undefined ? [] : [config.init]),
      ...binds,
    ]),
  ];
}

function restartEntries(config: ContainerConfig, systemdVersion: number): UnitEntry[] {
  const { name } = config.restart;
  if (name === 'no') return [{ key: 'Restart', value: 'no' }];
  const restart = name === 'on-failure' ? 'on-failure' : 'always';
  // Without steps the first delay is also the last one: long enough that a crash loop costs little.
  if (systemdVersion < BACKOFF_SINCE) {
    return [
      { key: 'Restart', value: restart },
      { key: 'RestartSec', value: '5s' },
    ];
  }
  return [
    { key: 'Restart', value: restart },
    { key: 'RestartSec', value: '10ms' },
    { key: 'RestartSteps', value: '10' },
    { key: 'RestartMaxDelaySec', value: '15s' },
  ];
}
