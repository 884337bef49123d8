import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DocumentConfig, withChanges } from '../../../src/model/image/change.ts';

/** A change, and the config that it makes of an empty one. */
const CHANGES: [change: string, config: DocumentConfig][] = [
  ['CMD=/bin/sh -l', { Cmd: ['/bin/sh', '-c', '/bin/sh -l'] }],
  ['CMD ["a","b c"]', { Cmd: ['a', 'b c'] }],
  ['CMD ["a"', { Cmd: ['/bin/sh', '-c', '["a"'] }],
  ['ENTRYPOINT ["a"]', { Entrypoint: ['a'] }],
  ['ENTRYPOINT a b', { Entrypoint: ['/bin/sh', '-c', 'a b'] }],
  ['ENV A=b', { Env: ['A=b'] }],
  ['ENV A=b=c', { Env: ['A=b=c'] }],
  ['ENV A b c', { Env: ['A=b c'] }],
  ['ENV A', { Env: ['A='] }],
  ['env Q="a b"', { Env: ['Q=a b'] }],
  ['LABEL x=y', { Labels: { x: 'y' } }],
  ['LABEL=a=b c=d', { Labels: { a: 'b c=d' } }],
  ['USER app:extra', { User: 'app:extra' }],
  ['EXPOSE 80', { ExposedPorts: { '80/tcp': {} } }],
  ['EXPOSE 53/UDP', { ExposedPorts: { '53/udp': {} } }],
  ['VOLUME /v', { Volumes: { '/v': {} } }],
  ['VOLUME a b', { Volumes: { a: {}, b: {} } }],
  ['VOLUME ["/a b","/c"]', { Volumes: { '/a b': {}, '/c': {} } }],
  ['WORKDIR /tmp', { WorkingDir: '/tmp' }],
  ['STOPSIGNAL SIGINT', { StopSignal: '2' }],
  ['ONBUILD RUN x', { OnBuild: ['RUN x'] }],
];

/** Refused, in Podman's words. */
const WRONG: [change: string, why: string][] = [
  ['bad', 'must be formatted as KEY VALUE'],
  ['BAD x', 'invalid instruction BAD'],
  ['toString x', 'invalid instruction TOSTRING'],
  ['ENV', 'must be formatted as KEY VALUE'],
  ['ENV =x', 'ENV must have at least one argument'],
  ['LABEL z', 'LABEL must be formatted key=value'],
  ['LABEL =z', 'LABEL key cannot be empty'],
  ['USER ', 'must provide a value to USER'],
  ['EXPOSE x', 'EXPOSE port must be an integer: strconv.Atoi: parsing "x": invalid syntax'],
  ['EXPOSE 100-102', 'EXPOSE port must be an integer: strconv.Atoi: parsing "100-102": invalid syntax'],
  ['EXPOSE 80/foo', 'EXPOSE protocol must be TCP or UDP'],
  ['EXPOSE 70000', 'EXPOSE port must be a valid port number'],
  ['STOPSIGNAL FOO', 'KILLSIGNAL must be given a valid signal: invalid signal: FOO'],
  ['VOLUME []', 'must provide at least one argument to VOLUME'],
];

describe('a change of an image', () => {
  for (const [change, config] of CHANGES) {
    it(`${change} sets its part of the config`, () => assert.deepEqual(withChanges({}, [change]), config));
  }
  for (const [change, why] of WRONG) {
    it(`${change} is refused`, () =>
      assert.throws(() => withChanges({}, [change]), {
        code: 'invalid',
        message: `invalid change ${JSON.stringify(change)} - ${why}`,
      }));
  }

  it('comes after those before it: values replace values, entries are added to entries', () => {
    const before = { Env: ['A=1', 'B=2'], Labels: { a: '1' }, WorkingDir: '/a', User: 'x', Other: true };
    assert.deepEqual(withChanges(before, ['ENV A=3', 'LABEL b=2', 'WORKDIR b', 'WORKDIR c', 'USER y']), {
      Env: ['B=2', 'A=3'],
      Labels: { a: '1', b: '2' },
      WorkingDir: '/a/b/c',
      User: 'y',
      Other: true,
    });
    assert.deepEqual(before.Env, ['A=1', 'B=2']);
  });
});
