/** Runs command lines through one engine in a bed and hands back what they answered. */
import { readFileSync } from 'node:fs';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree } from '../../support/agree.ts';
import { quote } from '../../support/peer.ts';
import type { Answer, Cell, Cells, State, Story } from './case.ts';
import { normalise } from './normalise.ts';

export type Engine = 'berth' | 'podman';

/** A group as lines of a shell: which containers there are, and what is said to them. */
interface Plan {
  /** Names by state. */
  containers: [state: State, names: string[]][];
  lines: { text: string; names: string[] }[];
}

/** The containers of a group and its lines, in its order. */
export function planOf(group: Cells | Story): Plan {
  if ('world' in group) {
    const names = Object.keys(group.world);
    const states = Map.groupBy(names, (name) => group.world[name] as State);
    return { containers: [...states], lines: group.lines.map(([text]) => ({ text, names: [] })) };
  }
  const lines = group.cells.map(([state, text], index) => {
    const name = group.shared ? `shared-${state}` : `case-${index}`;
    const names = text.includes('%2') ? [name, `${name}-2`] : [name];
    return { state, text: text.replaceAll('%2', `${name}-2`).replaceAll('%', name), names };
  });
  const states = Map.groupBy(lines, ({ state }) => state);
  return {
    containers: [...states].map(([state, own]) => [state, [...new Set(own.flatMap(({ names }) => names))]]),
    lines,
  };
}

/** Makes the containers, runs the lines, and answers for each; everything is removed again. */
export async function runPlan(bed: Bed, engine: Engine, { containers, lines }: Plan): Promise<Answer[]> {
  const script = [
    `E=${engine}`,
    readFileSync(new URL('./peer.sh', import.meta.url), 'utf8'),
    ...containers.map(([state, names]) => `make ${state} ${names.join(' ')}`),
    ...lines.map(({ text }) => `line ${quote(forEngine(text, engine))}`),
    'after',
  ].join('\n');
  const { stdout, stderr } = await bed.run(['sh', '-c', script], { timeoutMs: 1_800_000 });
  const fields = stdout.split('\0');
  if (stderr !== '' || fields.length !== 3 * lines.length + 1)
    throw new Error(`${engine} could not be prepared: ${stderr}\n${fields.at(-1)}`);
  const after = Map.groupBy((fields.at(-1) ?? '').split('\n'), (row) => row.split('\t')[0] ?? '');
  return lines.map(({ names }, index) => {
    const [code = '', stdout = '', stderr = ''] = fields.slice(3 * index);
    return normalise(
      {
        code,
        stdout: decode(stdout),
        stderr: decode(stderr),
        after: names.flatMap((name) => after.get(name) ?? [`${name} is gone`]).join('\n'),
      },
      engine,
    );
  });
}

/** Asserts that systemd and Berth tell the same of every container that the lines have left, but of those on their way. */
export async function assertAllAgree(bed: Bed): Promise<void> {
  const list = await bed.ok(['berth', 'ps', '--all', '--format', '{{.Names}} {{.State}}']);
  const names = list.split('\n').flatMap((row) => {
    const [name = '', state] = row.split(' ');
    return name === '' || state === 'stopping' ? [] : [name];
  });
  if (names.length > 0) await assertAgree(bed, ...names);
}

/** Removes what a plan has made, also of containers that the lines made. */
export async function clearUp(bed: Bed, engine: Engine): Promise<void> {
  // What is being stopped with a long grace has to be killed: nothing else shortens it.
  await bed.run(
    [
      'sh',
      '-c',
      `for name in $(${engine} ps --all --format '{{.Names}} {{.State}}' | sed -n 's/ stopping$//p'); do ${engine} kill "$name"; done
     for name in $(${engine} ps --all --format '{{.Names}} {{.State}}' | sed -n 's/ paused$//p'); do ${engine} unpause "$name"; done
     ${engine} rm --all --force --time 0`,
    ],
    { timeoutMs: 600_000 },
  );
}

/** `berth` is whoever is asked. */
function forEngine(text: string, engine: Engine): string {
  return text.replaceAll(/\bberth\b/g, engine);
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}

/** A cell as a person says it. */
export function titleOf([state, line]: Cell): string {
  return `${line} (${state})`;
}
