/** What the lifecycle needs of systemd; systemd/ has it. */

/** systemd's manager; one connection, made when first needed. */
export interface Systemd {
  startUnit(unit: string): Promise<string>;
  /** Of these two, `meanwhile` is called when systemd runs the unit's ExecStop=, if it begins with that at once. */
  stopUnit(unit: string, meanwhile?: () => Promise<void>): Promise<string>;
  restartUnit(unit: string, meanwhile?: () => Promise<void>): Promise<string>;
  /** These return at once. A unit that ends because of the first is not restarted; the last is for one that runs. */
  stopUnitNoWait(unit: string): Promise<void>;
  restartUnitNoWait(unit: string): Promise<void>;
  tryRestartUnitNoWait(unit: string): Promise<void>;
  /** Undoes `systemctl freeze`. */
  thawUnit(unit: string): Promise<void>;
  resetFailed(unit: string): Promise<void>;
  /** True if it had been enabled. */
  disableUnit(unit: string): Promise<boolean>;
  /** Drop-ins and overrides of one unit become another one's; then the links to it, of `enable` and others. */
  moveUnitFiles(from: string, to: string): void;
  moveUnitLinks(from: string, to: string): void;
  reload(): Promise<void>;
  /** After a unit file was written: what systemd remembers of an earlier one of that name is read anew. */
  reloadIfStale(unit: string): Promise<void>;
  version(): Promise<number>;
  /** initializing, starting, running, degraded, maintenance or stopping. */
  systemState(): Promise<string>;
  /** Does a job wait that will start the unit, be it the second half of a restart? */
  hasStartJob(unit: string): Promise<boolean>;
  /** The unit's watchdog in µs; 0: it has none. */
  watchdogUsec(unit: string): Promise<number>;
  /** Another one until the next start, for the unit whose main process this is; 0: none. */
  overrideWatchdog(mainPid: number, usec: number): Promise<void>;
  /** Resolves when the unit's start is over, with its ActiveState then. */
  untilStarted(unit: string): Promise<string>;
  /** Resolves when the unit, which is ending, has come to ExecStopPost= or is past it. */
  untilInStopPost(unit: string): Promise<void>;
  unitStatus(unit: string): Promise<{
    loadState: string;
    activeState: string;
    unitFileState: string;
    restarts: number;
    result: string;
    /** Empty while it does not run. */
    controlGroup: string;
  }>;
  close(): void;
}
