import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type CopyEnd,
  copySource,
  copyTarget,
  type Entry,
  parseCopyPlaces,
} from '../../../src/model/copy.ts';

/** `/link` leads to `/dir`, `/dangling` to `/dir/gone`. */
const TREE: Record<string, Entry> = {
  '/': { path: '/', type: 'directory' },
  '/dir': { path: '/dir', type: 'directory' },
  '/link': { path: '/dir', type: 'directory' },
  '/file': { path: '/file', type: 'file' },
  '/null': { path: '/null', type: 'other' },
};

const tree = {
  find(path: string): Entry | undefined {
    const plain = path.replace(/\/\.?$/, '') || '/';
    const entry = TREE[plain];
    if (entry !== undefined) return entry;
    if (plain === '/dangling') return { path: '/dir/gone', type: 'missing' };
    return TREE[plain.replace(/\/[^/]*$/, '') || '/'] === undefined
      ? undefined
      : { path: plain, type: 'missing' };
  },
};
const end = (path: string, on = 'container c'): CopyEnd => ({ path, typed: path, on, tree });
const answerOf = (work: () => object): object | string => {
  try {
    return work();
  } catch (error) {
    return (error as Error).message;
  }
};
const NOT_THERE = (path: string): string =>
  `${JSON.stringify(path)} could not be found on container c: no such file or directory`;

describe('the arguments of cp', () => {
  const CASES: [from: string, to: string, expected: object | string][] = [
    ['c:/a', 'b', [{ container: 'c', path: '/a' }, { host: 'b' }]],
    ['./a:b', 'c:x', [{ host: './a:b' }, { container: 'c', path: 'x' }]],
    ['/a:b', 'c:x:y', [{ host: '/a:b' }, { container: 'c', path: 'x:y' }]],
    ['-', 'c:/', [{ stream: true }, { container: 'c', path: '/' }]],
    ['a', 'b', 'name or ID cannot be empty'],
    ['-', '-', 'name or ID cannot be empty'],
    [':/a', 'b', 'name or ID cannot be empty'],
    ['a', 'c:', 'invalid arguments "a", "c:": you must specify paths'],
  ];
  for (const [from, to, expected] of CASES)
    test(`${from} ${to}`, () =>
      assert.deepEqual(
        answerOf(() => parseCopyPlaces(from, to)),
        expected,
      ));
});

describe('what is copied', () => {
  const CASES: [path: string, on: string, expected: object | string][] = [
    ['/dir', 'container c', { path: '/dir', isDirectory: true, name: 'dir' }],
    ['/dir/', 'container c', { path: '/dir', isDirectory: true, name: 'dir' }],
    ['/dir/.', 'container c', { path: '/dir', isDirectory: true }],
    ['/', 'container c', { path: '/', isDirectory: true }],
    ['/link', 'container c', { path: '/dir', isDirectory: true, name: 'dir' }],
    ['/link', 'the host', { path: '/dir', isDirectory: true, name: 'link' }],
    ['/file', 'the host', { path: '/file', isDirectory: false, name: 'file' }],
    ['/null', 'container c', '/null is a device or a socket, which cannot be copied'],
    ['/no', 'container c', NOT_THERE('/no')],
    ['/no/no', 'container c', NOT_THERE('/no/no')],
    ['/dangling', 'container c', NOT_THERE('/dangling')],
  ];
  for (const [path, on, expected] of CASES)
    test(`${path} of ${on}`, () =>
      assert.deepEqual(
        answerOf(() => copySource(end(path, on))),
        expected,
      ));
});

describe('where it goes', () => {
  const file = { path: '/x/f', isDirectory: false, name: 'f' };
  const directory = { path: '/x/d', isDirectory: true, name: 'd' };
  const content = { path: '/x/d', isDirectory: true };
  const MUST = 'destination must be a directory when copying';
  const CASES: [title: string, source: typeof file | undefined, to: string, expected: object | string][] = [
    ['a file into a directory', file, '/dir', { directory: '/dir', name: 'f' }],
    ['a file onto a file', file, '/file', { directory: '/', name: 'file' }],
    ['a file to a new name', file, '/dir/new', { directory: '/dir', name: 'new' }],
    ['a file to a directory that is missing', file, '/dir/new/', NOT_THERE('/dir/new/')],
    ['a file below a missing directory', file, '/no/new', NOT_THERE('/no/new')],
    ['a file to where a link leads into nothing', file, '/dangling', { directory: '/dir', name: 'gone' }],
    ['a file into a directory that is missing', file, '/dir/new/.', NOT_THERE('/dir/new/.')],
    ['a directory into a directory', directory, '/link', { directory: '/dir', name: 'd' }],
    ['a directory to a new name', directory, '/new', { directory: '/', name: 'new' }],
    ['a directory onto a file', directory, '/file', `${MUST} a directory`],
    ['what is in a directory into one', content as typeof file, '/dir', { directory: '/dir' }],
    ['what is in a directory as a new one', content as typeof file, '/new', { directory: '/', name: 'new' }],
    ['a tar into a directory', undefined, '/dir', { directory: '/dir' }],
    ['a tar to a new name', undefined, '/new', `${MUST} from stdin`],
    ['a tar onto a file', undefined, '/file', `${MUST} from stdin`],
  ];
  for (const [title, source, to, expected] of CASES)
    test(title, () =>
      assert.deepEqual(
        answerOf(() => copyTarget(end(to), source)),
        expected,
      ),
    );
});
