/** network connect, disconnect and reload: what changes in the networks of a container, running or not. */
import type { ContainerConfig } from '../../model/config.ts';
import { asBerthError, BerthError, messageOf, RollbackError } from '../../model/errors.ts';
import { hasNetwork, networkNames } from '../../model/network/names.ts';
import { networkRequest } from '../../model/network/netavark-request.ts';
import type { NetworkAttachment, NetworkRecord } from '../../model/network/network.ts';
import type { ContainerRecord } from '../../model/records.ts';
import { hasPayload } from '../../model/state.ts';
import { changedHostsText, changedResolvConfText } from '../../oci/files.ts';
import { improper } from '../improper.ts';
import { withContainer } from '../lock.ts';
import { current } from '../observe.ts';
import type { Ports } from '../ports.ts';
import { saveConfig } from '../unit-file.ts';
import { grantLeases, releaseLeases } from './leases.ts';
import { withNetworkLock } from './lock.ts';
import { networkRecord, writeNetworkRecord } from './record.ts';
import { members, type NetworkPorts } from './setup.ts';

export type ConnectPorts = NetworkPorts & Pick<Ports, 'settings' | 'locks' | 'now'>;

/**
 * Puts a container into one more network, at once where it runs. Throws 'invalid' for one that is in it already or has no
 * networks of its own, and what netavark says; then it is as it was.
 */
export async function connectNetwork(
  ports: ConnectPorts,
  container: ContainerRecord,
  attachment: NetworkAttachment,
): Promise<void> {
  await withContainer(ports, container.config.id, async (fresh) => {
    const { config } = fresh;
    const { networks = [] } = config;
    assertConnectable(config);
    if (networks.some(({ network }) => network === attachment.network))
      throw new BerthError(
        'invalid',
        `container ${config.id} is already connected to network ${attachment.network}: network is already connected`,
      );
    const next = { ...config, networks: [...networks, attachment] };
    const before = networkRecord(ports, config.id);
    if (before !== undefined && hasPayload(current(fresh, ports).state.status))
      await join(ports, next, attachment, before).catch((thrown: unknown) => {
        // 126 is for those who wanted to run something.
        const { code, message } = asBerthError(thrown);
        throw new BerthError(code, message, { cause: thrown });
      });
    save(ports, next, 'connect', attachment.network);
  });
}

/** Takes it out again. Throws 'invalid' for one that is not in it; `name` is what the person called the container. */
export async function disconnectNetwork(
  ports: ConnectPorts,
  container: ContainerRecord,
  { network, name }: { network: string; name: string },
): Promise<void> {
  await withContainer(ports, container.config.id, async ({ config }) => {
    const { networks = [] } = config;
    assertConnectable(config);
    if (!networks.some((one) => one.network === network))
      throw new BerthError('invalid', `container ${name} is not connected to network ${network}`);
    // First the word, then the deed: a cleanup that comes between takes down what the record has.
    const next = { ...config, networks: networks.filter((one) => one.network !== network) };
    const before = networkRecord(ports, config.id);
    save(ports, next, 'disconnect', network);
    if (before?.request.networks[network] !== undefined) await leave(ports, next, network, before);
  });
}

/**
 * Makes rules and interfaces of a running container anew, with the addresses that it has: after a firewall was flushed.
 * Throws 'state' for one that does not run.
 */
export async function reloadNetwork(ports: ConnectPorts, container: ContainerRecord): Promise<void> {
  await withContainer(ports, container.config.id, async (fresh) => {
    const { config } = fresh;
    const record = networkRecord(ports, config.id);
    if (!hasPayload(current(fresh, ports).state.status))
      throw improper('cannot reload network unless container network has been configured');
    if (record === undefined || !hasNetwork(config)) return;
    const request = withServers(ports, withMacs(record));
    if (Object.keys(request.networks).length === 0) return;
    const driver = await ports.networkDriver();
    const namespace = driver.namespacePath(config.id);
    const status = await withNetworkLock(ports, async () => {
      await driver
        .tearDown(namespace, record.request)
        .catch((error: unknown) => ports.warn(messageOf(error)));
      return driver.setUp(namespace, request);
    });
    writeNetworkRecord(ports, config.id, { request: record.request, status });
  });
}

/** The request with the hardware addresses that netavark has chosen. */
function withMacs({ request, status = {} }: NetworkRecord): NetworkRecord['request'] {
  return {
    ...request,
    networks: Object.fromEntries(
      Object.entries(request.networks).map(([network, options]) => {
        const mac = status[network]?.interfaces?.[options.interface_name]?.mac_address;
        return [network, { ...options, ...(mac === undefined ? {} : { static_mac: mac }) }];
      }),
    ),
  };
}

