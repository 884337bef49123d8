/** Asking systemd's objects: properties, and errors that are answers. */
import { type Bus, BusError, MANAGER } from './bus.ts';

export const UNIT = 'org.freedesktop.systemd1.Unit';
export const JOB = 'org.freedesktop.systemd1.Job';
export const SERVICE = 'org.freedesktop.systemd1.Service';
const PROPERTIES = 'org.freedesktop.DBus.Properties';

/** The signals that an object of systemd's has changed, as a match rule. */
export function propertiesChanged(path: string): string {
  return `type='signal',sender='${MANAGER.destination}',path='${path}',interface='${PROPERTIES}',member='PropertiesChanged'`;
}

/** The object of a unit that systemd has loaded; the escaping is that of sd_bus_path_encode(3). */
export function unitPath(unit: string): string {
  const label = unit.replace(
    /^[0-9]|[^A-Za-z0-9]/g,
    (character) => `_${Buffer.from(character).toString('hex')}`,
  );
  return `/org/freedesktop/systemd1/unit/${label}`;
}

/** The reply, or undefined for the one error that means "nothing to do". */
export async function tolerate<T>(call: Promise<T>, type: string): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof BusError && error.type === type) return undefined;
    throw error;
  }
}

/** One property of an object. */
export async function property(bus: Bus, path: string, iface: string, name: string): Promise<unknown> {
  const [variant] = await bus.call({
    path,
    interface: PROPERTIES,
    member: 'Get',
    signature: 'ss',
    body: [iface, name],
  });
  return (variant as { value: unknown }).value;
}
