/** How single cases make their outputs comparable. */

/** Lines in any order. */
export function sorted(text: string): string {
  return text.split('\n').sort().join('\n').trim();
}

/** JSON as its fields and their types, one per line: `[].State.Pid: number`. Text that is none stays as it is. */
export function jsonShape(text: string): string {
  const value = parse(text);
  return value === undefined ? text : [...new Set(fields(value, ''))].sort().join('\n');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fields(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return [`${path}: list`, ...value.flatMap((item) => fields(item, `${path}[]`))];
  if (value === null || typeof value !== 'object')
    return [`${path}: ${value === null ? 'null' : typeof value}`];
  return Object.entries(value).flatMap(([key, item]) => fields(item, `${path}.${key}`));
}

/** What script(1) writes of its own input's end, wherever in the output that falls. */
export function withoutEcho(text: string): string {
  return text.replaceAll('^@', '');
}

/** What one of the two does not say: inspect.test.ts and list.test.ts say why. */
const NOT_COMMON =
  /\.(Annotations|Labels|(Lower|Upper|Work)Dir|Ulimits|StoppedByUser|StartNumber|Unit|Health|LockNumber|CgroupPath)\b/;

/** jsonShape of the fields that both have. */
export function commonShape(text: string): string {
  return jsonShape(text)
    .split('\n')
    .filter((line) => !NOT_COMMON.test(line))
    .join('\n');
}

/**
 * A command line with a terminal. script(1) waits 10 ms for output after the end of its command, too short on a busy machine: the
 * command ends when all has come through. Quoted for a shell; `command` stands within double quotes there.
 */
export function inTerminal(command: string): string {
  const drained = 'code=\\$?; echo over; until grep -q over out; do sleep 0.02; done; exit \\$code';
  return `script --quiet --return --command "${command}; ${drained}" /dev/null`;
}
