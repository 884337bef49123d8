import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  checkCredentialName,
  checkSecretName,
  checkSecretSize,
  findSecret,
  maskedEnv,
  parseSecretFlag,
  type SecretRecord,
  secretEntries,
  secretFilter,
  secretText,
} from '../../../src/model/secret.ts';

const secret = (name: string, id: string): SecretRecord => ({
  id,
  name,
  createdAt: '2026-11-27T00:00:00.000Z',
  updatedAt: '2026-11-27T00:00:00.000Z',
  driver: 'file',
  driverOptions: {},
  labels: {},
});

describe('parseSecretFlag', () => {
  const file = { type: 'mount', target: '', uid: 0, gid: 0, mode: 0o444 };
  for (const [text, wanted] of [
    ['a', { ...file, source: 'a' }],
    ['a b', { ...file, source: 'a b' }],
    // Without a comma there are no options.
    ['source=a', { ...file, source: 'source=a' }],
    ['', { ...file, source: '' }],
    ['a,target=/x', { ...file, source: 'a', target: '/x' }],
    ['type=mount,source=a,target=y', { ...file, source: 'a', target: 'y' }],
    ['a,source=b', { ...file, source: 'b' }],
    ['a,uid=1,gid=2,mode=0400', { ...file, source: 'a', uid: 1, gid: 2, mode: 0o400 }],
    ['a,uid=4294967295,mode=7', { ...file, source: 'a', uid: 4294967295, mode: 7 }],
    ['a,type=env', { type: 'env', source: 'a', target: '' }],
    ['a,type=env,target=T', { type: 'env', source: 'a', target: 'T' }],
    ['a,type=credential', { ...file, type: 'credential', source: 'a' }],
  ] as const)
    it(`reads ${JSON.stringify(text)}`, () => assert.deepEqual(parseSecretFlag(text), wanted));

  for (const [text, why] of [
    [',', 'option  must be in form option=value: parsing secret'],
    ['a,type', 'option type must be in form option=value: parsing secret'],
    ['a,b=c', 'option b=c invalid: parsing secret'],
    ['a,type=file', 'type file is invalid: parsing secret'],
    ['a,mode=8', 'mode 8 invalid: parsing secret'],
    ['a,mode=', 'mode  invalid: parsing secret'],
    ['a,mode=777777777777', 'mode 777777777777 invalid: parsing secret'],
    ['a,uid=-1', 'UID -1 invalid: parsing secret'],
    ['a,gid=4294967296', 'GID 4294967296 invalid: parsing secret'],
    ['a,type=env,gid=0', 'UID, GID, Mode options cannot be set with secret type env: parsing secret'],
    ['target=x,uid=1', 'no source found target=x,uid=1: parsing secret'],
    // Else what inspect hides would have another name than what the process has.
    ['a,type=env,target=A=B', 'the variable A=B cannot have a "=" in its name: parsing secret'],
  ] as const)
    it(`refuses ${JSON.stringify(text)}`, () =>
      assert.throws(() => parseSecretFlag(text), { code: 'invalid', message: why }));
});

it('a secret may have any name that is no path, option or list, of up to 253 bytes', () => {
  for (const name of ['a', '-', '.', 'a b', 'é', 'x'.repeat(253)]) assert.equal(checkSecretName(name), name);
  for (const name of ['', 'a/b', 'a=b', 'a,b', 'a\0', 'x'.repeat(254), 'é'.repeat(127)])
    assert.throws(() => checkSecretName(name), { code: 'invalid' });
});

it('a secret has at least one byte and less than 512000', () => {
  for (const size of [1, 511_999]) checkSecretSize(size);
  for (const size of [0, 512_000]) assert.throws(() => checkSecretSize(size), { code: 'invalid' });
});

it('a credential has a name that no pattern is', () => {
  for (const name of ['a', 'a.b-c_d', 'x@y+1']) assert.equal(checkCredentialName(name), name);
  for (const name of ['', '.', '..', 'a*', 'a b', 'a/b', 'a:b', '%n'])
    assert.throws(() => checkCredentialName(name), { code: 'invalid' });
});

describe('findSecret', () => {
  const all = [
    secret('a', '1'.repeat(25)),
    secret('1', `12${'0'.repeat(23)}`),
    secret('b', `2${'0'.repeat(24)}`),
  ];
  it('takes the name before an ID, and an ID or its beginning', () => {
    assert.equal(findSecret(all, '1').name, '1');
    assert.equal(findSecret(all, '1'.repeat(25)).name, 'a');
    assert.equal(findSecret(all, '2').name, 'b');
  });
  it('refuses what is none, or several', () => {
    assert.throws(() => findSecret(all, 'c'), { code: 'no-such-secret', exitCode: 125 });
    assert.throws(() => findSecret(all, ''), { code: 'invalid' });
    assert.throws(() => findSecret([], ''), { code: 'no-such-secret' });
  });
});

it('a variable has every byte of a secret, or is none', () => {
  for (const text of ['a', ' a\n', '\ufeffé\u{1f600}']) assert.equal(secretText(Buffer.from(text)), text);
  for (const bytes of [[97, 0, 98], [0xe9], [0xed, 0xa0, 0x80]])
    assert.equal(secretText(Uint8Array.from(bytes)), undefined);
});

it('filters of one key are alternatives, keys add up', () => {
  const names = (...filters: string[]): string =>
    [secret('ab', 'f1'), secret('b', 'f2'), secret('c', 'e3')]
      .filter(secretFilter(filters))
      .map(({ name }) => name)
      .join();
  assert.equal(names(), 'ab,b,c');
  assert.equal(names('name=b'), 'ab,b');
  assert.equal(names('name=^b', 'name=c'), 'b,c');
  assert.equal(names('name=b', 'id=F1'), 'ab');
  assert.equal(names('id=[12]$'), 'ab,b');
  assert.throws(() => names('label=a'), { code: 'usage', message: /^invalid filter "label"/ });
  assert.throws(() => names('name'), { message: /^filter input must be in the form of filter=value/ });
});

it('inspect shows for each secret that is a variable its name, and nothing of its text', () => {
  const env = ['PATH=/bin', 'T=hidden', 'U=hidden', 'TT=1'];
  const secrets = [
    { name: 's', variable: 'T' },
    { name: 's', variable: 'U' },
  ];
  assert.deepEqual(maskedEnv(env, secrets), ['PATH=/bin', 'TT=1', 's=*******', 's=*******']);
  assert.deepEqual(maskedEnv(env), env);
  assert.deepEqual(secretEntries(env, secrets), ['T=hidden', 'U=hidden']);
  assert.deepEqual(secretEntries(env), []);
});
