/** What a container's run has of networks, as its bundle says; gone with the bundle, and so after a reboot. */
import type { NetworkRecord } from '../../model/network/network.ts';
import type { Ports } from '../ports.ts';

type RecordPorts = Pick<Ports, 'host' | 'runtime'>;

const fileOf = ({ runtime }: RecordPorts, id: string): string => `${runtime.files(id).bundle}/network.json`;

/** Undefined for a container that is in no network now. */
export function networkRecord(ports: RecordPorts, id: string): NetworkRecord | undefined {
  const text = ports.host.readText(fileOf(ports, id));
  return text === undefined ? undefined : (JSON.parse(text) as NetworkRecord);
}

export function writeNetworkRecord(ports: RecordPorts, id: string, record: NetworkRecord): void {
  ports.host.writeText(fileOf(ports, id), JSON.stringify(record), { mode: 0o600 });
}

export function removeNetworkRecord(ports: RecordPorts, id: string): void {
  ports.host.remove(fileOf(ports, id));
}
