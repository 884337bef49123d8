/** What a benchmark has found: a table on the terminal, and the same as JSON in dist/. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The first cell of each line stands left in its column, all others right. */
export function printTable(lines: readonly (readonly string[])[]): void {
  const widths: number[] = [];
  for (const line of lines)
    for (const [column, cell] of line.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  for (const line of lines)
    console.log(
      line
        .map((cell, i) => pad(cell, i, widths))
        .join('  ')
        .trimEnd(),
    );
}

function pad(cell: string, column: number, widths: readonly number[]): string {
  const width = widths[column] ?? 0;
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

/** Writes dist/NAME.json. */
export function writeJson(name: string, figures: object): void {
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(join(root, `dist/${name}.json`), `${JSON.stringify(figures, null, 2)}\n`);
}

/** A figure with so many digits after the point; nothing where there is none. */
export function figure(value: number | undefined, digits = 0): string {
  return value === undefined ? '' : value.toFixed(digits);
}

/** One figure as a multiple of another. */
export function ratio(mine: number, peer: number | undefined): string {
  return peer === undefined ? '' : (mine / peer).toFixed(2);
}
