import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, it } from 'node:test';
import { type ProfileRule, resolveSeccomp, type SeccompProfile } from '../../../src/oci/seccomp.ts';

const HOST = { arch: 'x64', kernelVersion: '6.12.48+deb13-amd64' };
const ALLOW = 'SCMP_ACT_ALLOW';

describe('resolveSeccomp', () => {
  it('hands on the default action, its errno and the architectures of this machine', () => {
    const profile: SeccompProfile = {
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      archMap: [
        { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
        { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
      ],
      syscalls: null,
    };
    assert.deepEqual(resolveSeccomp(profile, [], HOST), {
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
      syscalls: [],
    });
    assert.deepEqual(resolveSeccomp(profile, [], { ...HOST, arch: 'arm64' }).architectures, [
      'SCMP_ARCH_AARCH64',
      'SCMP_ARCH_ARM',
    ]);
    assert.deepEqual(resolveSeccomp(profile, [], { ...HOST, arch: 'riscv64' }).architectures, [
      'SCMP_ARCH_RISCV64',
    ]);
  });

  it('keeps architectures that are already in OCI form', () => {
    const profile = { defaultAction: ALLOW, architectures: ['SCMP_ARCH_X86'] };
    assert.deepEqual(resolveSeccomp(profile, [], HOST).architectures, ['SCMP_ARCH_X86']);
  });

  it('refuses an architecture that libseccomp has no name for', () => {
    assert.throws(() => resolveSeccomp({ defaultAction: ALLOW }, [], { ...HOST, arch: 'pdp11' }), {
      code: 'unsupported',
    });
  });

  for (const [title, rule, capabilities, kept] of [
    ['keeps a rule without conditions', {}, [], true],
    ['keeps a rule with null conditions', { includes: null, excludes: null }, [], true],
    ['keeps a rule for this architecture', { includes: { arches: ['amd64'] } }, [], true],
    ['drops a rule for another architecture', { includes: { arches: ['arm', 'arm64'] } }, [], false],
    ['drops a rule that excludes this architecture', { excludes: { arches: ['amd64'] } }, [], false],
    ['keeps a rule whose capability is there', { includes: { caps: ['CAP_BPF'] } }, ['CAP_BPF'], true],
    ['drops a rule whose capability is missing', { includes: { caps: ['CAP_BPF'] } }, [], false],
    [
      'drops a rule of whose included capabilities one is missing',
      { includes: { caps: ['CAP_BPF', 'CAP_CHOWN'] } },
      ['CAP_BPF'],
      false,
    ],
    [
      'drops a rule of whose excluded capabilities one is there',
      { excludes: { caps: ['CAP_BPF', 'CAP_CHOWN'] } },
      ['CAP_BPF'],
      false,
    ],
    ['keeps a rule for older kernels', { includes: { minKernel: '4.8' } }, [], true],
    ['keeps a rule for this very kernel', { includes: { minKernel: '6.12' } }, [], true],
    ['drops a rule for newer kernels', { includes: { minKernel: '6.13' } }, [], false],
    ['drops a rule for a newer major version', { includes: { minKernel: '7.0' } }, [], false],
    ['drops a rule that excludes this kernel', { excludes: { minKernel: '4.8' } }, [], false],
    ['keeps a rule that excludes newer kernels', { excludes: { minKernel: '6.13' } }, [], true],
  ] as [string, Partial<ProfileRule>, string[], boolean][]) {
    it(title, () => {
      const profile = { defaultAction: ALLOW, syscalls: [{ names: ['bpf'], action: ALLOW, ...rule }] };
      const expected = kept ? [{ names: ['bpf'], action: ALLOW }] : [];
      assert.deepEqual(resolveSeccomp(profile, capabilities, HOST).syscalls, expected);
    });
  }

  it('keeps arguments, without the second value where it is 0', () => {
    const syscalls = [
      {
        names: ['personality'],
        action: ALLOW,
        errnoRet: null,
        args: [
          { index: 0, value: 8, valueTwo: 0, op: 'SCMP_CMP_EQ' },
          { index: 1, value: 8, valueTwo: 15, op: 'SCMP_CMP_MASKED_EQ' },
        ],
      },
    ];
    assert.deepEqual(resolveSeccomp({ defaultAction: ALLOW, syscalls }, [], HOST).syscalls[0], {
      names: ['personality'],
      action: ALLOW,
      args: [
        { index: 0, value: 8, op: 'SCMP_CMP_EQ' },
        { index: 1, value: 8, valueTwo: 15, op: 'SCMP_CMP_MASKED_EQ' },
      ],
    });
  });

  it('takes the errno as number, else by its name', () => {
    const errnoOf = (rule: Partial<ProfileRule>): number | undefined =>
      resolveSeccomp(
        { defaultAction: ALLOW, syscalls: [{ name: 'bpf', action: 'SCMP_ACT_ERRNO', ...rule }] },
        [],
        HOST,
      ).syscalls[0]?.errnoRet;
    assert.equal(errnoOf({ errnoRet: 1, errno: 'ENOSYS' }), 1);
    assert.equal(errnoOf({ errno: 'ENOSYS' }), constants.errno.ENOSYS);
    assert.equal(errnoOf({ errnoRet: 0 }), 0);
    assert.equal(errnoOf({}), undefined);
    assert.throws(() => errnoOf({ errno: 'ENOPE' }), /unknown errno ENOPE in the seccomp profile/);
  });

  it('reads the older form with one name per rule', () => {
    const profile = { defaultAction: ALLOW, syscalls: [{ name: 'bpf', action: ALLOW }] };
    assert.deepEqual(resolveSeccomp(profile, [], HOST).syscalls[0]?.names, ['bpf']);
  });
});
