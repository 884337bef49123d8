/** The machine of a benchmark, with one OCI runtime for both sides: crun, or what BERTH_BENCH_RUNTIME says. */
import type { Bed } from '../bed/bed.ts';
import { bootInstalled } from '../bed/installed.ts';
import { RUNTIMES, type RuntimeName } from '../support/machine.ts';

export const RUNTIME = runtimeFrom(process.env.BERTH_BENCH_RUNTIME);

/** Boots it. The other runtime is not there, so that nobody takes it unasked. */
export async function bootForBench(options: Parameters<typeof bootInstalled>[0]): Promise<Bed> {
  const bed = await bootInstalled(options);
  const others = RUNTIMES.filter((name) => name !== RUNTIME).map((name) => `$(command -v ${name})`);
  await bed.sh(`rm ${others.join(' ')}
mkdir -p /etc/containers/containers.conf.d
printf '[engine]\\nruntime = "${RUNTIME}"\\n' >/etc/containers/containers.conf.d/runtime.conf`);
  console.log(`OCI runtime: ${RUNTIME}`);
  return bed;
}

function runtimeFrom(asked = 'crun'): RuntimeName {
  const found = RUNTIMES.find((name) => name === asked);
  if (found === undefined) throw new Error(`BERTH_BENCH_RUNTIME is ${RUNTIMES.join(' or ')}, not ${asked}`);
  return found;
}
