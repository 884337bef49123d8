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

/** Fields of networks, volumes, devices and annotations that Berth does not have yet, and its own. */
const NOT_COMMON =
  /\.(Annotations|NetworkSettings|HealthLogDestination|Labels|Entrypoint|(Lower|Upper|Work)Dir|AutoRemoveImage|Blkio\w+|Cgroup|CgroupConf|CgroupParent|Cgroups|ConsoleSize|CpuCount|CpuPercent|CpuRealtime\w+|Devices|DiskQuota|Dns\w*|ExtraHosts|GroupAdd|HostsFile|IOMaximum\w+|Isolation|KernelMemory|Links|MemorySwappiness|OomKillDisable|PublishAllPorts|Ulimits|UseImageHost\w+|UsernsMode|VolumeDriver|VolumesFrom|StoppedByUser|StartNumber|Unit|Health|LockNumber)\b/;

/** jsonShape of the fields that both have. */
export function commonShape(text: string): string {
  return jsonShape(text)
    .split('\n')
    .filter((line) => !NOT_COMMON.test(line))
    .join('\n');
}
