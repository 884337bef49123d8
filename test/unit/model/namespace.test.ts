import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Dependency,
  dependenciesOf,
  parseJoined,
  parseNamespaceMode,
} from '../../../src/model/namespace.ts';

describe('parseNamespaceMode', () => {
  for (const [text, mode] of [
    ['', 'private'],
    ['private', 'private'],
    ['host', 'host'],
    ['container:web', 'container:web'],
    ['ns:/proc/1/ns/net', 'ns:/proc/1/ns/net'],
  ])
    it(`reads ${JSON.stringify(text)} as ${mode}`, () => assert.equal(parseNamespaceMode(text ?? ''), mode));

  for (const [text, message] of [
    ['bogus', 'unrecognized namespace mode bogus passed'],
    ['shareable', 'unrecognized namespace mode shareable passed'],
    ['container', 'unrecognized namespace mode container passed'],
    ['container:', 'invalid config provided: namespace mode container requires a value'],
    ['ns:', 'invalid config provided: namespace mode path requires a value'],
  ])
    it(`refuses ${text} in Podman's words`, () =>
      assert.throws(() => parseNamespaceMode(text ?? ''), { message, exitCode: 125 }));

  it('knows the words of one flag only where they are given', () =>
    assert.equal(parseNamespaceMode('shareable', ['shareable', 'none']), 'shareable'));

  it('tells a joined namespace from a word', () => assert.equal(parseJoined('none'), undefined));
});

describe('dependenciesOf', () => {
  const CASES: [string, Parameters<typeof dependenciesOf>[0], Dependency[]][] = [
    ['nothing', { network: 'none' }, []],
    ['the host’s namespaces', { network: 'host', namespaces: { pid: 'host', ipc: 'shareable' } }, []],
    ['a path', { network: 'ns:/x' }, []],
    [
      '--requires',
      { network: 'none', requires: ['a', 'b'] },
      [
        { id: 'a', kind: 'requires' },
        { id: 'b', kind: 'requires' },
      ],
    ],
    [
      'the same container in many ways: a namespace binds harder',
      {
        network: 'container:a',
        namespaces: { pid: 'container:a', uts: 'container:c' },
        requires: ['b', 'a'],
      },
      [
        { id: 'b', kind: 'requires' },
        { id: 'a', kind: 'namespace' },
        { id: 'c', kind: 'namespace' },
      ],
    ],
  ];
  for (const [title, config, dependencies] of CASES)
    it(`of ${title}`, () => assert.deepEqual(dependenciesOf(config), dependencies));
});
