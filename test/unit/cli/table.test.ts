import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { table } from '../../../src/cli/table.ts';

describe('table', () => {
  it('makes columns as wide as their widest cell and at least 12 wide; the last has no width', () => {
    assert.equal(
      table(
        ['ID', 'IMAGE', 'NAME'],
        [
          ['1', 'localhost/busybox', 'a'],
          ['2345', '', ''],
        ],
      ),
      'ID          IMAGE              NAME\n1           localhost/busybox  a\n2345                           \n',
    );
  });

  it('can do without the heading, and without rows', () => {
    assert.equal(table(['LONG HEADING', 'B'], [['1', 'b']], { noHeading: true }), '1           b\n');
    assert.equal(table(['A', 'B'], []), 'A           B\n');
    assert.equal(table(['A', 'B'], [], { noHeading: true }), '');
  });
});
