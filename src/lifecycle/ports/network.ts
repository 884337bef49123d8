/** Networks, as the lifecycle needs them: their definitions, and the driver that puts containers into them. */
import type {
  Lease,
  NetworkDefinition,
  NetworkRequest,
  NetworkStatus,
  PortMapping,
} from '../../model/network/network.ts';

/** Definitions: shared with Podman's tools, so that another program may add and remove one at any time. */
export interface NetworkFiles {
  /** All of them by name, the default network also where it has no file. A file that cannot be used is left out and told of. */
  list(): NetworkDefinition[];
  /** Undefined if there is none of that name; throws BerthError 'invalid' for a file that cannot be used. */
  get(name: string): NetworkDefinition | undefined;
  /** Whole or not at all; false if there is one of that name. */
  add(definition: NetworkDefinition): boolean;
  replace(definition: NetworkDefinition): void;
  /** One that is not there is success. */
  remove(name: string): void;
  /** Networks that the host's interfaces are in, ADDRESS/PREFIX: a new network must not overlap them. */
  hostSubnets(): string[];
  /** Names of the host's interfaces. */
  hostInterfaces(): string[];
}

/** An address that a container has, or had in its last run. */
export interface AddressClaim {
  network: string;
  address: string;
  containerId: string;
}

/** Sockets that hold the ports of the host for as long as conmon has them. */
export interface ReservedPorts {
  fds: number[];
  /** This process's own copies. */
  release(): void;
}

/**
 * A port of the host, the first of as many as the mapping has, that nobody has bound; undefined if none was found. Ports for
 * which `isTaken` are passed over: containers that do not run have theirs, too.
 */
export type FreePort = (
  wanted: PortMapping,
  isTaken: (port: number) => boolean,
) => Promise<number | undefined>;

/** netavark, and network namespaces below the run directory. */
export interface NetworkDriver {
  /** Throws BerthError 'missing-program'. */
  assertInstalled(): void;
  /** Where the namespace of a container is, whether or not it is there. */
  namespacePath(id: string): string;
  /** Makes the namespace, anew if there is one. */
  makeNamespace(id: string): Promise<void>;
  /** Keeps that of a process, which the runtime has made. */
  keepNamespace(id: string, pid: number): Promise<void>;
  hasNamespace(id: string): boolean;
  /** One that is not there is success. */
  removeNamespace(id: string): Promise<void>;
  /** Throws BerthError 'network' with netavark's words; part of the work may have been done then. */
  setUp(namespace: string, request: NetworkRequest): Promise<Record<string, NetworkStatus>>;
  tearDown(namespace: string, request: NetworkRequest): Promise<void>;
  /** The name servers of a network, for the containers that are in it now; throws BerthError 'network'. */
  updateServers(network: string, servers: readonly string[]): Promise<void>;
  /**
   * The addresses that containers have, of whatever engine: Podman keeps the same book. These three need the lock of networks,
   * and throw BerthError 'network' for a book that cannot be used. Owners by address, of one network.
   */
  leasesIn(network: string): ReadonlyMap<string, string>;
  /** All of them or none; what the containers had in these networks is free. */
  grantLeases(leases: readonly Lease[]): void;
  /** In one network, or all; one that has none is success. */
  releaseLeases(containerId: string, network?: string): void;
  /** Binds the ports on the host; throws BerthError 'address-in-use' if one is taken. */
  reservePorts(ports: readonly PortMapping[]): Promise<ReservedPorts>;
}
