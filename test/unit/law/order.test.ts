/** The order of the test files names files that exist, and loses none. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { inOrder, LONG } from '../../bed/order.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');

it('the test files that are said to take long are there', () => {
  assert.deepEqual(
    LONG.filter((file) => !existsSync(path.join(ROOT, file))),
    [],
  );
});

it('test files run by kind, the longest of the slow kinds first, and the rest by name', () => {
  const [longest = '', second = ''] = LONG;
  assert.deepEqual(
    inOrder(['test/system/b.test.ts', second, 'test/process/a.test.ts', longest, 'test/unit/c.test.ts']),
    ['test/unit/c.test.ts', longest, second, 'test/process/a.test.ts', 'test/system/b.test.ts'],
  );
});
