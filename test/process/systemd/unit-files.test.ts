import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { linksTo } from '../../../src/systemd/unit-files.ts';

const UNIT = 'berth-one.service';

/** A folder with these links, each with where it leads. */
function folderOf(t: TestContext, links: Record<string, string>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'berth-units-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, target] of Object.entries(links)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    symlinkSync(target, path.join(folder, name));
  }
  return folder;
}

describe('the links to a unit', () => {
  it('are those in folders of what wants, requires and upholds, under its own or another name, and its other names', (t) => {
    const links = {
      'multi-user.target.wants/berth-one.service': `/usr/local/lib/systemd/system/${UNIT}`,
      'a.service.requires/berth-one.service': '/nowhere',
      'a.service.upholds/other.service': `../${UNIT}`,
      'alias.service': `/usr/local/lib/systemd/system/${UNIT}`,
    };
    const folder = folderOf(t, links);
    assert.deepEqual(
      linksTo(UNIT, [folder]).sort(),
      Object.keys(links)
        .map((name) => path.join(folder, name))
        .sort(),
    );
  });

  it('are not those of other units, its drop-ins, its mask or its own file', (t) => {
    const folder = folderOf(t, {
      'multi-user.target.wants/berth-other.service': '/usr/local/lib/systemd/system/berth-other.service',
      [`${UNIT}.d/linked.conf`]: `/etc/${UNIT}`,
      [UNIT]: '/dev/null',
      'alias.service': 'berth-other.service',
    });
    const own = folderOf(t, {});
    writeFileSync(path.join(own, UNIT), '[Service]');
    assert.deepEqual(linksTo(UNIT, [folder, own, path.join(own, 'absent')]), []);
  });
});
