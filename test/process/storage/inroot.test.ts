import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { resolveInRoot } from '../../../src/sys/inroot.ts';
import { scratch } from './archives.ts';

type Node = { dir: Map<string, Node> } | { link: string } | { file: true };

/** The same question asked of a tree in memory, recursively, as path_resolution(7) tells it. */
function model(
  root: Map<string, Node>,
  path: string,
  budget = { links: 40 },
  start: string[] = [],
): string[] {
  let at = path.startsWith('/') ? [] : start;
  for (const part of path.split('/')) {
    const here = nodeAt(root, at);
    if (here !== undefined && !('dir' in here)) throw new Error('not a directory');
    if (part === '' || part === '.') continue;
    if (part === '..') {
      at = at.slice(0, -1);
      continue;
    }
    const next = here?.dir.get(part);
    if (next !== undefined && 'link' in next) {
      if (budget.links-- === 0) throw new Error('too many');
      at = model(root, next.link, budget, at);
    } else at = [...at, part];
  }
  return at;
}

function nodeAt(root: Map<string, Node>, path: readonly string[]): Node | undefined {
  return path.reduce<Node | undefined>(
    (node, part) => (node !== undefined && 'dir' in node ? node.dir.get(part) : undefined),
    { dir: root },
  );
}

function write(directory: string, tree: Map<string, Node>): void {
  mkdirSync(directory);
  for (const [name, node] of tree) {
    if ('dir' in node) write(join(directory, name), node.dir);
    else if ('link' in node) symlinkSync(node.link, join(directory, name));
    else writeFileSync(join(directory, name), '');
  }
}

const part = fc.oneof({ weight: 4, arbitrary: fc.constantFrom('a', 'b') }, fc.constantFrom('..', '.', ''));
const path = fc
  .tuple(fc.boolean(), fc.array(part, { minLength: 1, maxLength: 6 }))
  .map(([absolute, parts]) => (absolute ? '/' : '') + (parts.join('/') || '.'));
const leaf: fc.Arbitrary<Node> = fc.oneof(fc.record({ link: path }), fc.constant({ file: true as const }));
const tree = directories(3);

/** A directory of a and b, mostly full, so deep: paths shall go through several links and directories. */
function directories(depth: number): fc.Arbitrary<Map<string, Node>> {
  const directory = depth === 0 ? leaf : directories(depth - 1).map((dir): Node => ({ dir }));
  const entry = fc.option(fc.oneof({ weight: 2, arbitrary: directory }, leaf), { freq: 6, nil: undefined });
  return fc
    .tuple(entry, entry)
    .map(
      ([a, b]) =>
        new Map(
          Object.entries({ a, b }).flatMap(([name, node]) => (node === undefined ? [] : [[name, node]])),
        ),
    );
}

test('any path in any tree of links resolves as in the model, and never outside the root', (t) => {
  const base = scratch(t);
  let run = 0;
  fc.assert(
    fc.property(tree, path, (nodes, asked) => {
      run += 1;
      const root = join(base, String(run));
      write(root, nodes);
      let expected: string | undefined;
      try {
        expected = `/${model(nodes, asked).join('/')}`;
      } catch {
        assert.throws(() => resolveInRoot(root, asked), { code: 'invalid' });
        return;
      }
      const resolved = resolveInRoot(root, asked);
      assert.equal(resolved.path, expected);
      assert.ok(resolved.hostPath === root || resolved.hostPath.startsWith(`${root}/`));
      const node = nodeAt(nodes, expected.split('/').filter(Boolean));
      assert.equal(resolved.type, node === undefined ? 'missing' : 'dir' in node ? 'directory' : 'file');
    }),
    { numRuns: 400 },
  );
});

test('absolute links start at the root again, and ".." stops there', (t) => {
  const root = scratch(t);
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/passwd'), '');
  symlinkSync('/etc/passwd', join(root, 'abs'));
  symlinkSync('../../../../../etc/passwd', join(root, 'up'));
  symlinkSync('/etc/passwd', join(root, 'etc/nested'));
  symlinkSync('loop', join(root, 'loop'));
  for (const asked of ['/abs', '/up', '/etc/nested', '/../../etc/passwd', 'etc/./passwd']) {
    assert.deepEqual(
      resolveInRoot(root, asked),
      { hostPath: join(root, 'etc/passwd'), path: '/etc/passwd', type: 'file' },
      asked,
    );
  }
  assert.throws(() => resolveInRoot(root, '/loop'), /too many levels/);
  assert.throws(() => resolveInRoot(root, '/etc/passwd/x'), /not a directory/);
  assert.equal(resolveInRoot(root, '/no/../such/dir').path, '/such/dir');
});
