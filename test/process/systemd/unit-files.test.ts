import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { hasLinks, removeLinks } from '../../../src/systemd/unit-files.ts';

const UNIT = 'berth-a.service';

/** Two of systemd's directories: one with the unit's file and what else units have, one that is not there. */
function directories(t: TestContext): string[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'berth-units-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, UNIT), '');
  for (const beside of [`${UNIT}.d`, 'multi-user.target.wants']) mkdirSync(path.join(folder, beside));
  symlinkSync('/x/berth-ab.service', path.join(folder, 'multi-user.target.wants/berth-ab.service'));
  symlinkSync('/dev/null', path.join(folder, 'berth-masked.service'));
  return [folder, path.join(folder, 'absent')];
}

describe('the links of a unit', () => {
  it('are none where only other units have some', (t) => {
    assert.equal(hasLinks(UNIT, directories(t)), false);
  });

  for (const [what, link] of [
    ['of enable', `multi-user.target.wants/${UNIT}`],
    ['of enable, by another name', 'multi-user.target.wants/other.service'],
    ['by another name', 'other.service'],
  ] as const) {
    it(`are seen ${what}`, (t) => {
      const [folder = '', ...rest] = directories(t);
      symlinkSync(`../${UNIT}`, path.join(folder, link));
      assert.equal(hasLinks(UNIT, [folder, ...rest]), true);
    });
  }

  it('go with removeLinks, and nobody else’s do', (t) => {
    const [folder = '', ...rest] = directories(t);
    const link = path.join(folder, `multi-user.target.wants/${UNIT}`);
    symlinkSync(`/x/${UNIT}`, link);
    assert.equal(removeLinks(UNIT, [folder, ...rest]), true);
    assert.equal(removeLinks(UNIT, [folder, ...rest]), false);
    assert.equal(hasLinks(UNIT, [folder, ...rest]), false);
    assert.equal(existsSync(path.join(folder, UNIT)), true);
    assert.equal(hasLinks('berth-ab.service', [folder, ...rest]), true);
  });
});
