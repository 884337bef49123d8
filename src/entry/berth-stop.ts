/** ExecStop= of a container's unit: `berth-stop [--root DIR] ID`, with $MAINPID in the environment. */
import { stopContainer } from '../lifecycle/stop.ts';
import { messageOf } from '../model/errors.ts';
import { notify } from '../systemd/notify.ts';
import { basePorts } from '../wiring/base.ts';
import { idArgument, runEntry } from '../wiring/main.ts';
import { runtimePort } from '../wiring/runtime.ts';

runEntry(async (args) => {
  // systemd runs ExecStop= after every end; $MAINPID is not set when the payload ended by itself (systemd.service(5)).
  if (!process.env.MAINPID) return 0;
  const id = idArgument(args);
  const base = basePorts(args.root);
  const ports = { ...base, ...runtimePort(base.settings) };
  if (!(await stopContainer({ ...ports, notify: (lines) => notify(lines) }, id))) return 0;
  // Loaded once the payload is gone. The end of a unit is judged by berth-cleanup, which runs after this.
  const { cleanUp } = await import('../wiring/early-cleanup.ts');
  await cleanUp(ports, id).catch((error: unknown) =>
    base.warn(`${messageOf(error)}: berth-cleanup tries again`),
  );
  return 0;
});
