/** The word to ExecStopPost= of one run of a unit that everything is cleaned up; bin/berth reads it too. */
import type { Ports } from './ports.ts';

type ReceiptPorts = Pick<Ports, 'host' | 'runtime'>;

export interface Receipt {
  /** Of the run that is cleaned up; undefined for one that was never a unit's. */
  invocation: string | undefined;
  /** With which ExecStopPost= is to end, the unit's result. */
  exitCode: number;
}

export function leaveReceipt(
  { host, runtime }: ReceiptPorts,
  id: string,
  { invocation = '', exitCode }: Receipt,
): void {
  host.writeText(runtime.files(id).endReceipt, `${invocation} ${exitCode}\n`);
}

/** The exit code of this run's receipt, which is then gone; undefined if there is none. */
export function takeReceipt({ host, runtime }: ReceiptPorts, id: string): number | undefined {
  const { endReceipt } = runtime.files(id);
  const [, invocation, exitCode] = /^(\S+) (\d+)$/m.exec(host.readText(endReceipt) ?? '') ?? [];
  if (invocation === undefined || invocation !== host.unitRun().invocation) return undefined;
  host.remove(endReceipt);
  return Number(exitCode);
}
