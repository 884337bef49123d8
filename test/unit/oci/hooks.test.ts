/** Hook files: their form, and which of them apply to which container. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type HookedContainer, hooksFor, parseHookFile } from '../../../src/oci/hooks.ts';

const HOOK = { path: '/bin/hook' };

function file(changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    version: '1.0.0',
    hook: HOOK,
    when: { always: true },
    stages: ['poststop'],
    ...changes,
  });
}

const CONTAINER: HookedContainer = {
  command: '/usr/bin/redis-server',
  annotations: { 'io.example.trace': 'yes', other: 'x' },
  hasBindMounts: false,
};

describe('the conditions of a hook file', () => {
  const CASES: [when: Record<string, unknown>, applies: boolean, container?: Partial<HookedContainer>][] = [
    [{}, false],
    [{ always: true }, true],
    [{ always: false }, false],
    [{ always: false, commands: ['redis'] }, false],
    [{ commands: ['redis'] }, true],
    [{ commands: ['^redis'] }, false],
    [{ commands: ['nothing', 'server$'] }, true],
    [{ commands: [] }, false],
    [{ commands: ['(?i)REDIS'] }, true],
    [{ commands: ['(?P<name>redis)'] }, true],
    [{ hasBindMounts: true }, false],
    [{ hasBindMounts: true }, true, { hasBindMounts: true }],
    [{ hasBindMounts: false }, false],
    [{ hasBindMounts: false }, false, { hasBindMounts: true }],
    [{ annotations: { '^io[.]example[.]': 'yes' } }, true],
    [{ annotations: { '^io[.]example[.]': '^x$' } }, false],
    [{ annotations: { '^io': 'yes', '^other$': 'x' } }, true],
    [{ annotations: { '^io': 'yes', '^other$': 'y' } }, false],
    [{ annotations: { '^io': 'yes' }, commands: ['nothing'] }, false],
    [{ always: true, annotations: { '^io': 'yes' }, commands: ['redis'] }, true],
  ];
  for (const [when, applies, container] of CASES) {
    it(`${JSON.stringify(when)} ${applies ? 'apply' : 'do not apply'}${container ? ` to ${JSON.stringify(container)}` : ''}`, () => {
      const files = [parseHookFile(file({ when }), '/h/a.json')];
      assert.deepEqual(hooksFor(files, { ...CONTAINER, ...container }), applies ? { poststop: [HOOK] } : {});
    });
  }
});

describe('hooks of several files', () => {
  it('stand by stage in the order of the files', () => {
    const files = [
      file({ stages: ['prestart', 'poststop'] }),
      file({ hook: { path: '/b', args: ['b', 'x'], env: ['A=b'], timeout: 3 }, stages: ['poststop'] }),
      file({ when: { always: false } }),
      file({ stages: [] }),
    ].map((text) => parseHookFile(text, '/h/a.json'));
    assert.deepEqual(hooksFor(files, CONTAINER), {
      prestart: [HOOK],
      poststop: [HOOK, { path: '/b', args: ['b', 'x'], env: ['A=b'], timeout: 3 }],
    });
  });
});

describe('a wrong hook file', () => {
  const WRONG: [text: string, says: RegExp][] = [
    ['{', /JSON/],
    ['[]', /the file must be an object/],
    [file({ version: '9' }), /unrecognized hook version: "9"$/],
    [file({ version: undefined }), /unrecognized hook version: ""$/],
    [file({ stages: undefined }), /missing required property: stages$/],
    [file({ stages: ['nosuch'] }), /unknown stage "nosuch"$/],
    [file({ stages: 'poststop' }), /stages must be a list of strings$/],
    [file({ hook: '/bin/hook' }), /hook must be an object$/],
    [file({ hook: {} }), /missing required property: hook\.path$/],
    [file({ hook: { path: '/a', args: [1] } }), /hook\.args must be a list of strings$/],
    [file({ hook: { path: '/a', env: { A: 'b' } } }), /hook\.env must be a list of strings$/],
    [file({ hook: { path: '/a', timeout: -1 } }), /hook\.timeout must be a whole number of seconds/],
    [file({ when: { always: 'yes' } }), /when\.always must be true or false$/],
    [file({ when: { hasBindMounts: 1 } }), /when\.hasBindMounts must be true or false$/],
    [file({ when: { commands: ['['] } }), /invalid command "\["/],
    [file({ when: { annotations: { '[': 'x' } } }), /invalid annotation key "\["/],
    [file({ when: { annotations: { x: '(' } } }), /invalid annotation value "\("/],
  ];
  for (const [text, says] of WRONG) {
    it(`${text} is refused with exit code 126, naming the file`, () => {
      assert.throws(
        () => parseHookFile(text, '/h/a.json'),
        (error: { message: string; exitCode: number }) =>
          error.exitCode === 126 &&
          error.message.startsWith('setting up OCI Hooks: parsing hook "/h/a.json": ') &&
          says.test(error.message),
      );
    });
  }
});
