import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkDefaults } from '../../../src/model/containers-conf.ts';

const file = (text: string, path = '/etc/containers/containers.conf') => ({ path, text });

test('the default network is a bridge called podman, and the last file that says otherwise is right', () => {
  assert.deepEqual(networkDefaults([]), { network: 'bridge', defaultNetwork: 'podman' });
  assert.deepEqual(
    networkDefaults([
      file('[containers]\nnetns = "none"\nlog_size_max = -1\n[network]\ndefault_network = "lan"\n'),
      file('[containers]\nnetns = "host" # for now\n[engine]\nnetns = "none"\n'),
    ]),
    { network: 'host', defaultNetwork: 'lan' },
  );
  assert.equal(networkDefaults([file('[containers]\nnetns = "private"\n')]).network, 'bridge');
});

test('comments and empty lines mean nothing, wherever they are', () => {
  const text = [
    '# netns = "none"',
    '',
    '  # indented',
    '[containers] # a table',
    '#netns = "none"',
    '',
    'volumes = [ # a list',
    '  "a#b",',
    '  # netns = "none"',
    '',
    ']',
    'netns = "host"#at once',
    "# the end, without a line's",
  ].join('\n');
  assert.equal(networkDefaults([file(text)]).network, 'host');
  assert.equal(networkDefaults([file(text.replaceAll('\n', '\r\n'))]).network, 'host');
});

test('a file that is no TOML is named, and the line', () => {
  assert.throws(() => networkDefaults([file('# one\n\n# three\nnetns = ^\n"\n')]), /line 5 is not TOML$/);

  assert.throws(
    () => networkDefaults([file('[containers]\nnetns: none\n', '/etc/x.conf')]),
    /^BerthError: reading config file "\/etc\/x\.conf": /,
  );
});
