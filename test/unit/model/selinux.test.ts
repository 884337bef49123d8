import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  assertMayRelabel,
  contextOption,
  joinedOptions,
  type LabelRequest,
  labelsInForce,
  levelOf,
  parseContexts,
  policyName,
  relabelTo,
  selinuxLabels,
  sharedLabel,
} from '../../../src/model/selinux.ts';

/** As container-selinux has it. */
const CONTEXTS_FILE = `
process = "system_u:system_r:container_t:s0"
file = "system_u:object_r:container_file_t:s0"
ro_file="system_u:object_r:container_ro_file_t:s0"
# init_process = "commented:out:out_t:s0"
kvm_process = "system_u:system_r:container_kvm_t:s0"
init_process = "system_u:system_r:container_init_t:s0"
`;
const CONTEXTS = parseContexts(CONTEXTS_FILE);

function labels(
  request: Partial<LabelRequest> = {},
  { used = [] as string[], random = 0, contexts = CONTEXTS } = {},
) {
  return selinuxLabels({ options: [], ...request }, { contexts, used: new Set(used), random });
}

describe('the contexts of a policy', () => {
  it('are read from its file, without comments and what containers do not need', () => {
    assert.deepEqual(CONTEXTS, {
      process: 'system_u:system_r:container_t:s0',
      file: 'system_u:object_r:container_file_t:s0',
      initProcess: 'system_u:system_r:container_init_t:s0',
    });
    assert.deepEqual(parseContexts(''), {});
    assert.deepEqual(parseContexts('process = ""\nnonsense\n; file = "x"\n'), {});
  });

  it('lie where SELINUXTYPE says', () => {
    assert.equal(policyName('# SELINUXTYPE=no\nSELINUX=enforcing\nSELINUXTYPE=targeted\n'), 'targeted');
    assert.equal(policyName('SELINUX=enforcing\n'), undefined);
  });
});

