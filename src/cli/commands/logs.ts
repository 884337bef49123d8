import type { Ports } from '../../lifecycle/ports.ts';
import { BerthError } from '../../model/errors.ts';
import { parseMoment } from '../../model/moment.ts';
import { shortId } from '../../model/name.ts';
import type { ContainerRecord } from '../../model/records.ts';
import { logFile } from '../../model/settings.ts';
import { hasPayload } from '../../model/state.ts';
import { SUPERVISOR_CGROUP } from '../../model/unit-cgroups.ts';
import type { Arguments, Command } from '../command.ts';
import {
  conmonEntries,
  followJournal,
  type JournalMatch,
  readJournal,
  unitOutput,
} from '../logs/journald.ts';
import type { LogPiece, LogQuery } from '../logs/line.ts';
import { followLogFile, readLogFile } from '../logs/log-file.ts';
import { pieceWriter } from '../logs/writer.ts';
import { atMoment } from '../moment.ts';
import { latestContainer } from '../select.ts';

export const command: Command = {
  path: ['logs'],
  usage: 'CONTAINER…',
  summary: 'Show what containers have written to their standard output and error.',
  flags: {
    color: { type: 'bool', help: 'A colour for each container' },
    follow: { type: 'bool', short: 'f', help: 'Go on until the container ends' },
    latest: { type: 'bool', short: 'l', help: 'The container that was created last' },
    names: { type: 'bool', short: 'n', help: 'Of several containers: the name before each line, not the ID' },
    since: { type: 'string', help: 'Not before this time, or this long ago (10m)' },
    tail: { type: 'int', help: 'Only the last so many lines', default: '-1' },
    timestamps: { type: 'bool', short: 't', help: 'Put the time before each line' },
    until: { type: 'string', help: 'Not after this time, or this long from now' },
  },
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(args, { ports }) {
    const opened = await ports();
    const containers = selected(args, opened);
    const query = logQuery(args, Date.parse(opened.now()));
    // All of them are looked at before anything is printed.
    for (const { config } of containers) refuseUnreadable(config);
    const logs = containers.map((container, index) => ({
      container,
      write: pieceWriter({
        timestamps: args.bool('timestamps'),
        ...(containers.length === 1 ? {} : { prefix: prefix(container, args.bool('names')) }),
        ...(args.bool('color') ? { color: COLORS[index % COLORS.length] ?? 0 } : {}),
      }),
    }));
    if (args.bool('follow')) await Promise.all(logs.map((log) => follow(opened, log, query)));
    else await readAll(opened, logs, query);
    return 0;
  },
};

/** Podman's: white, red, yellow. */
const COLORS = [37, 31, 33];

interface Log {
  container: ContainerRecord;
  write: (piece: LogPiece) => void;
}

function selected(args: Arguments, ports: Ports): ContainerRecord[] {
  const names = args.positionals;
  if (args.bool('latest')) {
    if (names.length > 0) throw new BerthError('usage', '--latest and containers cannot be used together');
    return [latestContainer(ports)];
  }
  if (names.length === 0) throw new BerthError('usage', 'specify at least one container name or ID to log');
  return names.map((name) => ports.store.findContainer(name));
}

function refuseUnreadable({ logDriver }: ContainerRecord['config']): void {
  if (logDriver === 'none')
    throw new BerthError(
      'invalid',
      "this container is using the 'none' log driver, cannot read logs: this container is not logging output",
    );
}

function prefix({ config }: ContainerRecord, names: boolean): string {
  return names ? config.name : shortId(config.id);
}

/** One log as it comes; several in the order in which the lines were written. */
async function readAll(ports: Ports, logs: Log[], query: LogQuery): Promise<void> {
  const [only, ...more] = logs;
  if (only !== undefined && more.length === 0) return read(ports, only, query);
  const pieces: { piece: LogPiece; write: Log['write'] }[] = [];
  for (const { container, write } of logs)
    await read(ports, { container, write: (piece) => pieces.push({ piece, write }) }, query);
  const at = ({ piece }: { piece: LogPiece }): number => Date.parse(piece.time);
  pieces.sort((a, b) => at(a) - at(b));
  for (const { piece, write } of pieces) write(piece);
}

async function read(ports: Ports, { container, write }: Log, query: LogQuery): Promise<void> {
  const { config } = container;
  if (config.logDriver === 'k8s-file') readLogFile(logFile(ports.settings, config), query).forEach(write);
  else await readJournal(journalMatch(config), sinceCreated(config, query), write);
}

function journalMatch({ id, logDriver, unit }: ContainerRecord['config']): JournalMatch {
  return logDriver === 'passthrough' ? unitOutput(unit) : conmonEntries(id);
}

/** A unit's journal may hold what an earlier container of the same name wrote. */
function sinceCreated({ createdAt }: ContainerRecord['config'], query: LogQuery): LogQuery {
  return { ...query, since: Math.max(query.since ?? 0, Date.parse(createdAt)) };
}

async function follow(ports: Ports, log: Log, query: LogQuery): Promise<void> {
  const { config, state } = log.container;
  if (!hasPayload(state.status)) return read(ports, log, query);
  const over = Promise.race([ended(ports, log.container), atMoment(query.until, Date.parse(ports.now()))]);
  if (config.logDriver === 'k8s-file')
    await followLogFile(logFile(ports.settings, config), query, log.write, over);
  else await followJournal(journalMatch(config), sinceCreated(config, query), log.write, over);
}

/** Resolves when conmon has ended: it writes the last of the output before. */
function ended({ host }: Ports, { state }: ContainerRecord): Promise<boolean> {
  return host.waitUntilEmpty(`${state.cgroup}/${SUPERVISOR_CGROUP}`, Number.POSITIVE_INFINITY);
}

function logQuery(args: Arguments, now: number): LogQuery {
  const since = args.string('since');
  const until = args.string('until');
  const tail = args.int('tail');
  return {
    ...(since === undefined ? {} : { since: timeFlag('since', since, now) }),
    ...(until === undefined ? {} : { until: timeFlag('until', until, now) }),
    ...(tail === undefined || tail < 0 ? {} : { tail }),
  };
}

function timeFlag(flag: 'since' | 'until', text: string, now: number): number {
  try {
    return parseMoment(text, { now, durations: flag === 'since' ? 'ago' : 'ahead' });
  } catch (error) {
    throw new BerthError(
      'invalid',
      `parsing --${flag} ${JSON.stringify(text)}: unable to interpret time value: write a date like 2026-01-02T03:04:05Z or a duration like 10m`,
      { cause: error },
    );
  }
}
