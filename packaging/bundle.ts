/**
 * How a source file becomes one file that starts quickly: the esbuild options, and what is replaced on the way.
 *
 * Everything here only changes *when* code of a package is evaluated, never what it answers.
 */
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, Plugin, PluginBuild } from 'esbuild';

/** Native addons: file in node_modules → name below addons/. */
export const ADDONS: Record<string, string> = {
  'better-sqlite3/prebuilds/linux-x64.node': 'better-sqlite3.node',
  '@koromix/koffi-linux-x64/linux_x64/koffi.node': 'koffi.node',
};

/**
 * Options for one entry point, written as CommonJS: Bun makes bytecode of that kind only with names that it can require.
 * @param replaced source files that others stand in for: absolute path → absolute path
 */
export function bundleOptions(
  entry: string,
  outfile: string,
  replaced: Readonly<Record<string, string>> = {},
): BuildOptions {
  return {
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'esnext',
    // Names stay: what a stack trace says is then what the source says, without a map.
    minifyWhitespace: true,
    minifySyntax: true,
    // What an exception shows of the line where it was born: not all 200 kB of it, please.
    lineLimit: 160,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
    // Text of one byte a character is cheaper to read and to hash.
    charset: 'ascii',
    // An optional peer of dbus-next, asked for only when DISPLAY is the last way left to find a session bus.
    external: ['x11'],
    // Bun would write in where the bundle lay when its bytecode was made.
    define: {
      __filename: '__file',
      __dirname: '__directory',
      'import.meta.url': '__url',
      'import.meta.filename': '__file',
      'import.meta.dirname': '__directory',
    },
    banner: {
      js: 'const __file=process.execPath,__directory=__file.slice(0,__file.lastIndexOf("/")),__url="file://"+__file;',
    },
    plugins: [nativeAddons(), deferred(), lateBuiltins(), standIns(replaced)],
  };
}

/**
 * Addons are loaded from addons/ beside the bundle. The packages' own loaders look around in the file
 * system for a build that fits this machine (better-sqlite3 reads /proc/self/maps); the package is built for one.
 */
function nativeAddons(): Plugin {
  return {
    name: 'native-addons',
    setup(build) {
      redirect(build, /^better-sqlite3$/, 'better-sqlite3/linux-x64');
      // Not used, and the only one of its methods that loads node:util.
      build.onResolve({ filter: /^\.\/methods\/backup$/ }, ({ path }) => ({ path, namespace: 'absent' }));
      build.onResolve({ filter: /\.node$/ }, ({ path }) => ({ path, namespace: 'addon' }));
      build.onResolve({ filter: /^koffi$/ }, () => ({ path: 'koffi.node', namespace: 'addon' }));
      build.onLoad({ filter: /.*/, namespace: 'addon' }, ({ path }) => {
        const name = Object.entries(ADDONS).find(([file]) =>
          file.endsWith(path.replace(/^(\.\.?\/)+/, '/')),
        )?.[1];
        if (name === undefined)
          throw new Error(`no place for the addon ${path}: add it to ADDONS in packaging/bundle.ts`);
        const load = `require(__dirname + '/addons/${name}')`;
        return { contents: name === 'koffi.node' ? late(load) : `module.exports = ${load};`, loader: 'js' };
      });
    },
  };
}

/**
 * Packages that cost much when loaded and are then hardly used: a shim of the same face stands before them and
 * loads the real one on first need. One copy serves all, also where a package brought its own older one.
 */
function deferred(): Plugin {
  const shims: Record<string, string> = {
    'string-width': shim('string-width'),
    xml2js: shim('xml2js'),
    jsbi: shim('jsbi'),
    long: shim('long'),
    usocket: shim('usocket'),
  };
  return {
    name: 'deferred',
    setup(build) {
      build.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: '' }));
      build.onResolve({ filter: /^(string-width|xml2js|jsbi|long|usocket)$/ }, ({ path, importer }) =>
        Object.values(shims).includes(importer) ? undefined : { path: shims[path] ?? path },
      );
    },
  };
}

/** Modules of the runtime that cost a millisecond or more each, and of which a command uses one or two. */
const LATE =
  /^(?:node:)?(child_process|crypto|dgram|events|fs\/promises|net|os|readline|stream|stream\/promises|string_decoder|timers\/promises|tty|util|zlib)$/;

/** What these export is a class, which packages may extend; Berth's own files import by name. */
const CLASSES = /^(?:node:)?(events|stream)$/;

function lateBuiltins(): Plugin {
  return {
    name: 'late-builtins',
    setup(build) {
      build.onResolve({ filter: LATE }, ({ path, namespace, importer }) =>
        namespace === 'late' || (CLASSES.test(path) && importer.includes('/node_modules/'))
          ? undefined
          : { path: path.replace(/^(node:)?/, 'node:'), namespace: 'late' },
      );
      build.onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => ({
        contents: late(`require(${JSON.stringify(path)})`),
        loader: 'js',
      }));
    },
  };
}

/**
 * A module that loads the real one when something in it is used. What it exports has for its prototype a proxy: esbuild's copy
 * of a module's own properties finds none, and looks for each where it is used.
 */
function late(load: string): string {
  return `
    let real;
    module.exports = Object.create(new Proxy({}, {
      get: (_, name) => (real ??= ${load})[name],
      has: (_, name) => name in (real ??= ${load}),
    }));`;
}

function shim(name: string): string {
  return fileURLToPath(new URL(`shims/${name}.cjs`, import.meta.url));
}

function standIns(replaced: Readonly<Record<string, string>>): Plugin {
  return {
    name: 'stand-ins',
    setup(build) {
      for (const [file, other] of Object.entries(replaced)) {
        const suffix = `/${basename(file)}`.replaceAll('.', '\\.');
        build.onResolve({ filter: new RegExp(`${suffix}$`) }, ({ path, resolveDir }) =>
          resolve(resolveDir, path) === file ? { path: other } : undefined,
        );
      }
    },
  };
}

/** Resolves `from` as if it had been written `to`, optionally only in files whose folder matches. */
function redirect(build: PluginBuild, from: RegExp, to: string, within = /.*/): void {
  build.onResolve({ filter: from }, ({ kind, resolveDir, importer }) =>
    within.test(resolveDir) ? build.resolve(to, { kind, resolveDir, importer }) : undefined,
  );
}

/** The packages below node_modules that paths (a metafile's inputs, relative to `base`) belong to, sorted. */
export function packagesOf(
  paths: Iterable<string>,
  base: string,
): { name: string; version: string; folder: string }[] {
  const folders = new Set<string>();
  for (const path of paths) {
    const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
    if (folder !== undefined) folders.add(join(base, folder));
  }
  return [...folders].sort().map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
      string,
      string
    >;
    return { name: name ?? folder, version: version ?? '', folder };
  });
}
