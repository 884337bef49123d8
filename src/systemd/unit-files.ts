/** What a person has made systemd keep about a unit, in files: drop-ins, links of `enable`, overrides and masks. */
import {
  type Dirent,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';
import { isErrno } from '../model/errors.ts';
import { replaceByLink } from '../sys/files.ts';

/** Berth's own files, and nobody's links. */
const UNITS_DIRECTORY = '/usr/local/lib/systemd/system';

/** Where people and `systemctl` write: systemd.unit(5), "Unit File Load Path". */
const PERSONS_DIRECTORIES = [
  '/etc/systemd/system.control',
  '/run/systemd/system.control',
  '/etc/systemd/system',
  '/run/systemd/system',
  UNITS_DIRECTORY,
];

/** Directories beside a unit, by their suffix. */
const BESIDE = ['.d', '.wants', '.requires', '.upholds'];

/**
 * Gives what stands beside the unit `from` to the unit `to`: its drop-ins, full overrides and masks. What `to` has already
 * is not overwritten. Doing it again does no harm.
 */
export function moveUnitFiles(
  from: string,
  to: string,
  directories: readonly string[] = PERSONS_DIRECTORIES,
): void {
  for (const directory of directories) {
    for (const suffix of BESIDE)
      moveDirectory(path.join(directory, from + suffix), path.join(directory, to + suffix));
    if (directory !== UNITS_DIRECTORY) moveFile(path.join(directory, from), path.join(directory, to));
  }
}

/** Lets the links to the unit `from`, in other units' directories and under other names, lead to the unit `to`. */
export function moveUnitLinks(
  from: string,
  to: string,
  directories: readonly string[] = PERSONS_DIRECTORIES,
): void {
  for (const directory of directories) {
    for (const name of entries(directory)) {
      const file = path.join(directory, name);
      if (BESIDE.some((suffix) => name.endsWith(suffix) && suffix !== '.d')) {
        if (lstatSync(file, { throwIfNoEntry: false })?.isDirectory()) moveLinks(file, from, to);
      } else if (pointsTo(file, from)) relink(file, file, to);
    }
  }
}

/** What `systemctl enable` has made for a unit: links in other units' directories, and its other names. */
export function linksTo(unit: string, directories: readonly string[] = PERSONS_DIRECTORIES): string[] {
  return directories.flatMap((directory) => {
    const wanted = entries(directory)
      .filter((name) => BESIDE.some((suffix) => name.endsWith(suffix) && suffix !== '.d'))
      .flatMap((folder) => entries(path.join(directory, folder)).map((name) => path.join(folder, name)))
      .filter((link) => path.basename(link) === unit || pointsTo(path.join(directory, link), unit));
    // In the folder of the unit files themselves a link is a former name's (rename), which nobody has made.
    const aliases = directory === UNITS_DIRECTORY ? [] : links(directory);
    return [...wanted, ...aliases.filter((link) => pointsTo(path.join(directory, link), unit))].map((link) =>
      path.join(directory, link),
    );
  });
}

/** The links in a `.wants` and the like: named after the unit, or leading to it. */
function moveLinks(directory: string, from: string, to: string): void {
  for (const name of entries(directory)) {
    const file = path.join(directory, name);
    if (name === from) relink(file, path.join(directory, to), to);
    else if (pointsTo(file, from)) relink(file, file, to);
  }
}

/** A link with the same folder as its target, but another unit in it; in the place of the old one. */
function relink(file: string, newFile: string, to: string): void {
  const target = path.join(path.dirname(readlinkSync(file)), to);
  replaceByLink(newFile, target);
  if (newFile !== file) rmSync(file);
}

function pointsTo(file: string, unit: string): boolean {
  try {
    return path.basename(readlinkSync(file)) === unit;
  } catch (error) {
    if (isErrno(error, 'EINVAL', 'ENOENT')) return false; // no link
    throw error;
  }
}

function moveDirectory(from: string, to: string): void {
  if (!existsSync(from)) return;
  mkdirSync(to, { recursive: true });
  for (const name of entries(from)) moveFile(path.join(from, name), path.join(to, name));
  if (entries(from).length === 0) rmdirSync(from);
}

function moveFile(from: string, to: string): void {
  const isThere = (file: string): boolean => lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  if (isThere(from) && !isThere(to)) renameSync(from, to);
}

function links(directory: string): string[] {
  return listed(directory)
    .filter((entry) => entry.isSymbolicLink())
    .map(({ name }) => name);
}

function entries(directory: string): string[] {
  return listed(directory).map(({ name }) => name);
}

function listed(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
