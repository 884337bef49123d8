/** The cgroups below that of a container's unit. */

/** Of all that runs in the container. */
export const PAYLOAD_CGROUP = 'container';

/** Of conmon, and of berth-start before it. */
export const SUPERVISOR_CGROUP = 'supervisor';

/** Of a berth-start that waits until the container is ready. */
export const STARTER_CGROUP = 'starter';

/** systemd's own for what it runs beside the main process (systemd.exec(5), ExecStop= with Delegate=). */
export const CONTROL_CGROUP = '.control';

/** The unit's cgroup, of the one that a process of the unit is in. */
export function unitCgroupOf(cgroup: string): string {
  const slash = cgroup.lastIndexOf('/');
  return BELOW.includes(cgroup.slice(slash + 1)) ? cgroup.slice(0, slash) : cgroup;
}

const BELOW = [CONTROL_CGROUP, SUPERVISOR_CGROUP, STARTER_CGROUP];
