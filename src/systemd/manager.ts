/** What Berth asks of systemd's manager (org.freedesktop.systemd1(5)). Each call opens no connection of its own. */
import { rmSync } from 'node:fs';
import { connectBus, MANAGER } from './bus.ts';
import { jobRunner } from './jobs.ts';
import { overrideWatchdog } from './notify-for.ts';
import { JOB, propertiesChanged, property, SERVICE, tolerate, UNIT } from './objects.ts';
import { linksTo, moveUnitFiles, moveUnitLinks } from './unit-files.ts';

export interface UnitStatus {
  loadState: string;
  activeState: string;
  subState: string;
  unitFileState: string;
  result: string;
  restarts: number;
  controlGroup: string;
}

/** SubStates of a service from its end on (systemd's ServiceState) in which ExecStopPost= has yet to be run. */
const BEFORE_STOP_POST = new Set([
  'running',
  'exited',
  'stop',
  'stop-watchdog',
  'stop-sigterm',
  'stop-sigkill',
]);

/** A connection with the manager's verbs; close it. */
export async function connectManager() {
  const bus = await connectBus();
  const runJob = jobRunner(bus);
  const untilState = async (
    unit: string,
    name: 'ActiveState' | 'SubState',
    test: (state: string) => boolean,
  ): Promise<string> => {
    const [loaded] = await bus.call({ member: 'LoadUnit', signature: 's', body: [unit] });
    const path = String(loaded);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const look = async (): Promise<void> => {
      const state = String(await property(bus, path, UNIT, name));
      if (test(state)) resolve(state);
    };
    await bus.onSignals([propertiesChanged(path)], (member) => {
      if (member === 'PropertiesChanged') look().catch(reject);
    });
    // Who has waited for a job has done so already.
    await tolerate(bus.call({ member: 'Subscribe' }), 'org.freedesktop.systemd1.AlreadySubscribed');
    await look();
    return bus.orLost(promise);
  };
  return {
    /** Enqueues a job and waits for its end. Throws BerthError 'unit' when systemd refuses the job. */
    startUnit: (unit: string) => runJob('StartUnit', unit),
    /** A unit that does not exist is stopped. */
    stopUnit: (unit: string, meanwhile?: () => Promise<void>) => runJob('StopUnit', unit, meanwhile),
    restartUnit: (unit: string, meanwhile?: () => Promise<void>) => runJob('RestartUnit', unit, meanwhile),

    /** Enqueues a stop and returns: systemd will not restart the unit when it ends. */
    async stopUnitNoWait(unit: string): Promise<void> {
      await bus.call({ member: 'StopUnit', signature: 'ss', body: [unit, 'replace'] });
    },

    /** Enqueues a restart and returns. */
    async restartUnitNoWait(unit: string): Promise<void> {
      await bus.call({ member: 'RestartUnit', signature: 'ss', body: [unit, 'replace'] });
    },

    /** Enqueues a restart of a unit that runs, and returns; one that does not is left alone. */
    async tryRestartUnitNoWait(unit: string): Promise<void> {
      await bus.call({ member: 'TryRestartUnit', signature: 'ss', body: [unit, 'replace'] });
    },

    /** Undoes `systemctl freeze`; returns when the kernel has. */
    async thawUnit(unit: string): Promise<void> {
      await bus.call({ member: 'ThawUnit', signature: 's', body: [unit] });
    },

    /** Forgets that a unit failed; one that is not loaded is success. */
    async resetFailed(unit: string): Promise<void> {
      await tolerate(
        bus.call({ member: 'ResetFailedUnit', signature: 's', body: [unit] }),
        'org.freedesktop.systemd1.NoSuchUnit',
      );
    },

    moveUnitFiles: (from: string, to: string): void => moveUnitFiles(from, to),
    moveUnitLinks: (from: string, to: string): void => moveUnitLinks(from, to),

    async reload(): Promise<void> {
      await bus.call({ member: 'Reload' });
    },

    /**
     * Reloads if systemd holds a unit of this name whose file has changed since: one that something still refers to,
     * a link of `systemctl enable` that is gone by now, is not read again by itself. A unit that is not loaded will be.
     */
    async reloadIfStale(unit: string): Promise<void> {
      const loaded = await tolerate(
        bus.call({ member: 'GetUnit', signature: 's', body: [unit] }),
        'org.freedesktop.systemd1.NoSuchUnit',
      );
      if (loaded === undefined) return;
      if ((await property(bus, String(loaded[0]), UNIT, 'NeedDaemonReload')) === true)
        await bus.call({ member: 'Reload' });
    },

    /** Removes the links that `systemctl enable` made, also where the unit is masked; true if there were any. */
    async disableUnit(unit: string): Promise<boolean> {
      const links = linksTo(unit);
      // Asking costs systemd the more the more units the host has.
      if (links.length === 0) return false;
      await tolerate(
        bus.call({ member: 'DisableUnitFiles', signature: 'asb', body: [[unit], false] }),
        'org.freedesktop.systemd1.NoSuchUnit',
      );
      // systemd leaves them where the unit is masked.
      for (const link of links) rmSync(link, { force: true });
      return true;
    },

    /** systemd's major version. */
    async version(): Promise<number> {
      const text = String(
        await property(bus, '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager', 'Version'),
      );
      return Number.parseInt(text, 10);
    },

    /** initializing, starting, running, degraded, maintenance or stopping (org.freedesktop.systemd1(5), SystemState). */
    async systemState(): Promise<string> {
      return String(await property(bus, MANAGER.path, MANAGER.interface, 'SystemState'));
    },

    /** Does a job wait that will start the unit, be it the second half of a restart? */
    async hasStartJob(unit: string): Promise<boolean> {
      const [loaded] = await bus.call({ member: 'LoadUnit', signature: 's', body: [unit] });
      const [id, job] = (await property(bus, String(loaded), UNIT, 'Job')) as [number, string];
      if (id === 0) return false;
      // Undefined: it has been done since.
      const type = await tolerate(
        property(bus, job, JOB, 'JobType'),
        'org.freedesktop.DBus.Error.UnknownObject',
      );
      return /start$/.test(String(type));
    },

    async watchdogUsec(unit: string): Promise<number> {
      const [loaded] = await bus.call({ member: 'LoadUnit', signature: 's', body: [unit] });
      const usec = (await property(bus, String(loaded), SERVICE, 'WatchdogUSec')) as bigint;
      // What is not set reads as the largest number there is.
      return usec > BigInt(Number.MAX_SAFE_INTEGER) ? 0 : Number(usec);
    },

    overrideWatchdog,

    /** Resolves when the unit is not activating (any more), with its ActiveState then. */
    untilStarted: (unit: string): Promise<string> =>
      untilState(unit, 'ActiveState', (state) => state !== 'activating'),

    /** Resolves when the unit, which is ending, has come to ExecStopPost= or is past it. */
    async untilInStopPost(unit: string): Promise<void> {
      await untilState(unit, 'SubState', (state) => !BEFORE_STOP_POST.has(state));
    },

    /** Facts about a unit; a unit that does not exist has loadState 'not-found'. */
    async unitStatus(unit: string): Promise<UnitStatus> {
      const [loaded] = await bus.call({ member: 'LoadUnit', signature: 's', body: [unit] });
      const path = String(loaded);
      const text = async (iface: string, name: string): Promise<string> =>
        String(await property(bus, path, iface, name));
      // One by one but all at once on the wire: GetAll on a service answers 30 kB.
      const [loadState, activeState, subState, unitFileState, result, restarts, controlGroup] =
        await Promise.all([
          text(UNIT, 'LoadState'),
          text(UNIT, 'ActiveState'),
          text(UNIT, 'SubState'),
          text(UNIT, 'UnitFileState'),
          text(SERVICE, 'Result'),
          text(SERVICE, 'NRestarts'),
          text(SERVICE, 'ControlGroup'),
        ]);
      return {
        loadState,
        activeState,
        subState,
        unitFileState,
        result,
        restarts: Number(restarts),
        controlGroup,
      };
    },

    /** StartTransientUnit; properties as [name, variant]. */
    async startTransient(unit: string, unitProperties: unknown[], aux: unknown[]): Promise<void> {
      await bus.call({
        member: 'StartTransientUnit',
        signature: 'ssa(sv)a(sa(sv))',
        // What it is bound to must be active already: BindsTo= would else start it (again, if it has just ended).
        body: [unit, 'ignore-requirements', unitProperties, aux],
      });
    },

    close: () => bus.close(),
  };
}

export type Manager = Awaited<ReturnType<typeof connectManager>>;
