import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { containerEnvironment } from '../../../src/oci/environment.ts';
import { config } from '../../support/config.ts';
import { APP } from './facts.ts';

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

describe('containerEnvironment', () => {
  it('has PATH, container, HOME of the user and HOSTNAME', () => {
    assert.deepEqual(containerEnvironment(config(), APP, { terminal: false }), [
      PATH,
      'container=podman',
      'HOME=/home/app',
      'HOSTNAME=box',
    ]);
  });

  it('has TERM with a terminal, and container_uuid with systemd inside', () => {
    assert.ok(containerEnvironment(config(), APP, { terminal: true }).includes('TERM=xterm'));
    const env = containerEnvironment(config({ systemd: true }), APP, { terminal: false });
    assert.ok(env.includes('container_uuid=0123456789abcdef0123456789abcdef'));
  });

  it('lets the config win over the defaults, and the exec over the config', () => {
    const env = containerEnvironment(config({ env: ['HOME=/h', 'A=1', 'B=a=b', 'TERM=dumb'] }), APP, {
      terminal: true,
      extra: ['A=2', 'HOSTNAME=h'],
    });
    assert.deepEqual(env.toSorted(), [
      'A=2',
      'B=a=b',
      'HOME=/h',
      'HOSTNAME=h',
      PATH,
      'TERM=dumb',
      'container=podman',
    ]);
  });

  it('has secrets over everything, and tells where credentials are unless that was said', () => {
    const env = (entries: string[]) =>
      containerEnvironment(config({ env: entries }), APP, {
        terminal: false,
        extra: ['T=exec'],
        secrets: ['T=secret'],
        hasCredentials: true,
      }).slice(4);
    assert.deepEqual(env(['T=config']), ['CREDENTIALS_DIRECTORY=/run/secrets', 'T=secret']);
    assert.deepEqual(env(['CREDENTIALS_DIRECTORY=/mine']), ['CREDENTIALS_DIRECTORY=/mine', 'T=secret']);
  });

  it('has each key once, with the value that was given last', () => {
    const entry = fc
      .tuple(fc.constantFrom('A', 'B', 'HOME', 'PATH', 'TERM'), fc.string())
      .map(([key, value]) => `${key}=${value}`);
    fc.assert(
      fc.property(fc.array(entry), fc.array(entry), fc.boolean(), (env, extra, terminal) => {
        const result = containerEnvironment(config({ env }), APP, { terminal, extra });
        const keys = result.map(keyOf);
        assert.equal(new Set(keys).size, keys.length);
        for (const given of [...env, ...extra]) {
          const last = [...env, ...extra].findLast((other) => keyOf(other) === keyOf(given));
          assert.ok(last !== undefined && result.includes(last));
        }
      }),
    );
  });
});

function keyOf(entry: string): string | undefined {
  return entry.split('=', 1)[0];
}
