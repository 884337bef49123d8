/*
 * Runs the bundle that argv[2] names, with V8's code cache where there is one: /usr/bin/berth and
 * /usr/libexec/berth/* end here. The bundle sees the argv of `node BUNDLE ARGS…`.
 *
 * A cache belongs to one build of Node (V8 checks) and one bundle (V8 only compares its length, so the name holds
 * the bundle's key). A missing or refused one costs time, nothing else.
 */
'use strict';

const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');

const name = process.argv[2];
const filename = `${__dirname}/${name}.cjs`;
process.argv.splice(1, 2, filename);

// What the launcher took out of Node's own way belongs to the caller's environment all the same.
for (const key of ['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS']) {
  const value = process.env[`BERTH_CALLER_${key}`];
  if (value === undefined) continue;
  process.env[key] = value;
  delete process.env[`BERTH_CALLER_${key}`];
}

const source = readFileSync(filename, 'latin1');
let cachedData;
try {
  cachedData = readFileSync(`/var/cache/berth/${name}-${source.slice(2, 18)}.v8`);
} catch {}
const script = new Script(`(function(exports,require,module,__filename,__dirname){${source}\n})`, {
  filename,
  cachedData,
});
script.runInThisContext().call(module.exports, module.exports, require, module, filename, __dirname);
