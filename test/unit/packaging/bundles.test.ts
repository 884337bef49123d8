/** What each entry point's bundle may contain: start-up time is decided here. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Metafile } from 'esbuild';
import { type BuildResult, build, root } from '../../../packaging/build.ts';
import { packagesOf } from '../../../packaging/bundle.ts';

/**
 * Packages that an entry point may load before its first line runs, with all that they in turn depend on. What is
 * reached only through `import()` costs nothing until then.
 */
const LOADED: Record<string, string[]> = {
  berth: ['yargs'],
  'berth-attach': ['koffi'],
  'berth-condition': ['better-sqlite3', 'koffi'],
  'berth-start': ['better-sqlite3', 'koffi'],
  'berth-stop': ['better-sqlite3', 'koffi'],
  'berth-cleanup': ['better-sqlite3', 'dbus-next', 'koffi'],
  'berth-healthcheck': ['better-sqlite3', 'dbus-next', 'koffi'],
};

/** Packages that a bundle may not contain at all: there is no way in which that entry point could need them. */
const ABSENT: Record<string, string[]> = {
  'berth-attach': ['yargs', 'execa', 'tar-fs', 'dbus-next', 'better-sqlite3'],
  'berth-condition': ['yargs', 'execa', 'tar-fs', 'tar-stream'],
  'berth-start': ['yargs', 'execa', 'tar-fs'],
  'berth-stop': ['yargs', 'execa', 'tar-fs', 'tar-stream', 'dbus-next'],
  'berth-cleanup': ['yargs', 'execa', 'tar-fs'],
  'berth-healthcheck': ['yargs', 'execa', 'tar-fs', 'tar-stream'],
};

/** In kB, a tenth above what they are: what a bundle gains beyond that is worth a look, and its reason a line in the commit. */
const BUDGET: Record<string, number> = {
  berth: 1960,
  'berth-attach': 7,
  'berth-cleanup': 550,
  'berth-condition': 400,
  'berth-healthcheck': 450,
  'berth-start': 625,
  'berth-stop': 235,
};

/** Modules of the runtime that take a millisecond or more to load. */
const COSTLY = [
  'child_process',
  'crypto',
  'dgram',
  'net',
  'readline',
  'stream/promises',
  'tty',
  'util',
  'zlib',
];

describe('bundles', () => {
  let out: string;
  let result: BuildResult;

  before(async () => {
    out = await mkdtemp(join(tmpdir(), 'berth-bundles-'));
    result = await build({ out });
  });

  after(() => rm(out, { recursive: true, force: true }));

  for (const [entry, allowed] of Object.entries(LOADED)) {
    it(`${entry} loads at its start no package beyond ${allowed.join(', ')}`, async () => {
      const within = new Set<string>();
      for (const name of allowed) await addDependencies(name, within);
      const loaded = packagesOf(loadedAtStart(metafileOf(entry)), root).map(({ name }) => name);
      assert.deepEqual(
        loaded.filter((name) => !within.has(name)),
        [],
      );
    });
  }

  for (const [entry, absent] of Object.entries(ABSENT)) {
    it(`${entry} contains no ${absent.join(', ')}`, () => {
      const contained = packagesOf(Object.keys(metafileOf(entry).inputs), root).map(({ name }) => name);
      assert.deepEqual(
        contained.filter((name) => absent.includes(name)),
        [],
      );
    });
  }

  function metafileOf(entry: string): Metafile {
    return result.metafiles[entry] ?? assert.fail(`there is no src/entry/${entry}.ts`);
  }

  it('contain no second copy of string-width, which is loaded only for text beyond ASCII', () => {
    const inputs = Object.keys(result.metafiles.berth?.inputs ?? {});
    const copies = packagesOf(inputs, root).filter(({ name }) => name === 'string-width');
    assert.ok(copies.length <= 1, `${copies.map(({ folder }) => folder)}`);
  });

  it('ask at run time for nothing but modules of Node’s names and the addons beside them', async () => {
    for (const [entry, { outputs }] of Object.entries(result.metafiles)) {
      const imports = Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
      const foreign = imports.filter((path) => !isBuiltin(path) && path !== 'x11');
      assert.deepEqual(foreign, [], entry);
      for (const [, addon] of (result.bundles[entry] ?? '').matchAll(/__directory\+"(\/addons\/[^"]+)"/g)) {
        assert.ok(existsSync(join(result.lib, addon ?? '')), `${entry} loads ${addon}`);
      }
    }
  });

  it('stay within their budget of bytes', () => {
    for (const [entry, { outputs }] of Object.entries(result.metafiles)) {
      const [{ bytes } = { bytes: Number.NaN }] = Object.values(outputs);
      const most = (BUDGET[entry] ?? assert.fail(`${entry} has no budget`)) * 1000;
      assert.ok(bytes <= most, `${entry} has ${bytes} bytes, its budget is ${most}`);
    }
  });

  it('leave the costly modules of the runtime until one is used', () => {
    for (const [entry, text] of Object.entries(result.bundles)) {
      const early = [...text.matchAll(/(?<!real\s*\?\?=\s*)\brequire\("(?:node:)?([^"]+)"\)/g)];
      // What waits for its first use is asked for in those words: where that is no longer so, nothing is seen here.
      assert.ok(entry === 'berth-attach' || /real\s*\?\?=\s*require\("node:/.test(text), entry);
      assert.deepEqual(
        early.map(([, name = '']) => name).filter((name) => COSTLY.includes(name)),
        [],
        entry,
      );
    }
  });

  it('have no trace of the points where a test build is cut', async () => {
    const cuts = await build({ out: join(out, 'cuts'), testCuts: true });
    assert.ok(!(await readFile(join(result.lib, 'berth'))).includes('berth-cuts'));
    // That the search would find it.
    assert.ok((await readFile(join(cuts.lib, 'berth'))).includes('berth-cuts'));
  });

  it('are plain ASCII and know nothing of where they were built', async () => {
    const program = await readFile(join(result.lib, 'berth'));
    const bundles = program.subarray(program.indexOf('const __directory='));
    for (const folder of [out, root]) assert.ok(!bundles.includes(folder), `the program names ${folder}`);
    for (const entry of Object.keys(result.metafiles)) {
      const text = result.bundles[entry] ?? assert.fail(entry);
      assert.match(text, /^\p{ASCII}*$/u, entry);
    }
  });
});

/** The inputs that are evaluated, or may be, without any `import()`. */
function loadedAtStart({ inputs, outputs }: Metafile): Set<string> {
  const found = new Set<string>();
  const visit = (path: string): void => {
    if (found.has(path)) return;
    found.add(path);
    for (const { path: next, kind, external } of inputs[path]?.imports ?? []) {
      if (kind !== 'dynamic-import' && external !== true) visit(next);
    }
  };
  visit(
    Object.values(outputs).find(({ entryPoint }) => entryPoint !== undefined)?.entryPoint ??
      assert.fail('no entry point'),
  );
  return found;
}

function isBuiltin(path: string): boolean {
  return process.getBuiltinModule(path.replace(/^node:/, '')) !== undefined;
}

/** Adds a package and, from the package.json files of node_modules, all it needs. */
async function addDependencies(name: string, into: Set<string>): Promise<void> {
  const file = join(root, 'node_modules', name, 'package.json');
  if (into.has(name) || !existsSync(file)) return;
  into.add(name);
  const { dependencies = {} } = JSON.parse(await readFile(file, 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  for (const dependency of Object.keys(dependencies)) await addDependencies(dependency, into);
}
