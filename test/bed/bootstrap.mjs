/**
 * `npm test`, `npm run demo`, `npm run bench`, `npm run bed`: from a bare checkout on a bare Debian to the
 * point where test/bed/main.ts can take over. Runs on any Node from 18 on, with nothing installed.
 *
 *   node test/bed/bootstrap.mjs WORD [ARGUMENTS]
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Debian packages the host itself needs; everything else lives in the bed. */
const HOST_PACKAGES = ['mmdebstrap', 'systemd-container', 'attr', 'e2fsprogs', 'xz-utils'];

checkHost();
if (!modulesMatchLock()) step('npm packages', installModules);
const missing = missingPackages();
if (missing.length > 0) step(`Debian packages: ${missing.join(' ')}`, () => installPackages(missing));
runMain(process.argv.slice(2));

function checkHost() {
  if (process.platform !== 'linux' || process.arch !== 'x64') refuse('this needs Linux on x86-64');
  if (process.getuid?.() !== 0)
    refuse('this boots a systemd machine in namespaces and needs root; run it with sudo');
  if (!existsSync('/etc/debian_version')) refuse('this needs Debian 12 or 13 (apt, dpkg) as its host');
}

/**
 * Whether node_modules is what package-lock.json asks for. npm keeps its own record of what it has
 * installed (node_modules/.package-lock.json), written last: compare the two.
 */
function modulesMatchLock() {
  const installedFile = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  const same = (path) =>
    wanted[path]?.version === installed[path]?.version &&
    wanted[path]?.integrity === installed[path]?.integrity;
  // Not packaging/usocket: one npm copies it to node_modules, another one links it.
  const ofRegistry = (list) => Object.keys(list).filter((path) => list[path].integrity !== undefined);
  // Optional packages for other platforms are in the lock file only.
  const required = ofRegistry(wanted).filter((path) => !wanted[path].optional);
  return required.every(same) && ofRegistry(installed).every(same);
}

function installModules() {
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  // Two commands at once in one checkout: the second waits, and then finds the work done.
  if (existsSync(join(root, 'node_modules')))
    spawnSync('flock', ['package-lock.json', 'true'], { cwd: root });
  if (modulesMatchLock()) return;
  const ci = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  must(['flock', 'package-lock.json', ...npm, ...ci], process.env);
}

/** Packages of the list that are not installed, and Debian's keyring if it does not know the bed's release. */
function missingPackages() {
  const known = ['gpg', 'pgp'].some((suffix) =>
    existsSync(`/usr/share/keyrings/debian-archive-trixie-stable.${suffix}`),
  );
  const installed = (name) =>
    /^Status: install ok installed$/m.test(run(['dpkg', '--status', name], process.env).output);
  return [...HOST_PACKAGES.filter((name) => !installed(name)), ...(known ? [] : ['debian-archive-keyring'])];
}

function installPackages(names) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const patient = ['apt-get', '-o', 'DPkg::Lock::Timeout=600', '-qq'];
  // One broken source among several fails the update, but maybe not the installation.
  const update = run([...patient, 'update'], env);
  const install = run([...patient, 'install', '--no-install-recommends', '-y', ...names], env);
  if (install.status !== 0)
    refuse(`apt-get could not install ${names.join(' ')}:\n${update.output}${install.output}`);
}

function run(argv, env) {
  const result = spawnSync(argv[0], argv.slice(1), {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  return {
    status: result.status,
    output: `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`,
  };
}

function must(argv, env) {
  const { status, output } = run(argv, env);
  if (status !== 0) refuse(`${argv.join(' ')} failed:\n${output}`);
}

function step(title, work) {
  const started = Date.now();
  work();
  console.log(`· ${title} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

function refuse(text) {
  console.error(`berth: ${text}`);
  process.exit(1);
}

/** Hands over to Node 24 in an environment that does not change what is measured and tested. */
function runMain(args) {
  const keep =
    /^(PATH|HOME|USER|TERM|LANG|CI|COLORTERM|FORCE_COLOR|NO_COLOR|BERTH_\w+|(https?|ftp|no|all)_proxy)$/i;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => keep.test(name)));
  env.PATH = `${join(root, 'node_modules/.bin')}:${env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin'}`;
  const node = join(root, 'node_modules/.bin/node');
  const argv = ['--pdeathsig', 'KILL', '--', node, join(root, 'test/bed/main.ts'), ...args];
  const child = spawn('setpriv', argv, { cwd: root, env, stdio: 'inherit' });
  // A terminal sends Ctrl-C to both; the child cleans up and decides the exit code.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 1));
}
