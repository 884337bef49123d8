/** YAML as Podman's commands print it. Whole documents are compared with Podman's in test/system/peer. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toYaml } from '../../../src/model/yaml.ts';

const TEXTS: [text: string, yaml: string][] = [
  ['word', 'word'],
  ['two words', 'two words'],
  ['5.4.2', '5.4.2'],
  ['0h 33m 13.00s', '0h 33m 13.00s'],
  ['a:b', 'a:b'],
  ['-x', "'-x'"],
  ['version 1, commit: x', "'version 1, commit: x'"],
  ["it's: so", "'it''s: so'"],
  ['ends:', "'ends:'"],
  ['a #b', "'a #b'"],
  ['@at', "'@at'"],
  ['[x]', "'[x]'"],
  ['', '""'],
  [' ', '" "'],
  ['13', '"13"'],
  ['1_000', '"1_000"'],
  ['-.5e3', '"-.5e3"'],
  ['0x1F', '"0x1F"'],
  ['12:30', '"12:30"'],
  ['.inf', '".inf"'],
  ['2025-01-01', '"2025-01-01"'],
  ['true', '"true"'],
  ['No', '"No"'],
  ['~', '"~"'],
  ['a\tb', '"a\\tb"'],
  ['ends\n', '"ends\\n"'],
  [' led\nby a blank', '" led\\nby a blank"'],
];

describe('YAML', () => {
  for (const [text, yaml] of TEXTS) {
    it(`has the text ${JSON.stringify(text)} as ${yaml}`, () =>
      assert.equal(toYaml({ key: text }), `key: ${yaml}\n`));
  }

  it('has sorted keys, lists as far in as their key, and blocks of lines', () =>
    assert.equal(
      toYaml({
        z: { deep: { text: 'one\n\n two', none: {} }, '1': null },
        a: [1, 'x', ['y'], { k: 2 }, []],
        left: undefined,
        empty: { gone: undefined },
      }),
      `a:
- 1
- x
-
  - "y"
-
  k: 2
- []
empty: {}
z:
  "1": null
  deep:
    none: {}
    text: |-
      one

       two
`,
    ));
});