/** The request with the name servers that its networks have by now. */
function withServers(
  { networkFiles }: Pick<Ports, 'networkFiles'>,
  request: NetworkRecord['request'],
): NetworkRecord['request'] {
  const infos = Object.entries(request.network_info).map(([name, { network_dns_servers: old, ...info }]) => {
    const servers = networkFiles.get(name)?.network_dns_servers;
    return [name, { ...info, ...(servers === undefined ? {} : { network_dns_servers: servers }) }];
  });
  return { ...request, network_info: Object.fromEntries(infos) };
}

function assertConnectable({ network }: ContainerConfig): void {
  if (network === 'bridge') return;
  throw new BerthError(
    'invalid',
    `${JSON.stringify(network === 'none' ? '' : network)} is not supported: invalid network mode: only a container that was created in a network can be in others`,
  );
}

async function join(
  ports: ConnectPorts,
  config: ContainerConfig,
  attachment: NetworkAttachment,
  before: NetworkRecord,
): Promise<void> {
  const { store } = ports;
  const driver = await ports.networkDriver();
  const namespace = driver.namespacePath(config.id);
  const { network } = attachment;
  const take = (): NetworkRecord['request'] => {
    const memberships = members(ports, driver, config, [attachment]);
    const own = networkRequest(config, memberships, before.request.networks);
    // What comes after reads of it, however this ends.
    writeNetworkRecord(ports, config.id, { ...before, request: merged(before.request, own) });
    grantLeases(ports, driver, config, memberships);
    return own;
  };
  const request = await withNetworkLock(ports, () => store.transaction(take));
  try {
    const status = await withNetworkLock(ports, () => driver.setUp(namespace, request));
    const after = { request: merged(before.request, request), status: { ...before.status, ...status } };
    writeNetworkRecord(ports, config.id, after);
    changeNameFiles(ports, config, { before, after });
  } catch (error) {
    const failures: unknown[] = [];
    await withNetworkLock(ports, async () => {
      await driver.tearDown(namespace, request).catch((failure: unknown) => failures.push(failure));
      releaseLeases(ports, driver, config.id, network);
    });
    store.transaction(() => {
      store.releaseAddresses(config.id, network);
      writeNetworkRecord(ports, config.id, before);
    });
    throw failures.length > 0 ? new RollbackError(error, failures) : error;
  }
}

async function leave(
  ports: ConnectPorts,
  config: ContainerConfig,
  network: string,
  before: NetworkRecord,
): Promise<void> {
  const driver = await ports.networkDriver();
  await withNetworkLock(ports, async () => {
    await driver.tearDown(driver.namespacePath(config.id), only(before.request, network));
    releaseLeases(ports, driver, config.id, network);
  });
  const { [network]: _, ...status } = before.status ?? {};
  const after = { request: without(before.request, network), status };
  ports.store.transaction(() => {
    ports.store.releaseAddresses(config.id, network);
    writeNetworkRecord(ports, config.id, after);
  });
  changeNameFiles(ports, config, { before, after });
}

function merged(one: NetworkRecord['request'], other: NetworkRecord['request']): NetworkRecord['request'] {
  return {
    ...other,
    networks: { ...one.networks, ...other.networks },
    network_info: { ...one.network_info, ...other.network_info },
  };
}

function without(request: NetworkRecord['request'], network: string): NetworkRecord['request'] {
  const { [network]: _, ...networks } = request.networks;
  const { [network]: __, ...network_info } = request.network_info;
  return { ...request, networks, network_info };
}

function only(request: NetworkRecord['request'], network: string): NetworkRecord['request'] {
  const pick = <T>(all: Record<string, T>): Record<string, T> =>
    Object.fromEntries(Object.entries(all).filter(([name]) => name === network));
  return { ...request, networks: pick(request.networks), network_info: pick(request.network_info) };
}

/** In place, since the container has them mounted. */
function changeNameFiles(
  { host, runtime }: Pick<Ports, 'host' | 'runtime'>,
  config: ContainerConfig,
  records: { before: NetworkRecord; after: NetworkRecord },
): void {
  const { bundle } = runtime.files(config.id);
  const names = {
    before: networkNames(everyNetwork(records.before), records.before),
    after: networkNames(config, records.after),
  };
  const edit = (file: string, change: (text: string) => string): void => {
    const text = host.readText(file);
    if (text !== undefined && change(text) !== text) host.overwriteText(file, change(text));
  };
  edit(`${bundle}/hosts`, (text) => changedHostsText(config, text, names));
  edit(`${bundle}/resolv.conf`, (text) => changedResolvConfText(text, names));
}

function everyNetwork({ request }: NetworkRecord): Pick<ContainerConfig, 'networks'> {
  return { networks: Object.keys(request.networks).map((network) => ({ network })) };
}

function save(
  ports: ConnectPorts,
  config: ContainerConfig,
  status: 'connect' | 'disconnect',
  network: string,
): void {
  const { store, now } = ports;
  store.transaction(() => {
    store.replaceConfig(config);
    store.appendEvent({
      time: now(),
      type: 'network',
      status,
      id: config.id,
      name: network,
      image: '',
    });
  });
  saveConfig(ports, config);
}
