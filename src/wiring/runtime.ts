/** conmon and the OCI runtime, as the lifecycle's Runtime port. */
import path from 'node:path';
import type { Ports } from '../lifecycle/ports.ts';
import type { ContainerConfig } from '../model/config.ts';
import { BerthError } from '../model/errors.ts';
import { logFile, type Settings } from '../model/settings.ts';
import { attach } from '../runtime/attach.ts';
import { launchMonitor } from '../runtime/conmon.ts';
import {
  deleteFromRuntime,
  execInContainer,
  type RuntimeTarget,
  startPayload,
  updateInRuntime,
} from '../runtime/oci-runtime.ts';
import { fitsSocketPath, runtimePaths } from '../runtime/paths.ts';
import { makeSessionDirectory, removeSession, sessionExit, startSession } from '../runtime/session.ts';
import { beginSteady, endSteady, steadyResults } from '../runtime/steady-checks.ts';

export function runtimePort({ runDir, stateDir, libexec, rootArgs }: Settings): Pick<Ports, 'runtime'> {
  if (!fitsSocketPath(runDir)) {
    throw new BerthError('invalid', `${runDir} is too long for conmon's sockets: choose a shorter --root`);
  }
  const target = (config: ContainerConfig): RuntimeTarget => ({
    id: config.id,
    runtime: config.runtime,
    runDir,
    paths: runtimePaths(runDir, config.id),
  });
  const helper = path.join(libexec, 'berth-attach');
  return {
    runtime: {
      files: (id) => runtimePaths(runDir, id),
      launch: (config, { notifySocket, heldFds }) =>
        launchMonitor({
          config,
          notifySocket,
          heldFds,
          runDir,
          paths: runtimePaths(runDir, config.id),
          logFile: logFile({ stateDir }, config),
        }),
      start: async (config) => startPayload(target(config)),
      update: async (config, resources) => updateInRuntime(target(config), resources),
      delete: async (config) => deleteFromRuntime(target(config)),
      attach: ({ id }, request) => attach({ bundle: runtimePaths(runDir, id).bundle, helper }, request),
      exec: (config, options) => execInContainer(target(config), options),
      beginSteady: (config, rule) => beginSteady(target(config), rule),
      endSteady: (config) => endSteady(target(config)),
      steadyResults: (config) => steadyResults(target(config)),
      startSession: async (config, { attach: request, ...options }) => {
        const bundle = makeSessionDirectory(runDir, config.id, options.session);
        const attachment = request === undefined ? undefined : attach({ bundle, helper }, request);
        try {
          const exitCommand = [path.join(libexec, 'berth-cleanup'), ...rootArgs, config.id, options.session];
          const started = await startSession(config, runDir, {
            ...options,
            exitCommand,
            connect: attachment?.connect,
          });
          return {
            monitor: started.monitor,
            leave: started.leave,
            ended: async () => {
              const how = (await attachment?.ended) ?? 'ended';
              return { how, code: how === 'ended' ? await started.exitCode() : 0 };
            },
          };
        } catch (error) {
          attachment?.close();
          throw error;
        }
      },
      sessionExit: (id, session) => sessionExit(runDir, id, session),
      removeSession: (id, session) => removeSession(runDir, id, session),
    },
  };
}
