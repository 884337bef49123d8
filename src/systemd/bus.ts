/** The connection to systemd's manager over the system bus. Raw messages: no introspection, no XML (see the costs). */
import type { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import dbus from 'dbus-next';
import { BerthError, messageOf } from '../model/errors.ts';

export const MANAGER = {
  destination: 'org.freedesktop.systemd1',
  path: '/org/freedesktop/systemd1',
  interface: 'org.freedesktop.systemd1.Manager',
} as const;

const BUS = 'org.freedesktop.DBus';
/** The bus's word that systemd has gone or come back. */
const OWNER_CHANGED = `type='signal',sender='${BUS}',interface='${BUS}',member='NameOwnerChanged',arg0='${MANAGER.destination}'`;

export interface Bus {
  /** Calls a method; the reply's arguments. Waits for a systemd that executes itself anew. Throws BusError. */
  call(message: {
    path?: string;
    interface?: string;
    member: string;
    signature?: string;
    body?: unknown[];
  }): Promise<unknown[]>;
  /** Waits for something that the bus will tell; throws BerthError 'no-systemd' if the connection ends before. */
  orLost<T>(wait: Promise<T>): Promise<T>;
  /**
   * Signals of systemd's that match one of the rules, and NameOwnerChanged when it goes or comes back, from now on, until the bus is
   * closed. Nobody else's.
   */
  onSignals(matches: string[], handler: (member: string, body: unknown[]) => void): Promise<void>;
  close(): void;
}

/** An error that systemd answered, by its D-Bus name and in its own words. */
export class BusError extends BerthError {
  readonly type: string;
  readonly answer: string;

  constructor(type: string, answer: string) {
    super('unit', `systemd answers: ${answer}`);
    this.type = type;
    this.answer = answer;
  }
}

/** While systemd executes itself anew (daemon-reexec, as package upgrades do) it is away from the bus, for less than a second. */
const AWAY = /^org\.freedesktop\.DBus\.Error\.(NoReply|ServiceUnknown|NameHasNoOwner|Spawn\..*)$/;
const AWAY_RETRY_MS = 100;
const AWAY_RETRIES = 100;

/** Throws BerthError 'no-systemd' when this machine was not booted with systemd (sd_booted(3)). */
export function assertBooted(): void {
  if (!existsSync('/run/systemd/system')) {
    throw new BerthError(
      'no-systemd',
      'systemd does not run as PID 1 here: berth starts containers as systemd services, so boot this machine with systemd',
    );
  }
}

/** The bus's own limit for an answer; a dbus.service that hangs accepts connections and says nothing. */
const CONNECT_MS = 25_000;

/** Connects to the system bus. Throws BerthError 'no-systemd' with what to do. */
export async function connectBus(): Promise<Bus> {
  assertBooted();
  return openBus();
}

/** The connection itself, wherever DBUS_SYSTEM_BUS_ADDRESS leads. */
export async function openBus(timeoutMs = CONNECT_MS): Promise<Bus> {
  const connection = dbus.systemBus();
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      connection.once('connect', resolve);
      connection.once('error', reject);
      timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs / 1000} s`)), timeoutMs);
    });
  } catch (error) {
    connection.disconnect();
    throw new BerthError(
      'no-systemd',
      `cannot reach systemd over the system bus (${messageOf(error)}): is dbus.service running?`,
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
  }
  connection.on('error', () => {}); // heard by whoever waits, through `lost`
  const lost = whenLost(connection);

  // Anybody may send this connection signals, whatever it has asked for: only systemd's and the bus's own count. Which name on the
  // bus is systemd's, its answers tell, and of a change the bus; what comes before that waits for it.
  const handlers: Parameters<Bus['onSignals']>[1][] = [];
  let manager: string | undefined;
  let isTold = false;
  let early: dbus.Message[] = [];
  const hear = (message: dbus.Message): void => {
    const { sender, member = '', body = [] } = message;
    if (sender === BUS && member === 'NameOwnerChanged' && body[0] === MANAGER.destination) {
      manager = String(body[2]);
      isTold = true;
    }
    if (sender === BUS || sender === manager) for (const handler of handlers) handler(member, body);
    else if (manager === undefined) early.push(message);
  };
  const hasAnswered = (sender: string | undefined): void => {
    if (!isTold) manager = sender;
    const heard = early;
    early = [];
    for (const message of heard) hear(message);
  };
  connection.on('message', (message: dbus.Message) => {
    if (message.type === dbus.MessageType.SIGNAL) hear(message);
  });

  return {
    orLost: (wait) => Promise.race([wait, lost]),
    async call({
      path = MANAGER.path,
      interface: iface = MANAGER.interface,
      member,
      signature = '',
      body = [],
    }) {
      for (let retries = AWAY_RETRIES; ; retries--) {
        const message = new dbus.Message({
          destination: MANAGER.destination,
          path,
          interface: iface,
          member,
          signature,
          body,
        });
        try {
          const reply = await Promise.race([connection.call(message), lost]);
          hasAnswered(reply?.sender);
          return reply?.body ?? [];
        } catch (error) {
          if (!(error instanceof dbus.DBusError)) throw error;
          // What was asked twice is done once: systemd keeps its jobs, and one more of the same joins the first.
          if (retries === 0 || !AWAY.test(error.type)) throw new BusError(error.type, error.text);
          await delay(AWAY_RETRY_MS);
        }
      }
    },
    async onSignals(matches, handler) {
      handlers.push(handler);
      const asked = [OWNER_CHANGED, ...matches].map((match) =>
        connection.call(
          new dbus.Message({
            ...{ destination: BUS, path: '/org/freedesktop/DBus', interface: BUS },
            ...{ member: 'AddMatch', signature: 's', body: [match] },
          }),
        ),
      );
      await Promise.all(asked);
    },
    close() {
      connection.disconnect();
    },
  };
}

/**
 * Rejects when the connection ends: the library leaves a call that is under way without an answer then, and the
 * process would end in silence, with success. Its socket is behind the bus object, which does not pass the event on.
 */
function whenLost(connection: dbus.MessageBus): Promise<never> {
  const { _connection: socket } = connection as unknown as { _connection: EventEmitter };
  const lost = new Promise<never>((_, reject) => {
    socket.once('end', () => {
      reject(new BerthError('no-systemd', 'the system bus closed the connection: see systemctl status dbus'));
    });
  });
  lost.catch(() => {}); // after the last call nobody waits for it
  return lost;
}
