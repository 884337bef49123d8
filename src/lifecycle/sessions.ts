/** Exec sessions: which run, and what is recorded when one begins and ends. None of them blocks anything. */
import { BerthError } from '../model/errors.ts';
import type { ExecSession } from '../model/records.ts';
import type { Ports } from './ports.ts';
import { appendContainerEvent, type Named } from './record.ts';

type SessionPorts = Pick<Ports, 'host' | 'store' | 'runtime' | 'now'>;

/** Exit code of a session whose end nobody has seen. */
const UNKNOWN = -1;

/** Sessions of a container that run, whatever the rows say. */
export function livingSessions(
  { host, store }: Pick<SessionPorts, 'host' | 'store'>,
  id: string,
): ExecSession[] {
  return store.sessions(id).filter(({ owner }) => host.isAlive(owner));
}

/** Records a session that this process begins, and ends those whose owners were killed. */
export function beginSession(ports: SessionPorts, config: Named, session: string): void {
  const { host, store, now } = ports;
  const stale = store.sessions(config.id).filter(({ owner }) => !host.isAlive(owner));
  store.transaction(() => {
    for (const { id } of stale) forgetSession(ports, config, id, UNKNOWN);
    store.saveSession({ id: session, containerId: config.id, owner: host.self() });
    appendContainerEvent(store, config, { status: 'exec' }, now());
  });
  for (const { id } of stale) ports.runtime.removeSession(config.id, id);
}

/** Records the end of a session, once, whoever sees it first, and removes its files. */
export function endSession(ports: SessionPorts, config: Named, session: string, exitCode?: number): void {
  const code = exitCode ?? ports.runtime.sessionExit(config.id, session) ?? UNKNOWN;
  ports.store.transaction(() => forgetSession(ports, config, session, code));
  ports.runtime.removeSession(config.id, session);
}

/**
 * Does what the end of a session would have done, had its owner not been killed; one that is not known is done.
 * @throws BerthError `state` while it runs.
 */
export function cleanupSession(ports: SessionPorts, config: Named, session: string): void {
  const found = ports.store.sessions(config.id).find(({ id }) => id === session);
  if (found === undefined) return;
  if (ports.host.isAlive(found.owner)) {
    throw new BerthError(
      'state',
      `cannot clean up container ${config.id} exec session ${session} as it is running: exec session state improper`,
    );
  }
  endSession(ports, config, session);
}

/** For the end of the container, which ended them all; inside a transaction of the caller's. */
export function forgetSessions(ports: Pick<SessionPorts, 'store' | 'now'>, config: Named): void {
  for (const { id } of ports.store.sessions(config.id)) forgetSession(ports, config, id, UNKNOWN);
}

function forgetSession(
  { store, now }: Pick<SessionPorts, 'store' | 'now'>,
  config: Named,
  session: string,
  exitCode: number,
): void {
  if (store.deleteSession(session))
    appendContainerEvent(store, config, { status: 'exec_died', exitCode }, now());
}
