/** Text with tabs → columns, as Podman's tables have them (Go's text/tabwriter). */

/** Podman's settings: no column is narrower, and two blanks stand between. */
const MIN_WIDTH = 12;
const PADDING = 2;

/**
 * Aligns cells that end with a tab; the rest of a line behind its last tab belongs to no column. Neighbouring lines
 * that have a cell in a column share its width.
 */
export function alignColumns(text: string): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const columns = Math.max(...lines.map((cells) => cells.length)) - 1;
  for (let column = 0; column < columns; column++) alignColumn(lines, column);
  return lines.map((cells) => cells.join('')).join('\n');
}

function alignColumn(lines: string[][], column: number): void {
  let block: string[][] = [];
  for (const cells of [...lines, []]) {
    if (column < cells.length - 1) {
      block.push(cells);
      continue;
    }
    const width = Math.max(MIN_WIDTH, ...block.map((row) => widthOf(row[column]) + PADDING));
    for (const row of block) row[column] = (row[column] ?? '') + ' '.repeat(width - widthOf(row[column]));
    block = [];
  }
}

/** In characters, however wide they are on a screen: as Go counts. */
function widthOf(cell = ''): number {
  return [...cell].length;
}
