import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { lookupUser } from '../../../src/oci/user.ts';

const PASSWD = `# comment
root:x:0:0:root:/root:/bin/sh
broken:x:zero:0::/broken:/bin/sh
short
nobody:x:65534:65534:nobody:/nonexistent:/bin/sh
app:x:1000:1000:App:/home/app:/bin/sh
4242:x:1001:1001::/home/digits:/bin/sh
homeless:x:1002:1002:::
`;
const GROUP = `root:x:0:
nogroup:x:65534:
app:x:1000:
extra:x:2000:app,nobody
extra2:x:2001:app
broken:x:none:app
rooty:x:2002:root
`;

describe('lookupUser', () => {
  // As Podman 5.4 answered for the same files, `id -u; id -g; id -G; echo $HOME`.
  for (const [spec, uid, gid, additionalGids, home] of [
    ['', 0, 0, [0, 2002], '/root'],
    ['root', 0, 0, [0, 2002], '/root'],
    ['0', 0, 0, [0, 2002], '/root'],
    ['0:0', 0, 0, [0], '/root'],
    [':', 0, 0, [0], '/root'],
    [':1000', 0, 1000, [1000], '/root'],
    ['app', 1000, 1000, [1000, 2000, 2001], '/home/app'],
    ['1000', 1000, 1000, [1000, 2000, 2001], '/home/app'],
    ['01000', 1000, 1000, [1000, 2000, 2001], '/home/app'],
    ['app:', 1000, 1000, [1000], '/home/app'],
    ['app:extra', 1000, 2000, [2000], '/home/app'],
    ['app:3000', 1000, 3000, [3000], '/home/app'],
    ['1000:extra', 1000, 2000, [2000], '/home/app'],
    ['5000', 5000, 0, [0], '/'],
    ['5000:5000', 5000, 5000, [5000], '/'],
    ['5000:extra', 5000, 2000, [2000], '/'],
    ['nobody', 65534, 65534, [65534, 2000], '/nonexistent'],
  ] as const) {
    it(`resolves "${spec}" to ${uid}:${gid} with groups ${additionalGids}`, () => {
      const { name: _, ...user } = lookupUser(spec, PASSWD, GROUP);
      assert.deepEqual(user, { uid, gid, additionalGids: [...additionalGids], home });
    });
  }

  for (const [spec, text] of [
    ['nosuch', 'unable to find user nosuch: no matching entries in passwd file'],
    ['nosuch:1000', 'unable to find user nosuch: no matching entries in passwd file'],
    ['app:nope', 'unable to find group nope: no matching entries in group file'],
    ['-1', 'uids and gids must be in range 0-2147483647'],
    ['4294967296', 'uids and gids must be in range 0-2147483647'],
    ['0:2147483648', 'uids and gids must be in range 0-2147483647'],
  ] as const) {
    it(`refuses "${spec}" as Podman does`, () => {
      assert.throws(() => lookupUser(spec, PASSWD, GROUP), { message: text, code: 'invalid', exitCode: 126 });
    });
  }

  it('takes digits for a number even where a user has them as name', () => {
    assert.deepEqual(lookupUser('4242', PASSWD, GROUP), {
      uid: 4242,
      gid: 0,
      additionalGids: [0],
      home: '/',
      name: '',
    });
  });

  it('works without the files when a number is given, and not with a name', () => {
    assert.equal(lookupUser('7:8', '', '').gid, 8);
    assert.equal(lookupUser('', '', '').uid, 0);
    assert.throws(() => lookupUser('root', '', ''), /unable to find user root/);
  });

  it('does not take a line with a broken id for root', () => {
    assert.throws(() => lookupUser('broken', PASSWD, GROUP), /unable to find user broken/);
    assert.deepEqual(lookupUser('app', PASSWD, GROUP).additionalGids.includes(0), false);
  });

  it('uses / where the entry names no home', () => {
    assert.equal(lookupUser('homeless', PASSWD, GROUP).home, '/');
  });

  it('adds groups by name and number, each once', () => {
    const { additionalGids } = lookupUser('app', PASSWD, GROUP, { groupAdd: ['77', 'extra', '77'] });
    assert.deepEqual(additionalGids, [1000, 77, 2000, 2001]);
    assert.throws(
      () => lookupUser('app', PASSWD, GROUP, { groupAdd: ['nope'] }),
      /unable to find group nope: no matching entries in group file/,
    );
  });

  it('reads files with CRLF line ends', () => {
    const crlf = (text: string): string => text.replaceAll('\n', '\r\n');
    assert.deepEqual(lookupUser('app', crlf(PASSWD), crlf(GROUP)), lookupUser('app', PASSWD, GROUP));
  });

  it('never makes root of anything but 0, an empty user or an entry that says so', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'grapheme' }), fc.string(), (spec, passwd, group) => {
        let uid: number;
        try {
          uid = lookupUser(spec, passwd, group).uid;
        } catch (thrown) {
          assert.equal((thrown as Error).name, 'BerthError');
          return;
        }
        const user = spec.split(':', 1)[0] ?? '';
        if (uid === 0 && !/^[+-]?0*$/.test(user)) {
          assert.match(passwd, /:0+:/);
        }
      }),
      { numRuns: 500 },
    );
  });
});
