/*
 * Writes the code caches that launch.cjs uses: `node codecache.cjs DIRECTORY` replaces all caches in DIRECTORY by one
 * for each bundle beside this file. Run by postinst, where this Node and these bundles are the final ones; V8's caches
 * differ from run to run, so a reproducible package cannot carry them.
 *
 * What a unit runs is compiled as a whole and never executed here. The command line is large and each call of it uses
 * little, so that loading a whole cache takes longer (about 13 of 90 ms) than compiling the rest of one that holds only what
 * `--help` has called.
 */
'use strict';

const { spawnSync } = require('node:child_process');
const { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

const TRAINED = ['berth', 'berth-create'];

const [directory, trainee] = process.argv.slice(2);
if (trainee === undefined) writeAll();
else train(trainee);

function writeAll() {
  mkdirSync(directory, { recursive: true });
  for (const file of readdirSync(directory)) rmSync(`${directory}/${file}`, { recursive: true });
  for (const file of readdirSync(__dirname)) {
    const name = /^(berth.*)\.cjs$/.exec(file)?.[1];
    if (name === undefined) continue;
    write(bundle(name), compileWhole(bundle(name)));
    // Replaces the one just written; where it fails, that one stays.
    if (TRAINED.includes(name)) {
      spawnSync(process.execPath, [__filename, directory, name], {
        env: {},
        stdio: 'ignore',
        timeout: 30_000,
      });
    }
  }
}

/** Runs `NAME --help` and keeps what V8 has compiled when it exits. */
function train(name) {
  const it = bundle(name);
  process.argv.splice(1, 3, it.filename, '--help');
  const script = new Script(it.source, { filename: it.filename });
  process.on('exit', () => write(it, script.createCachedData()));
  script.runInThisContext().call(module.exports, module.exports, require, module, it.filename, __dirname);
}

/** The compiled form of a bundle, also of functions that have not been called. */
function compileWhole({ source, filename }) {
  setFlagsFromString('--no-lazy');
  const script = new Script(source, { filename });
  // V8 puts a hash of its flags into the cache: they must be the launcher's again.
  setFlagsFromString('--lazy');
  return script.createCachedData();
}

function write({ source, filename, cache }, cachedData) {
  const { cachedDataRejected } = new Script(source, { filename, cachedData });
  if (cachedDataRejected) throw new Error(`V8 refuses its own cache of ${filename}`);
  writeFileSync(`${directory}/${cache}.new`, cachedData);
  renameSync(`${directory}/${cache}.new`, `${directory}/${cache}`);
}

function bundle(name) {
  const filename = `${__dirname}/${name}.cjs`;
  const text = readFileSync(filename, 'latin1');
  return {
    filename,
    source: `(function(exports,require,module,__filename,__dirname){${text}\n})`,
    cache: `${name}-${text.slice(2, 18)}.v8`,
  };
}
