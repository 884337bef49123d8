/**
 * Run by a container's health timer, by way of bin/berth-check: `berth-healthcheck [--root DIR] ID` runs the check,
 * with `--result PLACE` it judges the one that was run, whose result lies in the current directory.
 */

import { runHealthCheck } from '../lifecycle/healthcheck.ts';
import type { Ports } from '../lifecycle/ports.ts';
import { feedWatchdog } from '../lifecycle/watchdog.ts';
import { BerthError } from '../model/errors.ts';
import { unforeseenResult } from '../runtime/steady-checks.ts';
import { basePorts } from '../wiring/base.ts';
import { idArgument, runEntry } from '../wiring/main.ts';
import { runtimePort } from '../wiring/runtime.ts';

runEntry(async (args) => {
  const base = basePorts(args.root);
  const container = base.store.getContainer(idArgument(args));
  if (container === undefined) return 0;
  const found =
    args.result === undefined ? undefined : unforeseenResult(container.config.runtime, args.result);
  // It was about something that is over.
  if (args.result !== undefined && found === undefined) return 0;
  try {
    // Needed only when a result has consequences.
    const systemd = async () => (await import('../wiring/systemd.ts')).systemdPorts(base.settings);
    const ports = {
      ...base,
      ...runtimePort(base.settings),
      notify: async (lines: string[], socket?: string) =>
        (await import('../systemd/notify.ts')).notify(lines, socket),
      systemd: async () => (await systemd()).systemd(),
      startHealthTimer: async (...timer: Parameters<Ports['startHealthTimer']>) =>
        (await systemd()).startHealthTimer(...timer),
    };
    const fold = await runHealthCheck(ports, container, found === undefined ? {} : { found });
    if (fold !== undefined) await feedWatchdog(ports, container.config, fold);
  } catch (error) {
    // The container ended between the timer and now: no failure of the check's service.
    if (!(error instanceof BerthError && error.code === 'state')) throw error;
  }
  // A verdict is in the store and the container's unit; the check's own service never fails because of it.
  return 0;
});
