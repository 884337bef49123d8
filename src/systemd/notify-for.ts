/** Notifying systemd in the name of another process, which takes root and credentials that Node cannot send. */
import { BerthError } from '../model/errors.ts';
import { run } from '../sys/spawn.ts';

/** systemd's own socket (sd_notify(3)); NOTIFY_SOCKET may be another one here, or none. */
const SOCKET = '/run/systemd/notify';

/** WATCHDOG_USEC= of sd_notify(3), for the unit whose main process this is. Throws BerthError 'unit'. */
export async function overrideWatchdog(mainPid: number, usec: number): Promise<void> {
  const { code, stderr } = await run('systemd-notify', [`--pid=${mainPid}`, `WATCHDOG_USEC=${usec}`], {
    env: { ...process.env, NOTIFY_SOCKET: SOCKET },
  });
  if (code !== 0) throw new BerthError('unit', `systemd-notify: ${stderr.trim()}`);
}
