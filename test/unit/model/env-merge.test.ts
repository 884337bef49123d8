import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mergeIntoEnv } from '../../../src/model/env-merge.ts';

const IMAGE = ['GREETING=hello', 'EMPTY='];

/** What an entry alone becomes. */
function merged(entry: string): string | undefined {
  return mergeIntoEnv(IMAGE, [entry], ['PATH=/bin']).at(-1);
}

describe('mergeIntoEnv', () => {
  // As Podman 5.4 says of the same entries.
  const CASES: [entry: string, made: string][] = [
    ['A="$GREETING x"', 'A=hello x'],
    ["A='$GREETING'", 'A=$GREETING'],
    [String.raw`A=\$GREETING`, 'A=$GREETING'],
    [String.raw`A=a\b"\$\x"`, String.raw`A=ab$\x`],
    ['A=$GREETINGx', 'A='],
    [`A=\${GREETING}x`, 'A=hellox'],
    [`A=\${NOSUCH:-d e}`, 'A=d e'],
    [`A=\${EMPTY:-d}`, 'A=d'],
    [`A=\${NOSUCH:-\${GREETING}}`, 'A=hello'],
    [`A=\${GREETING:-d}`, 'A=hello'],
    [`A=\${GREETING:+y}\${NOSUCH:+z}`, 'A=y'],
    ['A=$', 'A=$'],
    ['A=$$-$@', 'A=$$-$@'],
    ['A=a$1b', 'A=ab'],
    [`A=\${}\${1}`, 'A='],
    ['A=x=y  ', 'A=x=y  '],
    ['A=$GREETING $PATH', 'A=hello /bin'],
    ['$GREETING=v', 'hello=v'],
    ['A=\\', 'A=\\'],
  ];
  for (const [entry, made] of CASES) it(`makes ${made} of ${entry}`, () => assert.equal(merged(entry), made));

  it('lets an entry use what the ones before it have set', () => {
    const list = mergeIntoEnv(IMAGE, ['GREETING=$GREETING!', 'GREETING=$GREETING?'], []);
    assert.equal(list.at(-1), 'GREETING=hello!?');
  });

  const REFUSED: [entry: string, why: string][] = [
    ['A="x', 'unexpected end of statement while looking for matching double-quote'],
    ["A=it's", 'unexpected end of statement while looking for matching single-quote'],
    [`A=\${B`, `Missing ':' or '#' or '%' or '/' in substitution: A=\${B`],
    [`A=\${B-d}`, `Missing ':' or '#' or '%' or '/' in substitution: A=\${B-d}`],
    [`A=\${B:x}`, `Unsupported modifier (x) in substitution: A=\${B:x}`],
    [`A=\${B:-x`, `the substitution has no end: A=\${B:-x`],
  ];
  for (const [entry, why] of REFUSED) {
    it(`refuses ${entry}`, () =>
      assert.throws(() => merged(entry), {
        name: 'BerthError',
        message: `unable to process variables for --env-merge ${entry}: ${why}`,
      }));
  }
});
