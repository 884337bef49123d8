/** Commands of Berth and Podman that do the same, measured in turn. */
import type { Bed } from '../bed/bed.ts';
import { median, type Sample, sample } from './sample.ts';
import { figure, ratio } from './table.ts';

/** One thing to measure: a shell command, with what must be done before and after it, unmeasured. */
export interface Row {
  title: string;
  berth: string;
  podman?: string;
  /** `$X` is berth or podman. */
  before?: string;
  after?: string;
}

export interface Result {
  title: string;
  berth: Sample;
  podman?: Sample;
}

/** Each row in as many rounds, the two alternating; medians. Throws if a command fails that is to be measured. */
export async function measure(machine: Bed, rows: readonly Row[], rounds: number): Promise<Result[]> {
  const results: Result[] = [];
  for (const { title, berth, podman, before = ':', after = ':' } of rows) {
    const mine: Sample[] = [];
    const peers: Sample[] = [];
    for (let round = 0; round < rounds; round++) {
      const commands = podman === undefined ? [berth] : round % 2 === 0 ? [berth, podman] : [podman, berth];
      await machine.run(['sh', '-c', before]);
      for (const command of commands)
        (command === berth ? mine : peers).push(await sample(machine, command, { mustSucceed: true }));
      await machine.run(['sh', '-c', after]);
    }
    results.push({ title, berth: median(mine), ...(podman === undefined ? {} : { podman: median(peers) }) });
    process.stderr.write('.');
  }
  process.stderr.write('\n');
  return results;
}

/** Lines for printTable: a row's time and processor time, of both. */
export function linesOf(results: readonly Result[]): string[][] {
  return [
    ['', 'Berth ms', 'Podman ms', 'ratio', 'Berth CPU', 'Podman CPU', 'ratio'],
    ...results.map(({ title, berth, podman }) => [
      title,
      figure(berth.wallMs),
      figure(podman?.wallMs),
      ratio(berth.wallMs, podman?.wallMs),
      figure(berth.cpuMs),
      figure(podman?.cpuMs),
      ratio(berth.cpuMs, podman?.cpuMs),
    ]),
  ];
}
