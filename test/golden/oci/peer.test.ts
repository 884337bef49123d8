/**
 * Each case's spec against the one that Podman 5.4.2 wrote for the equal command line (peer/README.md). Everything
 * must be equal but for the deliberate differences, which `asPodman` spells out.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { serializeSpec } from '../../../src/oci/serialize.ts';
import { generateSpec } from '../../../src/oci/spec.ts';
import { CASES, type Case, inputOf } from './cases.ts';

describe('specs compared with Podman’s', () => {
  for (const test of CASES.filter(({ podman }) => podman !== undefined)) {
    it(`differs from Podman’s only on purpose for ${test.name}`, () => {
      const peer = JSON.parse(readFileSync(new URL(`peer/${test.name}.json`, import.meta.url), 'utf8'));
      const ours = JSON.parse(serializeSpec(generateSpec(inputOf(test))));
      assert.deepEqual(comparable(asPodman(ours, test)), comparable(withoutPodmansOwn(peer, test)));
    });
  }

  it('would find a difference that is not on purpose', () => {
    const test = CASES[0] as Case;
    const ours = (): Json => JSON.parse(serializeSpec(generateSpec(inputOf(test))));
    const changed = ours();
    changed.mounts[0].options.push('noatime');
    assert.notDeepEqual(comparable(asPodman(changed, test)), comparable(asPodman(ours(), test)));
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a parsed document, taken apart field by field
type Json = any;

/** Our spec with each deliberate difference of generateSpec's table taken back. */
function asPodman(spec: Json, test: Case): Json {
  if (test.seccomp !== true && spec.linux.seccomp !== undefined) {
    spec.linux.seccomp = 'left out';
  }
  const { capabilities, user } = spec.process;
  const shm = spec.mounts.find((mount: Json) => mount.destination === '/dev/shm' && mount.source === 'shm');
  if (shm !== undefined) {
    shm.type = 'bind';
    shm.source = '/FILES/shm';
    const kept = shm.options.filter((option: string) => !/^(size|mode)=/.test(option));
    shm.options = ['bind', 'rprivate', ...kept];
  }
  spec.process.env = spec.process.env.filter((entry: string) => entry !== 'container=podman');
  if (test.config.user === undefined) {
    user.additionalGids = user.additionalGids.filter((gid: number) => gid !== user.gid);
  }
  const cgroup = spec.mounts.find((mount: Json) => mount.destination === '/sys/fs/cgroup');
  if (test.config.systemd === true) {
    cgroup.options = ['private', 'rw'];
  }
  if (test.config.idMappings !== undefined) {
    if (test.security?.privileged !== true) delete spec.linux.resources.devices;
    if (test.config.network === 'host') {
      cgroup.source = '/sys/fs/cgroup';
      cgroup.options = cgroup.options.filter((option: string) => option !== 'relatime');
    }
  }
  const sys = spec.mounts.find((mount: Json) => mount.destination === '/sys');
  if (test.security?.privileged === true) {
    sys.options.push('rprivate');
  }
  for (const device of spec.linux.devices ?? []) {
    device.fileMode |= device.type === 'c' ? 0o20000 : 0o60000;
  }
  for (const set of ['inheritable', 'ambient', 'effective', 'permitted', 'bounding']) {
    if (capabilities[set].length === 0) {
      delete capabilities[set];
    }
  }
  return spec;
}

/** Podman's spec without what belongs to its own machinery. */
function withoutPodmansOwn(spec: Json, test: Case): Json {
  spec.linux.maskedPaths = [...new Set(spec.linux.maskedPaths ?? [])];
  spec.annotations = Object.fromEntries(
    Object.entries(spec.annotations).filter(
      ([key]) => !/^(io\.podman|io\.container|org\.systemd)\./.test(key),
    ),
  );
  for (const mount of spec.mounts) {
    mount.source = mount.source.replace(/^.*\/userdata\//, '/FILES/');
    // Podman writes each twice in the sealed form, and an empty one in tmpfs for systemd.
    mount.options = [...new Set(mount.options)].filter((option) => option !== '');
  }
  if (test.security?.privileged === true) {
    // The devices of the recording host: our caller finds those.
    delete spec.linux.devices;
  }
  return spec;
}

/** Left out: what the caller chooses, and orders and empty parts that mean nothing to a runtime. */
function comparable(spec: Json): Json {
  const { process, linux } = spec;
  return {
    root: { path: spec.root.path, readonly: spec.root.readonly ?? false },
    hostname: spec.hostname,
    annotations: spec.annotations,
    mounts: spec.mounts
      .map((mount: Json) => ({ ...mount, options: mount.options.toSorted() }))
      .toSorted((one: Json, other: Json) => one.destination.localeCompare(other.destination)),
    process: {
      ...process,
      terminal: process.terminal ?? false,
      noNewPrivileges: process.noNewPrivileges ?? false,
      env: process.env
        .map((entry: string) => entry.replace(/^container_uuid=.*/, 'container_uuid='))
        .toSorted(),
      user: { ...process.user, additionalGids: (process.user.additionalGids ?? []).toSorted(byNumber) },
      capabilities: process.capabilities ?? {},
      rlimits: process.rlimits.toSorted((one: Json, other: Json) => one.type.localeCompare(other.type)),
    },
    linux: {
      ...linux,
      cgroupsPath: 'chosen by the caller',
      maskedPaths: (linux.maskedPaths ?? []).toSorted(),
      readonlyPaths: (linux.readonlyPaths ?? []).toSorted(),
    },
  };
}

function byNumber(one: number, other: number): number {
  return one - other;
}
