/** info: what Berth finds on this host, and what it holds. */
import { OCI_RUNTIMES } from '../model/config.ts';
import { asBerthError } from '../model/errors.ts';
import { type InfoReport, infoReport, type VersionReport } from '../model/info.ts';
import { listContainers } from './list.ts';
import type { Ports } from './ports.ts';

type InfoPorts = Pick<Ports, 'settings' | 'host' | 'store' | 'runtime' | 'systemd' | 'hostReport' | 'now'>;

/** Works also where systemd does not run and where a program is missing: then that is what is told. */
export async function gatherInfo(ports: InfoPorts, version: VersionReport): Promise<InfoReport> {
  const { settings, host, store } = ports;
  const [runtime] = OCI_RUNTIMES.flatMap((name) => host.findProgram(name) ?? []);
  const { containers, broken } = listContainers(ports);
  return infoReport({
    host: await ports.hostReport({ conmon: host.findProgram('conmon'), runtime }),
    systemd: await systemdVersion(ports),
    settings,
    statuses: containers.map(({ state }) => state.status),
    broken: broken.length,
    images: store.listImages().length,
    version,
  });
}

async function systemdVersion({ systemd }: Pick<Ports, 'systemd'>): Promise<number | Error> {
  try {
    return await (await systemd()).version();
  } catch (error) {
    return asBerthError(error);
  }
}
