import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerConfig } from '../../../src/model/config.ts';
import { checkConfig } from '../../../src/oci/check.ts';
import { serializeSpec } from '../../../src/oci/serialize.ts';
import { generateSpec, type SpecInput } from '../../../src/oci/spec.ts';
import { containerSysctls } from '../../../src/oci/sysctls.ts';
import { config } from '../../support/config.ts';
import { HOST, ROOT } from './facts.ts';

const spec = (of: ContainerConfig, more: Partial<SpecInput> = {}) =>
  generateSpec({ config: of, rootPath: '/r', cgroupsPath: '/c', user: ROOT, files: {}, host: HOST, ...more });

const DEVICE = {
  path: '/dev/x',
  type: 'c',
  major: 1,
  minor: 3,
  fileMode: 0o20666,
  uid: 0,
  gid: 0,
  access: 'rw',
} as const;

describe('generateSpec', () => {
  it('names the root, the cgroup and the host name it was given', () => {
    const { root, linux, hostname } = spec(config({ readOnly: true }));
    assert.deepEqual(root, { path: '/r', readonly: true });
    assert.equal(linux.cgroupsPath, '/c');
    assert.equal(hostname, 'box');
  });

  it('makes a network namespace but for the host’s network', () => {
    const types = (network: 'none' | 'host') =>
      spec(config({ network })).linux.namespaces.map(({ type }) => type);
    assert.deepEqual(types('none'), ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup']);
    assert.deepEqual(types('host'), ['pid', 'ipc', 'uts', 'mount', 'cgroup']);
    assert.equal('sysctl' in spec(config({ network: 'host' })).linux, false);
  });

  it('denies all devices and allows those that were given', () => {
    assert.deepEqual(spec(config()).linux.resources.devices, [{ allow: false, access: 'rwm' }]);
    const { devices, resources } = spec(config(), { devices: [DEVICE] }).linux;
    assert.deepEqual(resources.devices.at(-1), { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' });
    assert.deepEqual(devices, [
      { path: '/dev/x', type: 'c', major: 1, minor: 3, fileMode: 0o666, uid: 0, gid: 0 },
    ]);
  });

  it('allows a privileged container all devices, and filters no system call', () => {
    const { resources, seccomp } = spec(config({}, { privileged: true, seccomp: 'default' })).linux;
    assert.deepEqual(resources.devices, [{ allow: true, access: 'rwm' }]);
    assert.equal(seccomp, undefined);
  });

  it('filters a privileged container by a profile that was asked for', () => {
    const { seccomp } = spec(config({}, { privileged: true, seccomp: { path: '/profile' } }), {
      host: { ...HOST, seccompProfile: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] } },
    }).linux;
    assert.equal(seccomp?.defaultAction, 'SCMP_ACT_ALLOW');
  });

  it('adds the rules for devices that were asked for', () => {
    const rule = { allow: true, type: 'c', major: 89, access: 'rwm' } as const;
    assert.deepEqual(spec(config({ deviceRules: [rule] })).linux.resources.devices.at(-1), rule);
  });

  it('does not run a container unfiltered because the profile is missing', () => {
    assert.throws(() => spec(config({}, { seccomp: 'default' })), {
      code: 'unsupported',
      message: /^no seccomp profile was found/,
    });
    const host = { ...HOST, seccompProfile: { defaultAction: 'SCMP_ACT_ERRNO' } };
    assert.ok(spec(config({}, { seccomp: 'default' }), { host }).linux.seccomp);
    assert.equal(spec(config({}, { seccomp: 'unconfined' }), { host }).linux.seccomp, undefined);
  });

  it('lets an annotation of the config win', () => {
    const key = 'org.opencontainers.image.stopSignal';
    assert.equal(spec(config({ stopSignal: 3 })).annotations[key], '3');
    assert.equal(spec(config({ annotations: { [key]: '4' } })).annotations[key], '4');
  });
});

describe('serializeSpec', () => {
  it('writes unlimited as 2^64 − 1, also when it was read back', () => {
    const unlimited = config({ ulimits: [{ name: 'core', soft: -1, hard: -1 }] });
    const once = serializeSpec(spec(unlimited));
    assert.match(once, /"soft":18446744073709551615,"hard":18446744073709551615/);
    assert.equal(serializeSpec(JSON.parse(once)), once);
  });

  it('is plain JSON otherwise', () => {
    const plain = spec(config());
    assert.equal(serializeSpec(plain), JSON.stringify(plain));
  });
});

describe('containerSysctls', () => {
  it('lets group 0 ping in an own network namespace, unless asked otherwise', () => {
    const key = 'net.ipv4.ping_group_range';
    assert.deepEqual(containerSysctls(config()), { [key]: '0 0' });
    assert.deepEqual(containerSysctls(config({ sysctls: { [key]: '5 6' } })), { [key]: '5 6' });
  });

  for (const key of ['kernel.shmmax', 'kernel.shm_rmid_forced', 'fs.mqueue.msg_max', 'net.core.somaxconn']) {
    it(`accepts ${key}`, () => {
      assert.equal(containerSysctls(config({ sysctls: { [key]: '1' } }))[key], '1');
    });
  }

  for (const key of [
    'kernel.hostname',
    'vm.swappiness',
    'user.max_user_namespaces',
    'fs.file-max',
    'network',
  ]) {
    it(`refuses ${key}, which is the host's`, () => {
      assert.throws(() => containerSysctls(config({ sysctls: { [key]: '1' } })), {
        code: 'invalid',
        message: `sysctl '${key}' is not allowed`,
      });
    });
  }

  it('refuses to change the host’s network', () => {
    assert.throws(() => containerSysctls(config({ network: 'host', sysctls: { 'net.x': '1' } })), {
      message: "sysctl net.x=1 can't be set since Network Namespace set to host: invalid argument",
    });
  });
});

describe('checkConfig', () => {
  it('accepts a good config, whatever this host can do', () => {
    checkConfig(
      config({ limits: { memoryBytes: 1 }, user: 'nobody' }, { seccomp: 'default', apparmor: 'x' }),
    );
  });

  for (const [title, bad] of [
    ['no command', config({ command: [] })],
    ['two mounts at one place', config({ mounts: [tmpfs('/x'), tmpfs('/x')] })],
    ['an unknown capability', config({}, { capAdd: ['foo'] })],
    ['a capability both added and dropped', config({}, { capAdd: ['kill'], capDrop: ['kill'] })],
    ['an unknown ulimit', config({ ulimits: [{ name: 'foo', soft: 1, hard: 1 }] })],
    ['a sysctl of the host', config({ sysctls: { 'vm.swappiness': '1' } })],
  ] as const) {
    it(`refuses ${title}, as generateSpec would`, () => {
      assert.throws(() => checkConfig(bad), { name: 'BerthError' });
      assert.throws(() => spec(bad), { name: 'BerthError' });
    });
  }
});

it('host-gateway is refused where there is no network to have one', () => {
  const asked = (network: string) =>
    config({ network, addHosts: ['x:host-gateway'] } as Partial<ContainerConfig>);
  checkConfig(asked('bridge'));
  for (const network of ['none', 'host', 'container:x'])
    assert.throws(() => checkConfig(asked(network)), /unable to replace "host-gateway"/);
});

function tmpfs(destination: string) {
  return { type: 'tmpfs' as const, destination, options: [] };
}
