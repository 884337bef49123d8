/** A unit file as data, and its one printed form. */

export interface UnitEntry {
  key: string;
  /** Already escaped for its key (escape.ts). */
  value: string;
  /** Said above the line, for the person who reads the file. */
  comment?: string;
}

export interface UnitSection {
  name: string;
  entries: UnitEntry[];
}

export interface UnitFile {
  /** Comment lines on top. */
  header: string[];
  sections: UnitSection[];
}

/** Prints a unit file. Throws if a value would break out of its line: that is a bug in the caller's escaping. */
export function printUnit(unit: UnitFile): string {
  const lines = unit.header.map((line) => `# ${oneLine(line)}`);
  for (const section of unit.sections) {
    lines.push('', `[${section.name}]`);
    for (const { key, value, comment } of section.entries) {
      if (comment !== undefined) lines.push(`# ${oneLine(comment)}`);
      lines.push(`${key}=${oneLine(value)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function oneLine(text: string): string {
  if (/[\n\r\0]/.test(text) || text.endsWith('\\')) {
    throw new Error(`unit file value is not one line: ${JSON.stringify(text)}`);
  }
  return text;
}
