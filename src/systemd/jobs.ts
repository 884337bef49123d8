/** Jobs of systemd, asked for and waited for (org.freedesktop.systemd1(5)). */
import { BerthError } from '../model/errors.ts';
import { type Bus, BusError, MANAGER } from './bus.ts';
import { JOB, property, tolerate, UNIT, unitPath } from './objects.ts';

export type JobResult =
  | 'done'
  | 'canceled'
  | 'timeout'
  | 'failed'
  | 'dependency'
  | 'skipped'
  | 'collected'
  | 'once';

export type RunJob = (
  member: 'StartUnit' | 'StopUnit' | 'RestartUnit',
  unit: string,
  meanwhile?: () => Promise<void>,
) => Promise<JobResult>;

const JOB_REMOVED = `type='signal',sender='${MANAGER.destination}',interface='${MANAGER.interface}',member='JobRemoved'`;

interface Waiting {
  member: Parameters<RunJob>[0];
  unit: string;
  over: Promise<JobResult>;
  finish: (result: JobResult) => void;
  fail: (error: unknown) => void;
}

/**
 * Jobs of one connection. The subscription comes before the first call, so that a job which is over at once is not
 * missed; the result is told by JobRemoved(id, path, unit, result). A job that ends while systemd executes itself anew
 * ends without that signal: when systemd is back, the jobs that are waited for are looked up.
 */
export function jobRunner(bus: Bus): RunJob {
  /** Results that came before their job's path was known, and those that wait for their result. */
  const results = new Map<string, JobResult>();
  const waiting = new Map<string, Waiting>();
  let returns = 0;
  const onSignal = (signal: string, body: unknown[]): void => {
    if (signal === 'JobRemoved') {
      const [, path, , result] = body as [number, string, string, JobResult];
      const job = waiting.get(path);
      if (job === undefined) results.set(path, result);
      else job.finish(result);
    } else if (signal === 'NameOwnerChanged') {
      const [name, , owner] = body as [string, string, string];
      if (name !== MANAGER.destination || owner === '') return;
      returns++;
      for (const path of waiting.keys()) lookUp(path);
    }
  };
  const lookUp = (path: string): void => {
    resultIfOver(bus, path, waiting.get(path)).then(
      (result) => result !== undefined && waiting.get(path)?.finish(result),
      (error) => waiting.get(path)?.fail(error),
    );
  };
  const wait = (path: string, asked: Pick<Waiting, 'member' | 'unit'>): Promise<JobResult> => {
    const { promise, resolve: finish, reject: fail } = Promise.withResolvers<JobResult>();
    const over = bus.orLost(promise).finally(() => waiting.delete(path));
    waiting.set(path, { ...asked, over, finish, fail });
    return over;
  };
  const subscribe = async (): Promise<void> => {
    await Promise.all([bus.onSignals([JOB_REMOVED], onSignal), bus.call({ member: 'Subscribe' })]);
  };
  let subscribed: Promise<void> | undefined;
  return async (member, unit, meanwhile) => {
    // Sent one after the other and awaited together: a connection keeps their order.
    if (member === 'StopUnit' && !(await isLoaded(bus, unit))) return 'done';
    subscribed ??= subscribe();
    const returnsBefore = returns;
    let path: string;
    try {
      const asked = bus.call({ member, signature: 'ss', body: [unit, 'replace'] });
      const [answer] = await Promise.all([asked, subscribed]);
      path = String(answer[0]);
    } catch (error) {
      if (member === 'StopUnit' && isNoSuchUnit(error)) return 'done';
      throw explainJob(unit, error);
    }
    const early = results.get(path);
    if (early !== undefined) return early;
    // Asked for twice, it is one job.
    const over = waiting.get(path)?.over ?? wait(path, { member, unit });
    if (returns !== returnsBefore) lookUp(path);
    if (meanwhile === undefined) return over;
    const [result] = await Promise.all([
      over,
      runsStop(bus, unit).then((runs) => (runs ? meanwhile() : undefined)),
    ]);
    return result;
  };
}

/** systemd answers what has come to it before it begins with a job; then it has begun, or the job must wait for others. */
const ASKS = 5;

/** Does systemd run ExecStop= of the unit? Not for what has yet to become ready. */
async function runsStop(bus: Bus, unit: string): Promise<boolean> {
  for (let asked = 0; asked < ASKS; asked++) {
    const state = await tolerate(
      property(bus, unitPath(unit), UNIT, 'SubState'),
      'org.freedesktop.DBus.Error.UnknownObject',
    );
    if (state !== 'running') return state === 'stop';
  }
  return false;
}

/** What systemd has no word of does not run, and waits for no restart: to have it loaded for a stop costs it some ms. */
async function isLoaded(bus: Bus, unit: string): Promise<boolean> {
  return (
    (await tolerate(
      bus.call({ member: 'GetUnit', signature: 's', body: [unit] }),
      'org.freedesktop.systemd1.NoSuchUnit',
    )) !== undefined
  );
}

/** What became of a job that is gone, by the state of its unit; undefined if systemd still has it. */
async function resultIfOver(
  bus: Bus,
  path: string,
  job: Waiting | undefined,
): Promise<JobResult | undefined> {
  const state = await tolerate(
    property(bus, path, JOB, 'State').then((value) => [value]),
    'org.freedesktop.DBus.Error.UnknownObject',
  );
  if (state !== undefined || job === undefined) return undefined;
  const [loaded] = await bus.call({ member: 'LoadUnit', signature: 's', body: [job.unit] });
  const active = String(await property(bus, String(loaded), UNIT, 'ActiveState'));
  const failing = job.member === 'StopUnit' ? /^(active|activating|reloading)$/ : /^(failed|activating)$/;
  return failing.test(active) ? 'failed' : 'done';
}

function explainJob(unit: string, error: unknown): unknown {
  if (!(error instanceof BusError)) return error;
  const hint: Record<string, string> = {
    'org.freedesktop.systemd1.NoSuchUnit': `unit ${unit} is not there: its file was removed; make the container again`,
    'org.freedesktop.systemd1.UnitMasked': `unit ${unit} is masked: systemctl unmask ${unit}`,
    'org.freedesktop.systemd1.TransactionIsDestructive': `systemd refuses a job for ${unit} now: another one is under way that conflicts with it`,
    'org.freedesktop.DBus.Error.AccessDenied': `not allowed to start or stop ${unit}: berth must run as root`,
  };
  return new BerthError('unit', hint[error.type] ?? `systemd refuses a job for ${unit}: ${error.answer}`, {
    cause: error,
  });
}

function isNoSuchUnit(error: unknown): boolean {
  return error instanceof BusError && error.type === 'org.freedesktop.systemd1.NoSuchUnit';
}
