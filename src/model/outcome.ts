/** How an ended run reads to systemd: the exit code of berth-cleanup, and whether systemd may restart the unit. */
import type { RestartPolicy } from './config.ts';
import type { ContainerState } from './state.ts';

export interface Outcome {
  /** 0 = the unit ends `inactive`; else it ends `failed` (Result=exit-code) and Restart=on-failure applies. */
  exitCode: number;
  /** Restarting cannot help: the last start failed because of what the container is. */
  hopeless: boolean;
}

/** What systemd is told when the exit code is unknown (-1). */
const UNKNOWN = 255;

/**
 * An end that was asked for is success whatever the code; any other keeps its code. A start that failed because
 * the command is missing or not executable (126, 127) or the configuration is wrong cannot succeed by itself.
 */
export function outcome(state: ContainerState, policy: RestartPolicy): Outcome {
  if (state.startFailure !== 0) {
    return { exitCode: state.startFailure, hopeless: policy.name !== 'no' && state.startFailure > 125 };
  }
  if (state.stopRequested || state.status === 'configured') return { exitCode: 0, hopeless: false };
  return { exitCode: state.exitCode < 0 ? UNKNOWN : state.exitCode, hopeless: false };
}
