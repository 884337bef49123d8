/** The word to ExecStopPost= of one run of a unit that everything is cleaned up; bin/berth reads it too. */
import type { Ports } from './ports.ts';

type ReceiptPorts = Pick<Ports, 'host' | 'runtime'>;

/** @param receipt.exitCode with which ExecStopPost= is to end, the unit's result */
export function leaveReceipt(
  { host, runtime }: ReceiptPorts,
  id: string,
  { invocation = '', exitCode }: { invocation: string | undefined; exitCode: number },
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
