/** The package itself: its control data, its files, and that it is the same for the same inputs. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { root } from '../../../packaging/build.ts';
import { buildDeb, type Deb } from '../../../packaging/deb.ts';
import { controlFile, packageVersion } from '../../../packaging/stage.ts';

describe('control file', () => {
  it('has the fields of a binary package, each once, in one paragraph', async () => {
    const text = await controlFile('1.2.3-4', 5_000_000);
    const names = [...text.matchAll(/^([A-Z][\w-]*): .*\S$/gm)].map(([, name]) => name);
    assert.deepEqual(names, [...new Set(names)]);
    for (const name of ['Package', 'Version', 'Architecture', 'Maintainer', 'Depends', 'Description']) {
      assert.ok(names.includes(name), name);
    }
    assert.match(text, /^Version: 1\.2\.3-4$/m);
    assert.match(text, /^Installed-Size: 4883$/m);
    assert.ok(!text.includes('\n\n') && text.endsWith('\n'));
  });

  it('names every program that Berth calls and that a minimal system lacks', async () => {
    const depends = /^Depends: (.*)$/m.exec(await controlFile('1-1', 0))?.[1]?.split(', ') ?? [];
    const names = depends.map((one) => one.replaceAll(/ \([^)]*\)/g, ''));
    for (const name of [
      'attr',
      'conmon',
      'crun | runc',
      'dbus',
      'golang-github-containers-common',
      'mount',
      'systemd',
    ]) {
      assert.ok(names.includes(name), name);
    }
    assert.ok(depends.includes('systemd (>= 252)'));
  });

  it('carries the version of package.json', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    assert.equal((await packageVersion()).replace(/-\d+$/, ''), version);
  });

  it('belongs to maintainer scripts that are valid shell and set -e', async () => {
    for (const script of ['postinst', 'prerm', 'postrm']) {
      const path = join(root, 'packaging/debian', script);
      execFileSync('sh', ['-n', path]);
      assert.match(await readFile(path, 'utf8'), /^#!\/bin\/sh\nset -e\n/);
    }
  });
});

describe('package', () => {
  let out: string;
  let deb: Deb;

  before(async () => {
    out = await mkdtemp(join(tmpdir(), 'berth-deb-'));
    deb = await buildDeb({ out });
  });

  after(() => rm(out, { recursive: true, force: true }));

  it('is the same, byte for byte, when it is built again', async () => {
    const first = await readFile(deb.path);
    await buildDeb({ out, force: true });
    assert.ok(first.equals(await readFile(deb.path)));
  });

  it('is not built again when nothing has changed, and is when it is gone', async () => {
    const { mtimeMs } = await stat(deb.path);
    assert.deepEqual(await buildDeb({ out }), deb);
    assert.equal((await stat(deb.path)).mtimeMs, mtimeMs);
    await rm(deb.path);
    await buildDeb({ out });
    assert.ok((await stat(deb.path)).size > 1_000_000);
  });

  it('gives all to root, writable by nobody else, and nothing outside of its places', () => {
    const lines = execFileSync('dpkg-deb', ['--contents', deb.path], { encoding: 'utf8' }).trim().split('\n');
    for (const line of lines) {
      assert.match(line, /^(drwxr-xr-x|-rwxr-xr-x|-rw-r--r--|lrwxrwxrwx) root\/root /);
      assert.match(line, / \.\/(usr\/((bin|lib|libexec|share)\/.*)?)?$/);
    }
    for (const file of [
      'usr/bin/berth',
      'usr/lib/berth/berth',
      'usr/lib/berth/addons/koffi.node',
      'usr/share/man/man1/berth.1.gz',
    ]) {
      assert.ok(
        lines.some((line) => line.startsWith('-') && line.endsWith(` ./${file}`)),
        file,
      );
    }
  });

  it('has a right checksum for every file', async () => {
    const tree = join(out, 'unpacked');
    execFileSync('dpkg-deb', ['--raw-extract', deb.path, tree]);
    const sums = await readFile(join(tree, 'DEBIAN/md5sums'), 'utf8');
    const files = execFileSync('find', ['usr', '-type', 'f'], { cwd: tree, encoding: 'utf8' })
      .trim()
      .split('\n');
    const listed = sums
      .trim()
      .split('\n')
      .map((line) => line.slice(34));
    assert.deepEqual(listed.toSorted(), files.toSorted());
    execFileSync('md5sum', ['--check', '--quiet', '--strict', 'DEBIAN/md5sums'], { cwd: tree });
  });

  it('runs with the Bun that it brings', () => {
    const program = join(out, 'unpacked/usr/lib/berth/berth');
    const text = execFileSync(program, ['berth', 'version', '--format', '{{.Client.Bun}}'], {
      encoding: 'utf8',
      env: {},
    });
    assert.equal(text.trim(), packageVersionOf('@oven/bun-linux-x64-baseline'));
  });
});

function packageVersionOf(name: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
