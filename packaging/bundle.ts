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
  'node-unix-socket-linux-x64-gnu/node-unix-socket.linux-x64-gnu.node': 'node-unix-socket.node',
};

/** Sixteen characters that stampKey replaces by the hash of the bundle. */
export const KEY_PLACEHOLDER = '0000000000000000';

/**
 * Options for one entry point, written as CommonJS: an ESM bundle cannot use a code cache.
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
    target: 'node24',
    minify: true,
    // Node prints the line in which an exception was born: not all 200 kB of it, please.
    lineLimit: 160,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
    // The launcher reads the file as latin1, which is cheaper to decode and to compile than UTF-8.
    charset: 'ascii',
    // An optional peer of dbus-next, asked for only when DISPLAY is the last way left to find a session bus.
    external: ['x11'],
    define: {
      'import.meta.url': '__bundleUrl',
      'import.meta.filename': '__filename',
      'import.meta.dirname': '__dirname',
    },
    // The first characters are the key of the code cache: see runtime/launch.cjs.
    banner: { js: `/*${KEY_PLACEHOLDER}*/const __bundleUrl="file://"+__filename;` },
    plugins: [nativeAddons(), deferred(), standIns(replaced)],
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
      redirect(build, /^\.\/addon$/, 'node-unix-socket-linux-x64-gnu', /node-unix-socket[/\\]js/);
      build.onResolve({ filter: /\.node$/ }, ({ path }) => ({ path, namespace: 'addon' }));
      build.onResolve({ filter: /^node-unix-socket-linux-x64-gnu$/ }, () => ({
        path: 'node-unix-socket.linux-x64-gnu.node',
        namespace: 'addon',
      }));
      build.onLoad({ filter: /.*/, namespace: 'addon' }, ({ path }) => {
        const name = Object.entries(ADDONS).find(([file]) =>
          file.endsWith(path.replace(/^(\.\.?\/)+/, '/')),
        )?.[1];
        if (name === undefined)
          throw new Error(`no place for the addon ${path}: add it to ADDONS in packaging/bundle.ts`);
        return { contents: `module.exports = require(__dirname + '/addons/${name}');`, loader: 'js' };
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
  };
  return {
    name: 'deferred',
    setup(build) {
      // The addon for passing file descriptors, which does not build any more: dbus-next falls back to node:net.
      build.onResolve({ filter: /^usocket$/ }, ({ path }) => ({ path, namespace: 'absent' }));
      build.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: '' }));
      build.onResolve({ filter: /^(string-width|xml2js|jsbi)$/ }, ({ path, importer }) =>
        Object.values(shims).includes(importer) ? undefined : { path: shims[path] ?? path },
      );
    },
  };
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
