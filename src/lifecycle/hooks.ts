/** OCI hooks: read from their directories at each start, run by the runtime or, where it does not know the stage, here. */
import type { ContainerConfig } from '../model/config.ts';
import { BerthError, messageOf } from '../model/errors.ts';
import {
  type Hook,
  type HookFile,
  type Hooks,
  hooksFor,
  parseHookFile,
  RUNTIME_STAGES,
} from '../oci/hooks.ts';
import { serializeSpec } from '../oci/serialize.ts';
import type { Spec } from '../oci/types.ts';
import type { Ports } from './ports.ts';

type HookPorts = Pick<Ports, 'host' | 'runtime' | 'warn'>;

/** Read unless --hooks-dir named others at create. */
const DEFAULT_DIRECTORIES = ['/usr/share/containers/oci/hooks.d'];

/**
 * Puts the hooks that apply to the container into its spec, keeps those of `poststop` beside it for cleanup, and passes the
 * spec through those of `precreate`. Returns the text that the runtime shall read.
 * Errors: BerthError (126) for a wrong hook file, and for a precreate hook that fails or answers no JSON.
 */
export async function applyHooks(ports: HookPorts, config: ContainerConfig, spec: Spec): Promise<string> {
  const { host, runtime } = ports;
  const hooks = readHooks(ports, config, spec);
  const { bundle, poststopHooks } = runtime.files(config.id);
  if (hooks.poststop !== undefined) host.writeText(poststopHooks, JSON.stringify(hooks.poststop));
  const ofRuntime = RUNTIME_STAGES.flatMap((stage) => (hooks[stage] ? [[stage, hooks[stage]] as const] : []));
  let text = serializeSpec(ofRuntime.length > 0 ? { ...spec, hooks: Object.fromEntries(ofRuntime) } : spec);
  for (const [index, hook] of (hooks.precreate ?? []).entries()) {
    try {
      text = await runHook(host, hook, { input: text, directory: bundle });
      JSON.parse(text);
    } catch (error) {
      throw new BerthError('runtime', `setting up OCI Hooks: precreate hook ${index}: ${messageOf(error)}`, {
        exitCode: 126,
        cause: error,
      });
    }
  }
  return text;
}

/**
 * Runs what was kept for the end of this run, if the runtime had created the container: once, also when this is called
 * again. A hook that fails is said and stands in the way of nothing.
 */
export async function runPoststopHooks(
  { host, runtime, warn }: HookPorts,
  { id, name, annotations }: ContainerConfig,
): Promise<void> {
  const { bundle, poststopHooks, pidFile } = runtime.files(id);
  const text = host.readText(poststopHooks);
  if (text === undefined) return;
  const hooks = host.exists(pidFile) ? (JSON.parse(text) as Hook[]) : [];
  const input = JSON.stringify({ ociVersion: '1.0.2', id, status: 'stopped', bundle, annotations });
  for (const [index, hook] of hooks.entries()) {
    try {
      await runHook(host, hook, { input, directory: bundle });
    } catch (error) {
      warn(`container ${name}: poststop hook ${index}: ${messageOf(error)}`);
    }
    // After it: a cleanup that is killed in the middle of a hook has the next one run it again.
    host.writeText(poststopHooks, JSON.stringify(hooks.slice(index + 1)));
  }
  host.remove(poststopHooks);
}

function readHooks(ports: HookPorts, config: ContainerConfig, { process }: Spec): Hooks {
  return hooksFor(readHookFiles(ports, config.hooksDirs), {
    command: process.args[0] ?? '',
    annotations: config.annotations,
    hasBindMounts: config.mounts.some(({ type }) => type === 'bind' || type === 'volume'),
  });
}

/** By name in order; a file in a later directory stands for one of the same name in an earlier one. */
function readHookFiles({ host, warn }: HookPorts, asked: readonly string[] | undefined): HookFile[] {
  const files = new Map<string, string>();
  for (const directory of asked ?? DEFAULT_DIRECTORIES) {
    const names = host.listDirectory(directory);
    if (names === undefined && asked !== undefined)
      warn(`requested OCI hooks directory ${JSON.stringify(directory)} does not exist`);
    for (const name of names ?? []) if (name.endsWith('.json')) files.set(name, `${directory}/${name}`);
  }
  return [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, file]) => {
      const hookFile = parseHookFile(host.readText(file) ?? '', file);
      if (host.exists(hookFile.hook.path)) return [hookFile];
      warn(`OCI hook ${file} is left out: there is no program ${hookFile.hook.path}`);
      return [];
    });
}

/** Its standard output; throws for any other end than exit code 0. */
async function runHook(
  host: HookPorts['host'],
  { path, args = [path], env, timeout }: Hook,
  { input, directory }: { input: string; directory: string },
): Promise<string> {
  const { code, stdout, stderr, timedOut } = await host.run(path, args, {
    input,
    cwd: directory,
    ...(env === undefined ? {} : { env }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
  });
  if (code === 0) return stdout;
  const how = timedOut ? `no end within ${timeout} s` : `exit status ${code}`;
  const said = stderr.trim().replace(/\s*\n\s*/g, ' | ');
  throw new Error(`executing [${args.join(' ')}]: ${how}${said === '' ? '' : `: ${said}`}`);
}