describe('the labels of a container', () => {
  it('are of the process and of its files, with the same two categories', () => {
    assert.deepEqual(labels(), {
      process: 'system_u:system_r:container_t:s0:c0,c1',
      mount: 'system_u:object_r:container_file_t:s0:c0,c1',
    });
  });

  it('have categories that no other container has, wherever the search begins', () => {
    const seen = new Set<string>();
    for (let index = 0; index < 3000; index++) {
      const level = levelOf(labels({}, { used: [...seen], random: index % 7 }).mount) ?? '';
      assert.match(level, /^s0:c\d+,c\d+$/);
      assert.ok(!seen.has(level), level);
      seen.add(level);
    }
  });

  it('have every pair of 1024 categories but the last one, each once', () => {
    const pairs = (1024 * 1023) / 2;
    const levels = new Set<string>();
    for (let random = 0; random < pairs; random += 1) {
      const level = levelOf(labels({}, { random }).process) ?? '';
      const [low = 0, high = 0] = (level.match(/\d+(?=,|$)/g) ?? []).map(Number);
      assert.ok(low < high && high < 1024, level);
      levels.add(level);
    }
    // Where the search came to the reserved pair it went on to the first one.
    assert.equal(levels.size, pairs - 1);
    assert.ok(!levels.has('s0:c1022,c1023'));
  });

  it('begin anywhere that four random bytes say', () => {
    assert.match(labels({}, { random: 2 ** 32 - 1 }).process, /:s0:c\d+,c\d+$/);
  });

  const GIVEN: [options: string[], process: string, mount: string][] = [
    [['type:a_t'], 'system_u:system_r:a_t:s0:c0,c1', 'system_u:object_r:container_file_t:s0:c0,c1'],
    [['filetype:a_t'], 'system_u:system_r:container_t:s0:c0,c1', 'system_u:object_r:a_t:s0:c0,c1'],
    [['role:a_r'], 'system_u:a_r:container_t:s0:c0,c1', 'system_u:object_r:container_file_t:s0:c0,c1'],
    [['user:a_u'], 'a_u:system_r:container_t:s0:c0,c1', 'a_u:object_r:container_file_t:s0:c0,c1'],
    [
      ['level:s0:c100,c200'],
      'system_u:system_r:container_t:s0:c100,c200',
      'system_u:object_r:container_file_t:s0:c100,c200',
    ],
    [['level:s0', 'level:s1'], 'system_u:system_r:container_t:s1', 'system_u:object_r:container_file_t:s1'],
    [['disable'], '', 'system_u:object_r:container_file_t:s0:c1022,c1023'],
    [['type:a_t', 'disable', 'nonsense'], '', 'system_u:object_r:container_file_t:s0:c1022,c1023'],
  ];
  for (const [options, process, mount] of GIVEN)
    it(`follow ${options.map((option) => `label=${option}`).join(' ')}`, () =>
      assert.deepEqual(labels({ options }), { process, mount }));

  it('are those of a container whose processes or memory it shares', () => {
    const joined = joinedOptions('u:r:t_t:s0:c3,c4');
    assert.deepEqual(labels({ options: ['type:mine_t'], joined }), {
      process: 'u:r:t_t:s0:c3,c4',
      mount: 'u:object_r:container_file_t:s0:c3,c4',
    });
    assert.deepEqual(joinedOptions(''), []);
  });

  it('let systemd be what the policy has for it, unless a type was asked for', () => {
    assert.equal(labels({ isSystemd: true }).process, 'system_u:system_r:container_init_t:s0:c0,c1');
    assert.equal(
      labels({ isSystemd: true, options: ['filetype:x_t'] }).process,
      'system_u:system_r:container_init_t:s0:c0,c1',
    );
    assert.equal(
      labels({ isSystemd: true, options: ['type:x_t'] }).process,
      'system_u:system_r:x_t:s0:c0,c1',
    );
    assert.equal(labels({ isSystemd: true, options: ['disable'] }).process, '');
    const { initProcess: _, ...older } = CONTEXTS;
    assert.equal(
      labels({ isSystemd: true }, { contexts: older }).process,
      'system_u:system_r:container_t:s0:c0,c1',
    );
  });

  it('have no level in a policy without', () => {
    const contexts = { process: 'u:r:p_t', file: 'u:r:f_t' };
    assert.deepEqual(labels({}, { contexts }), { process: 'u:r:p_t', mount: 'u:r:f_t' });
    assert.equal(sharedLabel('u:r:f_t'), 'u:r:f_t');
  });

  it('are none where the policy has nothing for containers', () => {
    assert.deepEqual(labels({}, { contexts: {} }), { process: '', mount: '' });
  });

  for (const option of ['', 'nonsense', 'disabled', 'type', 'type:', 'kind:x', 'nested'])
    it(`are refused with label=${option}`, () =>
      assert.throws(() => labels({ options: [option] }), { code: 'invalid', message: /^bad label option / }));

  it('count only while the host has SELinux', () => {
    const selinux = labels();
    assert.equal(
      labelsInForce({ selinux }, () => true),
      selinux,
    );
    assert.equal(
      labelsInForce({ selinux }, () => false),
      undefined,
    );
    assert.equal(
      labelsInForce({}, () => assert.fail('asked for a container without labels')),
      undefined,
    );
  });
});

describe('a mount', () => {
  const label = 'system_u:object_r:container_file_t:s0:c12,c345';

  it('is labelled for all containers with z, for one with Z, and not at all without', () => {
    assert.equal(relabelTo(['ro', 'z'], label), 'system_u:object_r:container_file_t:s0');
    assert.equal(relabelTo(['Z'], label), label);
    assert.equal(relabelTo(['ro'], label), undefined);
  });

  it('is mounted with a label in quotation marks, because it has a comma', () => {
    assert.equal(contextOption(label), `context="${label}"`);
    assert.equal(contextOption(label, { nested: true }), `rootcontext="${label}"`);
  });

  for (const path of ['/', '/etc', '/etc/', '/usr', '/home', '/root', '/var/lib', '/etc/shadow', '/home/me'])
    it(`of ${path} is not relabelled`, () =>
      assert.throws(() => assertMayRelabel(path, ['/home/me']), {
        code: 'invalid',
        message: new RegExp(`^SELinux relabeling of ${path} is not allowed`),
      }));

  for (const path of ['/srv/data', '/home/other', '/home/me/data', '/etc/x', '/usr/local', '/var/lib/data'])
    it(`of ${path} is`, () => assert.doesNotThrow(() => assertMayRelabel(path, ['/home/me'])));
});
