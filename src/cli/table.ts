/** The columns of Podman's tables. */
import { alignColumns } from '../model/template/columns.ts';

/** Headings and rows, one line each, in columns. */
export function table(headings: string[], rows: string[][], { noHeading = false } = {}): string {
  const lines = noHeading ? rows : [headings, ...rows];
  return lines.length === 0 ? '' : `${alignColumns(lines.map((cells) => cells.join('\t')).join('\n'))}\n`;
}
