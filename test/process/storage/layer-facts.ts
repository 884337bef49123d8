/** A directory on the disk and a model of it, told in the same lines, so that they can be compared. */
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { fromText, toBytes } from '../../../src/storage/byte-string.ts';
import type { Directory, Inode, Meta, Node } from './layer-model.ts';

type Lines = Record<string, string>;

/** What lies below a directory, by path: kind, owner, mode, time, content, and with `links` which names are one file. */
export function linesOnDisk(directory: string, { links } = { links: true }): Lines {
  const lines: Lines = {};
  const firstName = new Map<number, string>();
  const base = fromText(directory);
  const visit = (path: string): void => {
    for (const name of readdirSync(toBytes(`${base}${path}`), 'latin1').sort()) {
      const inside = `${path}/${name}`;
      const stat = lstatSync(toBytes(`${base}${inside}`), { throwIfNoEntry: false });
      // overlayfs lists whiteouts where only one layer has the directory; there is nothing behind the name.
      if (stat === undefined) continue;
      if (stat.isDirectory()) {
        lines[inside] = `directory ${metaLine(stat)}`;
        visit(inside);
      } else if (stat.isCharacterDevice() && stat.rdev === 0) lines[inside] = 'whiteout';
      else {
        const first = firstName.get(stat.ino) ?? inside;
        firstName.set(stat.ino, first);
        lines[inside] = `${leafLine(stat, toBytes(`${base}${inside}`))}${links ? ` as ${first}` : ''}`;
      }
    }
  };
  visit('');
  return lines;
}

export function linesOfModel(root: Directory, { links } = { links: true }): Lines {
  const lines: Lines = {};
  const firstName = new Map<Inode, string>();
  const visit = (directory: Directory, path: string): void => {
    for (const [name, node] of [...directory.children].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const inside = `${path}/${name}`;
      if (node.kind === 'directory') {
        lines[inside] = `directory ${expectedMeta(node.meta)}`;
        visit(node, inside);
      } else if (node.kind === 'whiteout') lines[inside] = 'whiteout';
      else {
        const first = firstName.get(node.inode) ?? inside;
        firstName.set(node.inode, first);
        lines[inside] = `${inodeLine(node.inode)}${links ? ` as ${first}` : ''}`;
      }
    }
  };
  visit(root, '');
  return lines;
}

/** Takes out of the disk's lines what the model does not determine: the time of a directory that has no entry. */
export function withoutMadeUpTimes(onDisk: Lines, model: Lines): Lines {
  return Object.fromEntries(
    Object.entries(onDisk).map(([path, line]) => [
      path,
      model[path]?.endsWith(' at any time') ? line.replace(/ at .*$/, ' at any time') : line,
    ]),
  );
}

/** Directories with a property, as layer.json lists them. */
export function directoriesWith(root: Directory, has: (directory: Directory) => boolean): string[] {
  const found: string[] = [];
  eachNode(root, (path, node) => {
    if (node.kind === 'directory' && has(node)) found.push(path.slice(1));
  });
  return found.sort();
}

/** Every name of the model, with its path; directories before what is in them. */
export function eachNode(root: Directory, visit: (path: string, node: Node) => void, path = ''): void {
  for (const [name, node] of root.children) {
    visit(`${path}/${name}`, node);
    if (node.kind === 'directory') eachNode(node, visit, `${path}/${name}`);
  }
}

function metaLine(stat: Stats): string {
  return `${(stat.mode & 0o7777).toString(8)} ${stat.uid}:${stat.gid} at ${Math.round(stat.mtimeMs)}`;
}

function expectedMeta(meta: Meta | undefined): string {
  if (meta === undefined) return '755 0:0 at any time';
  return `${meta.mode.toString(8)} ${meta.uid}:${meta.gid} at ${meta.mtime}`;
}

function leafLine(stat: Stats, path: Buffer): string {
  if (stat.isSymbolicLink()) return `symlink ${linkMeta(metaLine(stat))} ${readlinkSync(path, 'latin1')}`;
  if (stat.isFile()) return `file ${metaLine(stat)} ${readFileSync(path, 'latin1')}`;
  if (stat.isFIFO()) return `fifo ${metaLine(stat)}`;
  const kind = stat.isBlockDevice() ? 'block' : 'char';
  // makedev(3), for what Linux has: 12 bits of major, 20 of minor.
  const major = (stat.rdev >> 8) & 0xfff;
  const minor = (stat.rdev & 0xff) | ((stat.rdev >>> 12) & 0xfff00);
  return `${kind} ${metaLine(stat)} ${major},${minor}`;
}

function inodeLine({ kind, meta, content, device }: Inode): string {
  const text = expectedMeta(meta);
  if (kind === 'symlink') return `symlink ${linkMeta(text)} ${content}`;
  if (kind === 'file') return `file ${text} ${content}`;
  return device === undefined ? `${kind} ${text}` : `${kind} ${text} ${device.join()}`;
}

/** Links have no mode. */
function linkMeta(line: string): string {
  return line.replace(/^[0-7]+/, '-');
}
