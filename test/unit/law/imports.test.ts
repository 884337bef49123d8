/** The import law: who may use whom. The design's layout, made to fail when it is broken. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

const SRC = path.resolve(import.meta.dirname, '../../../src');

const ADAPTERS = ['sys', 'store', 'runtime', 'storage', 'network', 'systemd'];
const EVERYTHING = ['cli', 'wiring', 'lifecycle', 'unitfile', 'oci', ...ADAPTERS, 'model'];

/** A folder of src/, and the other folders whose files it may import. Down only. */
const MAY_IMPORT: Record<string, string[]> = {
  model: [],
  oci: ['model'],
  unitfile: ['model'],
  sys: ['model'],
  ...Object.fromEntries(ADAPTERS.filter((name) => name !== 'sys').map((name) => [name, ['model', 'sys']])),
  lifecycle: ['model', 'oci', 'unitfile'],
  wiring: ['lifecycle', 'oci', ...ADAPTERS, 'model'],
  cli: ['wiring', 'lifecycle', 'model'],
  entry: EVERYTHING,
};

/** No file system, no clock, no processes, no environment: the same answer for the same arguments. */
const PURE = ['model', 'oci', 'unitfile'];

/** What Node has that is pure: names of paths, what is an IP address, and the numbers of errors and signals. */
const isPureOfNode = (file: SourceFile, module: string): boolean =>
  module === 'node:path' ||
  module === 'node:path/posix' ||
  (module === 'node:net' && /import \{ isIP \} from 'node:net'/.test(file.text)) ||
  (module === 'node:os' && /import \{ constants( as \w+)? \} from 'node:os'/.test(file.text));

/** Packages, each for one place: a second user would be a second way of doing the same. */
const PACKAGES: Record<string, string[]> = {
  store: ['better-sqlite3'],
  systemd: ['dbus-next'],
  sys: ['koffi'],
  storage: ['tar-fs', 'tar-stream', 'proper-lockfile'],
  cli: ['execa', 'yargs'],
};

const MAX_LINES = 350;

interface SourceFile {
  /** Below src/: `store/lock.ts`. */
  name: string;
  folder: string;
  text: string;
  imports: string[];
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name): SourceFile => {
    const text = readFileSync(path.join(SRC, name), 'utf8');
    return { name, folder: name.split(path.sep)[0] ?? '', text, imports: importsOf(text) };
  });

/** Every module that a text names in an import or a re-export, static or not, for values or for types. */
function importsOf(text: string): string[] {
  const code = withoutComments(text);
  return [
    /(?<!-)\bfrom\s*(['"])(.+?)\1/g,
    /^\s*import\s*(['"])(.+?)\1/gm,
    /\b(?:import|require)\(\s*(['"`])(.+?)\1/g,
  ].flatMap((form) => [...code.matchAll(form)].map(([, , module = '']) => module));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** The folder of src/ that a relative import leads to; undefined outside src/ (package.json). */
function targetFolder(file: SourceFile, module: string): string | undefined {
  const target = path.relative(SRC, path.resolve(SRC, path.dirname(file.name), module));
  return target.startsWith('..') ? undefined : target.split(path.sep)[0];
}

/** `FILE imports MODULE` for each import that breaks the rule. */
function offences(isAllowed: (file: SourceFile, module: string) => boolean, among = files): string[] {
  return among.flatMap((file) =>
    file.imports
      .filter((module) => !isAllowed(file, module))
      .map((module) => `src/${file.name} imports ${module}`),
  );
}

const isRelative = (module: string): boolean => module.startsWith('.');
const isNode = (module: string): boolean => module.startsWith('node:');

describe('the import law', () => {
  it('sees every form of an import', () => {
    const text = `
      import a, { type B } from './a.ts';
      import type { C } from "./c.ts";
      import './side-effect.ts';
      export * from './e.ts';
      import {
        f,
      } from 'f';
      const g = await import('./g.ts'); // import('./comment.ts')
      /* from './comment.ts' */`;
    assert.deepEqual(importsOf(text).sort(), [
      './a.ts',
      './c.ts',
      './e.ts',
      './g.ts',
      './side-effect.ts',
      'f',
    ]);
  });

  it('has a rule for every folder of src/', () => {
    const folders = [...new Set(files.map(({ folder }) => folder))];
    assert.deepEqual(
      folders.filter((folder) => MAY_IMPORT[folder] === undefined),
      [],
    );
    assert.ok(files.length > 50, 'the sources were not found');
  });

  it('lets imports point down only, and adapters never at each other', () => {
    assert.deepEqual(
      offences((file, module) => {
        const target = isRelative(module) ? targetFolder(file, module) : undefined;
        return (
          target === undefined || target === file.folder || MAY_IMPORT[file.folder]?.includes(target) === true
        );
      }),
      [],
    );
  });

  it('lets nobody import an entry point', () => {
    assert.deepEqual(
      offences((file, module) => !isRelative(module) || targetFolder(file, module) !== 'entry'),
      [],
    );
  });

  it('keeps the world out of the pure folders: no module of Node’s with effects', () => {
    const pure = files.filter(({ folder }) => PURE.includes(folder));
    assert.deepEqual(
      offences((file, module) => !isNode(module) || isPureOfNode(file, module), pure),
      [],
    );
  });

  it('keeps clock, chance, environment and timers out of the pure folders', () => {
    const IMPURE =
      /(?<![.\w])(process\.(env|argv|cwd|exit|pid|platform|arch|std)|Date\.now|new Date\(\)|Math\.random|performance\.|setTimeout|setInterval|console\.|fetch\(|crypto\.|globalThis)/;
    const impure = files.filter(
      ({ folder, text }) => PURE.includes(folder) && IMPURE.test(withoutComments(text)),
    );
    assert.deepEqual(
      impure.map(({ name }) => name),
      [],
    );
  });

  it('leaves the world to the adapters: lifecycle sees it only through its ports', () => {
    const lifecycle = files.filter(({ folder }) => folder === 'lifecycle');
    assert.deepEqual(
      offences((file, module) => !isNode(module) || isPureOfNode(file, module), lifecycle),
      [],
    );
  });

  it('writes to the standard streams in src/sys/output.ts only, which loses nothing', () => {
    const STREAMS =
      /process\.(stdout|stderr)\.write|process\[|\.pipe\(process\.|pipeline\([^;]*process\.std|(?<![.\w])console\./;
    const others = files.filter(({ text }) => STREAMS.test(withoutComments(text)));
    assert.deepEqual(
      others.map(({ name }) => name),
      [],
    );
  });

  it('gives each package one folder that may import it', () => {
    assert.deepEqual(
      offences((file, module) => {
        if (isRelative(module) || isNode(module)) return true;
        const name = module
          .split('/')
          .slice(0, module.startsWith('@') ? 2 : 1)
          .join('/');
        return PACKAGES[file.folder]?.includes(name) === true;
      }),
      [],
    );
  });

  it('names Node’s own modules as such', () => {
    const bare = /^(fs|path|os|child_process|crypto|events|net|stream|util|zlib|v8)(\/|$)/;
    assert.deepEqual(
      offences((_, module) => !bare.test(module)),
      [],
    );
  });

  it(`lets no file grow beyond ${MAX_LINES} lines`, () => {
    const long = files.filter(({ text }) => text.split('\n').length - 1 > MAX_LINES);
    assert.deepEqual(
      long.map(({ name }) => name),
      [],
    );
  });
});
