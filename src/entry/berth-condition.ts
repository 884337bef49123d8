/**
 * ExecCondition= of the unit of an `unless-stopped` container: `berth-condition [--root DIR] ID`. Exits with 0 if the unit
 * shall start, with 1 if it shall not; that is no failure (systemd.service(5)).
 */
import { mayStart } from '../lifecycle/condition.ts';
import { basePorts } from '../wiring/base.ts';
import { idArgument, report, runEntry } from '../wiring/main.ts';

runEntry(async (args) => {
  const base = basePorts(args.root);
  const ports = {
    ...base,
    // Needed only for a container that was stopped.
    systemd: async () => (await import('../wiring/systemd.ts')).systemdPorts(base.settings).systemd(),
  };
  try {
    return (await mayStart(ports, idArgument(args))) ? 0 : 1;
  } catch (error) {
    // Not to know is no reason to leave it out in silence; berth-start meets what is wrong again, if it matters.
    report(error);
    return 0;
  }
});
