/** Where conmon and the runtime find each other's files, for one container. */
import path from 'node:path';

export interface RuntimePaths {
  /** The OCI bundle: config.json, and conmon's attach, ctl and winsz. */
  bundle: string;
  spec: string;
  pidFile: string;
  conmonPidFile: string;
  /** Lies in a directory of its own, which is what a container gets. */
  notifySocket: string;
  /** Not conmon's: OCI hooks for the end of the run. */
  poststopHooks: string;
  /** See steady-checks.ts. */
  steady: string;
  /** Outlives the bundle: the invocation of the unit after whose stop everything has been cleaned up. */
  endReceipt: string;
  /** conmon writes `exit` and `oom` here. */
  persistDir: string;
  exitFile: string;
  oomFile: string;
  /** The runtime's own messages, as JSON lines. */
  runtimeLog: string;
}

/** Longest path of a unix socket (sockaddr_un.sun_path, unix(7)), without the final zero. */
const SOCKET_PATH_MAX = 107;

/** Files of a container that live as long as this boot, below the instance's run directory. */
export function runtimePaths(runDir: string, id: string): RuntimePaths {
  const bundle = path.join(runDir, 'containers', id);
  return {
    bundle,
    spec: path.join(bundle, 'config.json'),
    pidFile: path.join(bundle, 'pidfile'),
    conmonPidFile: path.join(bundle, 'conmon.pid'),
    notifySocket: path.join(bundle, 'notify', 'notify.sock'),
    poststopHooks: path.join(bundle, 'poststop-hooks.json'),
    steady: path.join(bundle, 'steady'),
    endReceipt: `${bundle}.ended`,
    persistDir: path.join(bundle, 'persist'),
    exitFile: path.join(bundle, 'persist', 'exit'),
    oomFile: path.join(bundle, 'persist', 'oom'),
    runtimeLog: path.join(bundle, 'oci-log'),
  };
}

/** Is the run directory short enough for conmon's attach socket? */
export function fitsSocketPath(runDir: string): boolean {
  return (
    Buffer.byteLength(path.join(runtimePaths(runDir, '0'.repeat(64)).bundle, 'attach')) <= SOCKET_PATH_MAX
  );
}

/** The runtime's own state directory, apart from other users of the same runtime. */
export function runtimeRoot(runDir: string, runtime: string): string {
  return path.join(runDir, path.basename(runtime));
}
