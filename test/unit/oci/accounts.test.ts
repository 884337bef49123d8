import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withAccounts, withoutOwnGroup } from '../../../src/oci/accounts.ts';

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n';
const GROUP = 'root:x:0:\napp:x:1000:\n';

interface Case {
  title: string;
  user: string;
  more?: { workdir?: string; passwdEntry?: string; groupEntry?: string };
  hostUsers?: string[];
  passwd?: string;
  group?: string;
}

/** What Podman 5.4 adds, measured; but for the two that say so. */
const CASES: Case[] = [
  { title: 'root', user: '' },
  { title: 'a user of the image', user: 'app' },
  { title: 'its number', user: '1000' },
  {
    title: 'an unknown number',
    user: '4242',
    passwd: '4242:*:4242:0:container user:/:/bin/sh',
    group: '4242:x:4242:4242',
  },
  {
    title: 'one with another directory',
    user: '4242',
    more: { workdir: '/tmp' },
    passwd: '4242:*:4242:0:container user:/tmp:/bin/sh',
    group: '4242:x:4242:4242',
  },
  {
    title: 'one with an unknown group',
    user: '4242:777',
    passwd: '4242:*:4242:777:container user:/:/bin/sh',
    group: '777:x:777:4242',
  },
  {
    title: 'one with a group of the image',
    user: '4242:1000',
    passwd: '4242:*:4242:1000:container user:/:/bin/sh',
  },
  { title: 'a user of the image with an unknown group', user: 'app:777', group: '777:x:777:app' },
  { title: 'an unknown group', user: ':777', group: '777:x:777:' },
  {
    title: 'lines of one’s own',
    user: '4242',
    more: { passwdEntry: 'me:$USERNAME:$UID:$GID:$NAME:$HOME:$SHELL', groupEntry: 'us:x:$GID:' },
    passwd: 'me:4242:4242:0:container user:/:$SHELL',
    group: 'us:x:4242:',
  },
  {
    title: 'names in a group’s own line, which Podman leaves empty',
    user: '4242:777',
    more: { groupEntry: '$GROUPNAME:x:$GID:$USERLIST' },
    passwd: '4242:*:4242:777:container user:/:/bin/sh',
    group: '777:x:777:4242',
  },
  { title: 'a line of one’s own that is not needed', user: '0', more: { passwdEntry: 'x', groupEntry: 'y' } },
  {
    title: 'a user of the host',
    user: '',
    hostUsers: ['daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin', 'root:x:0:0:root:/root:/bin/bash'],
    passwd: 'daemon:*:1:1:daemon:/:/bin/sh',
  },
  {
    title: 'a user of the host that it runs as',
    user: '1',
    hostUsers: ['daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin'],
    passwd: 'daemon:*:1:1:daemon:/:/bin/sh',
    group: '1:x:1:1',
  },
];

describe('accounts that a container lacks', () => {
  for (const { title, user, more, hostUsers = [], passwd, group } of CASES) {
    it(`are added for ${title}, and not a second time`, () => {
      const asked = { user, workdir: '/', ...more };
      const before = { passwd: PASSWD, group: GROUP };
      const after = withAccounts(asked, before, hostUsers);
      assert.deepEqual(after, {
        passwd: passwd === undefined ? PASSWD : `${PASSWD}${passwd}\n`,
        group: group === undefined ? GROUP : `${GROUP}${group}\n`,
      });
      assert.deepEqual(withAccounts(asked, after, hostUsers), after);
    });
  }

  it('end the last line of a file that has no end', () => {
    const { passwd } = withAccounts({ user: '7', workdir: '/' }, { passwd: 'a:x:1:1:::', group: '' }, []);
    assert.equal(passwd, 'a:x:1:1:::\n7:*:7:0:container user:/:/bin/sh\n');
  });

  it('make nobody a member of the group that was added', () => {
    const asked = { user: '4242', workdir: '/' };
    const { group } = withAccounts(asked, { passwd: PASSWD, group: GROUP }, []);
    assert.equal(withoutOwnGroup(asked, group), GROUP);
    assert.equal(withoutOwnGroup({ ...asked, user: 'app' }, GROUP), GROUP);
  });
});
