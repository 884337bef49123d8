/** What a filter on a network command says, and networks as `inspect` shows them. */
import { networkMembers, networkUsers } from '../lifecycle/network/networks.ts';
import type { Ports } from '../lifecycle/ports.ts';
import { parseFilters } from '../model/filters.ts';
import { inspectNetwork } from '../model/inspect/network.ts';
import { networkFilter } from '../model/network/filter.ts';
import type { NetworkDefinition } from '../model/network/network.ts';

/** A test for `--filter`; `ports` is absent while only the words are looked at. */
export function networksPassing(
  texts: readonly string[],
  ports?: Pick<Ports, 'store' | 'now'>,
  options: { prune?: boolean } = {},
): (network: NetworkDefinition) => boolean {
  const filters = parseFilters(
    texts,
    (text) => `filter input must be in the form of filter=value: ${text} is invalid`,
  );
  const users = ports === undefined ? new Map() : networkUsers(ports);
  const now = ports === undefined ? 0 : Date.parse(ports.now());
  return networkFilter(filters, { now, isUsed: ({ name }) => users.has(name) }, options);
}

/** The network with the containers that are in it now. */
export function networkDetails(
  ports: Pick<Ports, 'store' | 'host' | 'runtime'>,
  network: NetworkDefinition,
): object {
  return inspectNetwork(network, networkMembers(ports, network));
}
