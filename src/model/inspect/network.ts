/** A network as its file, `network ls` and `network inspect` have it. Pure. */
import type { NetworkDefinition, NetworkStatus } from '../network/network.ts';

/** Podman's order of fields; one that is not known here, of another program's, comes last. */
const FIELDS = [
  ...['name', 'id', 'driver', 'network_interface', 'created', 'subnets', 'routes', 'ipv6_enabled'],
  ...['internal', 'dns_enabled', 'network_dns_servers', 'labels', 'options', 'ipam_options'],
] as const;

/** The same in Podman's order. */
export function networkObject(definition: NetworkDefinition): NetworkDefinition {
  const fields = Object.entries(definition).filter(([, value]) => value !== undefined);
  const place = (key: string): number => {
    const at = (FIELDS as readonly string[]).indexOf(key);
    return at < 0 ? FIELDS.length : at;
  };
  return Object.fromEntries(
    fields.toSorted(([a], [b]) => place(a) - place(b)),
  ) as unknown as NetworkDefinition;
}

/** A container that is in a network now. */
export interface NetworkMember {
  id: string;
  name: string;
  status: NetworkStatus;
}

export function inspectNetwork(definition: NetworkDefinition, members: readonly NetworkMember[]): object {
  return {
    ...networkObject(definition),
    containers: Object.fromEntries(
      members.map(({ id, name, status }) => [id, { name, interfaces: interfacesOf(status) }]),
    ),
  };
}

function interfacesOf({ interfaces = {} }: NetworkStatus): object {
  return Object.fromEntries(
    Object.entries(interfaces).map(([name, { subnets, mac_address }]) => [
      name,
      {
        ...(subnets === undefined
          ? {}
          : { subnets: subnets.map(({ ipnet, gateway }) => ({ ipnet, ...(gateway ? { gateway } : {}) })) }),
        mac_address,
      },
    ]),
  );
}
