/** Which containers a command is about: those named, or those that --all, --latest, --cidfile and --filter tell. */
import { readFileSync } from 'node:fs';
import { removalOrder } from '../lifecycle/dependencies.ts';
import { filterContext, listContainers } from '../lifecycle/list.ts';
import type { Ports } from '../lifecycle/ports.ts';
import { containerFilter } from '../model/container-filter.ts';
import { BerthError, isErrno } from '../model/errors.ts';
import { parseFilters } from '../model/filters.ts';
import type { ContainerRecord } from '../model/records.ts';
import type { Arguments, Flag } from './command.ts';

/** A container, with what the command prints for it: the word that was typed, or the ID if it was found otherwise. */
export interface Selected {
  word: string;
  container: ContainerRecord;
}

type SelectPorts = Pick<Ports, 'store' | 'host' | 'runtime' | 'now' | 'networkFiles'>;

/** The flags that selectContainers understands; a command has those of them that Podman's has. */
export const SELECTING = {
  all: (help: string): Flag => ({ type: 'bool', short: 'a', help }),
  cidfile: { type: 'strings', help: 'Also the container whose ID is in this file' },
  filter: { type: 'strings', short: 'f', help: 'Those that fit: KEY=VALUE, as for ps' },
  latest: { type: 'bool', short: 'l', help: 'The last created container' },
} as const;

export interface SelectRules {
  /** A container that does not exist is passed over, as is a file with an ID. */
  ignoreMissing?: boolean;
  /** The same for such a file alone. */
  ignoreMissingFile?: boolean;
  /** Without any other choice: all. */
  allByDefault?: boolean;
  /** Its own error for a name that is not there. */
  notFound?: (name: string) => BerthError;
}

/**
 * The containers that the command line selects, each once, with their states reconciled where a filter needs it. Throws,
 * before anything is done to any, when the flags contradict each other or one that is named does not exist.
 */
export function selectContainers(args: Arguments, ports: SelectPorts, rules: SelectRules = {}): Selected[] {
  const byFlag = args.has('filter') || args.bool('all') || args.bool('latest');
  const isEmpty = !byFlag && !args.has('cidfile') && args.positionals.length === 0;
  assertConsistent(args, isEmpty && rules.allByDefault !== true);
  const ignoreFile = rules.ignoreMissingFile ?? rules.ignoreMissing ?? false;
  const chosen = [
    ...(byFlag || isEmpty ? selectByFlag(args, ports) : []),
    ...args.strings('cidfile').flatMap((file) => readId(file, ignoreFile)),
  ].map((id) => ({ word: id, name: id }));
  const named = args.positionals.map((name) => ({ word: name, name }));
  const seen = new Set<string>();
  return [...chosen, ...named].flatMap(({ word, name }) => {
    const container = findContainer(name, ports, rules);
    if (container === undefined || seen.has(container.config.id)) return [];
    seen.add(container.config.id);
    return [{ word, container }];
  });
}

/** The same with all containers that need them, in an order in which they can be removed. */
export function withDependents(selected: readonly Selected[], { store }: Pick<Ports, 'store'>): Selected[] {
  const typed = new Map(selected.map((one) => [one.container.config.id, one]));
  return removalOrder(store, [...typed.keys()]).flatMap((id) => {
    const container = store.getContainer(id);
    return typed.get(id) ?? (container === undefined ? [] : { word: id, container });
  });
}

/** The last created container; Podman's error if there is none. */
export function latestContainer({ store }: Pick<Ports, 'store'>): ContainerRecord {
  const latest = store.listContainers().containers.at(-1);
  if (latest === undefined) throw new BerthError('no-such-container', 'no such container');
  return latest;
}

/** The container; undefined if there is none and that is to be ignored. Any other failure is thrown. */
export function findContainer(
  name: string,
  { store }: Pick<Ports, 'store'>,
  { ignoreMissing, notFound }: SelectRules,
): ContainerRecord | undefined {
  try {
    return store.findContainer(name);
  } catch (error) {
    if (!(error instanceof BerthError && error.code === 'no-such-container')) throw error;
    if (ignoreMissing === true) return undefined;
    throw notFound?.(name) ?? error;
  }
}

/** A filter counts before --all and --latest, as for Podman. */
function selectByFlag(args: Arguments, ports: SelectPorts): string[] {
  if (!args.has('filter') && args.bool('latest')) return [latestContainer(ports).config.id];
  const { containers } = listContainers(ports);
  const passes = containerFilter(parseFilters(args.strings('filter')), filterContext(ports));
  return containers.filter(passes).map(({ config }) => config.id);
}

function readId(file: string, ignoreMissing: boolean): string[] {
  try {
    return [readFileSync(file, 'utf8').split('\n')[0] ?? ''];
  } catch (error) {
    if (isErrno(error, 'ENOENT') && ignoreMissing) return [];
    if (isErrno(error, 'ENOENT'))
      throw new BerthError('invalid', `reading CIDFile: open ${file}: no such file or directory`);
    throw error;
  }
}

/** Podman's rules for what excludes what, in its order and words. */
function assertConsistent(args: Arguments, isEmpty: boolean): void {
  const [all, latest] = [args.bool('all'), args.bool('latest')];
  const [cidfile, filter] = [args.has('cidfile'), args.has('filter')];
  const named = args.positionals.length > 0;
  const rules: [boolean, string][] = [
    [cidfile && (all || latest), '--all, --latest, and --cidfile cannot be used together'],
    [all && latest, '--all and --latest cannot be used together'],
    [named && all, 'no arguments are needed with --all'],
    [named && latest, '--latest and containers cannot be used together'],
    [named && cidfile, 'no arguments are needed with --latest or --cidfile'],
    [named && filter, '--filter takes no arguments'],
    [isEmpty, 'you must provide at least one name or id'],
  ];
  const broken = rules.find(([isBroken]) => isBroken);
  if (broken !== undefined) throw new BerthError('usage', broken[1]);
}
