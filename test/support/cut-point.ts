/**
 * The test build's cut points (`npm run build -- --test-cuts`), in the place of src/lifecycle/cut-point.ts.
 *
 * /run/berth-cuts/CONTAINER holds lines "kill start before mount-rootfs", "fail start after write-spec" or "hold …": what
 * to do at which point, once; held is a process by SIGSTOP. A line that was met is moved to /run/berth-cuts/CONTAINER.hit.
 * Where there is a file /run/berth-cuts/CONTAINER.trace, the steps are listed in it as they begin.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { BerthError } from '../../src/model/errors.ts';
import type { Plan } from '../../src/model/plan/plan.ts';

const FOLDER = '/run/berth-cuts';

interface Named {
  config?: { name: string };
  container?: { config: { name: string } };
}

export function cutPoint(plan: Plan<string>, when: string, step: string, context: unknown): void {
  const { config, container } = context as Named;
  const file = `${FOLDER}/${(config ?? container?.config)?.name}`;
  if (when === 'before' && existsSync(`${file}.trace`)) appendFileSync(`${file}.trace`, `${step}\n`);
  const lines = readLines(file);
  const point = `${plan.of} ${when} ${step}`;
  const hit = lines.find((line) => ['kill', 'fail', 'hold'].some((action) => line === `${action} ${point}`));
  if (hit === undefined) return;
  writeFileSync(file, lines.toSpliced(lines.indexOf(hit), 1).join('\n'));
  appendFileSync(`${file}.hit`, `${hit}\n`);
  if (hit.startsWith('fail')) throw new BerthError('runtime', `the test fails at: ${point}`);
  process.kill(process.pid, hit.startsWith('hold') ? 'SIGSTOP' : 'SIGKILL');
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return []; // no cut for this container
  }
}
