/** ExecStop= of a container's unit: `berth-stop [--root DIR] ID`, with $MAINPID in the environment. */
import { stopContainer } from '../lifecycle/stop.ts';
import { notify } from '../systemd/notify.ts';
import { basePorts } from '../wiring/base.ts';
import { idArgument, runEntry } from '../wiring/main.ts';
import { runtimePort } from '../wiring/runtime.ts';

runEntry(async (args) => {
  // systemd runs ExecStop= after every end; $MAINPID is not set when the payload ended by itself (systemd.service(5)).
  if (!process.env.MAINPID) return 0;
  const base = basePorts(args.root);
  await stopContainer(
    { ...base, ...runtimePort(base.settings), notify: (lines) => notify(lines) },
    idArgument(args),
  );
  return 0;
});
