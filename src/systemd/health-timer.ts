/** The transient timer and service of a container's health check. */
import dbus from 'dbus-next';
import { healthUnits, unitName } from '../model/name.ts';
import { BusError } from './bus.ts';
import type { Manager } from './manager.ts';

/** syslog(3) */
const NOTICE = 5;
const SIGTERM = 15;

export interface HealthTimer {
  /** Container's name. */
  name: string;
  intervalMs: number;
  /** argv of the check: /usr/libexec/berth/berth-healthcheck ID. */
  command: string[];
}

/**
 * Starts the timer; the first check runs at once, the next ones `intervalMs` after the end of the one before
 * (so two never overlap). BindsTo= the container's unit: neither unit can outlive it, whatever happens to Berth; systemd
 * stops both the moment that one begins to end.
 * LogLevelMax=notice keeps systemd's own Started/Finished lines out of the journal; what the check itself has to say is
 * logged as a notice.
 */
export async function startHealthTimer(
  manager: Manager,
  { name, intervalMs, command }: HealthTimer,
): Promise<void> {
  const units = healthUnits(name);
  const container = new dbus.Variant('as', [unitName(name)]);
  const common = [
    ['BindsTo', container],
    ['After', container],
    ['CollectMode', new dbus.Variant('s', 'inactive-or-failed')],
  ];
  const timer = [
    ['Description', new dbus.Variant('s', `Health check timer of container ${name}`)],
    ...common,
    // TimersMonotonic: (base, µs); org.freedesktop.systemd1(5).
    [
      'TimersMonotonic',
      new dbus.Variant('a(st)', [
        ['OnActiveSec', 0n],
        ['OnUnitInactiveSec', BigInt(Math.round(intervalMs * 1000))],
      ]),
    ],
    ['AccuracyUSec', new dbus.Variant('t', 100_000n)],
  ];
  const [program = ''] = command;
  const service = [
    ['Description', new dbus.Variant('s', `Health check of container ${name}`)],
    ...common,
    ['Type', new dbus.Variant('s', 'oneshot')],
    ['ExecStart', new dbus.Variant('a(sasb)', [[program, command, false]])],
    ['LogLevelMax', new dbus.Variant('i', NOTICE)],
    ['SyslogLevel', new dbus.Variant('i', NOTICE)],
    ['StartLimitIntervalUSec', new dbus.Variant('t', 0n)],
    // Ended by SIGTERM because the container ended: no failure.
    ['SuccessExitStatus', new dbus.Variant('(aiai)', [[], [SIGTERM]])],
  ];
  try {
    await manager.startTransient(units.timer, timer, [[units.service, service]]);
  } catch (error) {
    if (!(error instanceof BusError && error.type === 'org.freedesktop.systemd1.UnitExists')) throw error;
    // A restart of the container's unit is passed on to what is bound to it: systemd starts this timer again by itself.
    if ((await manager.startUnit(units.timer)) !== 'done') throw error;
  }
}
