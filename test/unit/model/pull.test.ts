/** Which places and names a pull may mean, and what registries.conf says of short names. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  isShortName,
  localNames,
  parsePlace,
  pullCandidates,
  registryName,
  repositoryOf,
} from '../../../src/model/image/pull.ts';
import { type ShortNames, shortNamesOf } from '../../../src/model/image/registries-conf.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const MAIN = '/etc/containers/registries.conf';

const conf = (...texts: string[]): ShortNames =>
  shortNamesOf(
    texts.map((text, index) => ({ path: index === 0 ? MAIN : `${MAIN}.d/${index}.conf`, text })),
    MAIN,
  );

describe('the place of an image', () => {
  const PLACES: [text: string, place: object][] = [
    ['busybox', { transport: 'docker', name: 'busybox' }],
    ['docker:27', { transport: 'docker', name: 'docker:27' }],
    ['docker://busybox', { transport: 'docker', name: 'docker.io/library/busybox:latest' }],
    ['docker://localhost:5000/a', { transport: 'docker', name: 'localhost:5000/a' }],
    ['docker-archive:/a.tar', { transport: 'docker-archive', path: '/a.tar', reference: '' }],
    ['docker-archive:/a.tar:x/y:1', { transport: 'docker-archive', path: '/a.tar', reference: 'x/y:1' }],
    ['oci-archive:a', { transport: 'oci-archive', path: 'a', reference: '' }],
    ['oci:/a:1', { transport: 'oci', path: '/a', reference: '1' }],
    ['containers-storage:a/b:1', { transport: 'containers-storage', name: 'a/b:1' }],
    ['dir:/a:b', { transport: 'dir', path: '/a:b', reference: '' }],
  ];
  for (const [text, place] of PLACES)
    it(`of ${text} is ${JSON.stringify(place)}`, () => assert.deepEqual(parsePlace(text), place));

  for (const text of [
    '',
    'a b',
    'docker://',
    'docker-daemon:a:b',
    'containers-storage:',
    'containers-storage:[overlay@/a]b',
    'oci:',
    'http://x',
  ])
    it(`is none for ${JSON.stringify(text)}`, () =>
      assert.throws(() => parsePlace(text), { name: 'BerthError' }));

  it('gives the image its name, but for directories and indexes', () => {
    const names = (text: string): string[] => {
      const place = parsePlace(text);
      return 'path' in place ? localNames(place) : assert.fail();
    };
    assert.deepEqual(names('oci-archive:/a:x:1'), ['localhost/x:1']);
    assert.deepEqual(names('oci:/a:x'), ['docker.io/library/x:latest']);
    assert.deepEqual(names('docker-archive:/a:@0'), []);
    assert.deepEqual(names('dir:/a'), []);
  });
});

describe('names', () => {
  it('are short without a registry', () => {
    for (const name of ['a', 'a:1', 'a/b', `a@${DIGEST}`]) assert.ok(isShortName(name), name);
    for (const name of ['localhost/a', 'a.b/c', 'a:5000/b']) assert.ok(!isShortName(name), name);
  });

  it('in a registry have a tag or a digest, not both', () => {
    assert.equal(registryName('quay.io/a'), 'quay.io/a:latest');
    assert.equal(registryName(`localhost:5000/a:1@${DIGEST}`), `localhost:5000/a@${DIGEST}`);
    assert.equal(registryName(`localhost:5000/a@${DIGEST}`), `localhost:5000/a@${DIGEST}`);
  });

  it('have a repository', () => {
    for (const tail of ['', ':1', `@${DIGEST}`, `:1@${DIGEST}`])
      assert.equal(repositoryOf(`localhost:5000/a/b${tail}`), 'localhost:5000/a/b', tail);
  });
});

describe('short names', () => {
  const CONF = `# comment = "no"
unqualified-search-registries = ["one.example", # the first
  'two.example:5000',
] # and no more
[[registry]]
location = "three.example"
mirror = [{ location = "x" }]
[aliases]
  "busybox" = "docker.io/library/busybox"
  tools/all = "quay.io/tools/all" # bare
`;

  it('are aliases, with the tag or digest that was asked for', () => {
    assert.deepEqual(pullCandidates('busybox:1', conf(CONF)), {
      names: ['docker.io/library/busybox:1'],
      say: `Resolved "busybox" as an alias (${MAIN})`,
    });
    assert.deepEqual(pullCandidates(`tools/all@${DIGEST}`, conf(CONF)).names, [
      `quay.io/tools/all@${DIGEST}`,
    ]);
  });

  it('are looked for in every search registry, in order', () => {
    assert.deepEqual(pullCandidates('a/b', conf(CONF)), {
      names: ['one.example/a/b:latest', 'two.example:5000/a/b:latest'],
      say: `Resolving "a/b" using unqualified-search registries (${MAIN})`,
    });
  });

  it('follow the last file that says something', () => {
    const { names, say } = pullCandidates('a', conf(CONF, 'unqualified-search-registries = ["docker.io"]'));
    assert.deepEqual(names, ['docker.io/library/a:latest']);
    assert.match(say ?? '', /\.d\/1\.conf\)$/);
    const without = conf(CONF, '[aliases]\n"busybox" = ""');
    assert.match(pullCandidates('busybox', without).say ?? '', /^Resolving/);
    assert.match(
      pullCandidates('busybox', conf(CONF, 'short-name-mode = "disabled"')).say ?? '',
      /^Resolving/,
    );
  });

  it('are refused where nothing says what they mean, or a person would have to choose', () => {
    assert.throws(
      () => pullCandidates('a', conf('')),
      /^BerthError: short-name "a" did not resolve to an alias/,
    );
    const enforcing = conf(CONF, 'short-name-mode = "enforcing"');
    assert.throws(() => pullCandidates('a', enforcing), /cannot prompt without a TTY/);
    assert.deepEqual(pullCandidates('busybox', enforcing).names, ['docker.io/library/busybox:latest']);
  });

  it('need no configuration when they are none', () => {
    assert.deepEqual(pullCandidates('localhost:5000/a', conf('')), { names: ['localhost:5000/a:latest'] });
  });

  const BROKEN = ['nonsense', 'a = "open', 'a = ["b"', 'short-name-mode = "no"', '= "x"'];
  for (const text of BROKEN)
    it(`in a broken file are told so: ${text}`, () =>
      assert.throws(() => conf(text), {
        message: /^loading registries configuration "\/etc\/containers\/registries\.conf": /,
      }));
});
