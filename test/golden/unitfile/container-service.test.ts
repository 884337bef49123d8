import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ContainerConfig } from '../../../src/model/config.ts';
import { containerService, type ServiceContext } from '../../../src/unitfile/container-service.ts';
import { freeText } from '../../../src/unitfile/escape.ts';
import { printUnit } from '../../../src/unitfile/unit.ts';
import { config } from '../../support/config.ts';
import { type Assignment, parseCommand, parseUnit, resolveSpecifiers, splitWords } from './parse.ts';

const CONTEXT: ServiceContext = {
  libexec: '/usr/libexec/berth',
  stateDir: '/var/lib/berth',
  runDir: '/run/berth',
  rootArgs: [],
  systemdVersion: 257,
};

const named = (name: string, changes: Partial<ContainerConfig> = {}): ContainerConfig =>
  config({ name, unit: `berth-${name}.service`, ...changes });

const CACHE = named('cache', {
  image: { id: 'cd'.repeat(32), name: 'docker.io/library/redis:7', layers: [] },
  restart: { name: 'always', maximumRetryCount: 0 },
  stopTimeoutSeconds: 30,
  mounts: [
    { type: 'bind', source: '/srv/data', destination: '/data', options: [] },
    { type: 'tmpfs', destination: '/tmp', options: [] },
  ],
});
delete CACHE.rootfs;

const GOLDEN: Record<string, [ContainerConfig, Partial<ServiceContext>]> = {
  cache: [CACHE, {}],
  once: [named('once', { rootfs: '/srv/root', autoRemove: true }), {}],
  'on-failure': [named('job', { restart: { name: 'on-failure', maximumRetryCount: 3 } }), {}],
  networks: [named('web', { network: 'bridge', networks: [{ network: 'podman' }] }), {}],
  'systemd-252': [
    named('old', { restart: { name: 'unless-stopped', maximumRetryCount: 0 } }),
    { systemdVersion: 252 },
  ],
  dependencies: [
    named('web', { requires: ['1'.repeat(64)], network: `container:${'2'.repeat(64)}` }),
    {
      dependencies: [
        { unit: 'berth-db.service', kind: 'requires' },
        { unit: 'berth-net.service', kind: 'namespace' },
      ],
    },
  ],
  credentials: [
    named('vault', {
      credentials: [{ name: 'db-password', destination: '/run/secrets/x', uid: 0, gid: 0, mode: 0o444 }],
    }),
    {},
  ],
  'other-root': [
    named('moved', {
      rootfs: '/srv/a "b" 100%/$HOME\\',
      mounts: [{ type: 'bind', source: '/srv/tab\there', destination: '/x', options: [] }],
    }),
    {
      stateDir: '/mnt/my disk',
      runDir: '/mnt/my disk/run',
      rootArgs: ['--root', '/mnt/my disk'],
      libexec: '/opt/$berth 1%/libexec',
    },
  ],
};

describe('the unit file of a container', () => {
  for (const [name, [container, context]] of Object.entries(GOLDEN)) {
    it(`is the one written down in ${name}.service`, () => {
      const file = path.join(import.meta.dirname, `${name}.service`);
      const text = containerService(container, { ...CONTEXT, ...context });
      if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text);
      assert.equal(text, readFileSync(file, 'utf8'));
    });
  }

  it('has the slice that was asked for, and one of its own in it where its control group is taken', () => {
    const sliceOf = (changes: Partial<ContainerConfig>, ownSlice: boolean) =>
      parseUnit(containerService(named('x', changes), { ...CONTEXT, ownSlice })).find(
        ({ key }) => key === 'Slice',
      )?.value;
    assert.equal(sliceOf({}, false), undefined);
    assert.equal(sliceOf({}, true), 'system-berth.slice');
    assert.equal(sliceOf({ cgroupParent: 'work-batch.slice' }, false), 'work-batch.slice');
    assert.equal(sliceOf({ cgroupParent: 'work-batch.slice' }, true), 'work-batch-berth.slice');
  });

  it('asks for credentials in a way that this systemd knows', () => {
    const [vault] = GOLDEN.credentials ?? assert.fail();
    const imports = (systemdVersion: number) =>
      parseUnit(containerService(vault, { ...CONTEXT, systemdVersion }))
        .filter(({ key }) => key === 'ImportCredential')
        .map(({ value }) => value);
    assert.deepEqual([imports(254), imports(253)], [['db-password'], []]);
  });

  it('says exactly what was meant, whatever is in its values', () => {
    fc.assert(
      fc.property(anyContainer, anyContext, (container, context) => {
        assert.deepEqual(meaning(containerService(container, context)), expected(container, context));
      }),
      { numRuns: 1000 },
    );
  });

  it('never stops a container earlier than it was told to', () => {
    for (const [seconds, text] of [
      [0, '20'],
      [10, '30'],
      [999_999_980, '1000000000'],
      [999_999_981, 'infinity'],
      [2 ** 53 - 1, 'infinity'],
    ] as const) {
      const unit = parseUnit(containerService(named('x', { stopTimeoutSeconds: seconds }), CONTEXT));
      assert.equal(unit.find(({ key }) => key === 'TimeoutStopSec')?.value, text);
    }
  });
});

describe('printUnit', () => {
  it('refuses a value that would break out of its line', () => {
    for (const value of ['a\nb', 'a\rb', 'a\0b', 'a\\']) {
      const sections = [{ name: 'Unit', entries: [{ key: 'Description', value }] }];
      assert.throws(() => printUnit({ header: [], sections }), {
        message: /^unit file value is not one line/,
      });
      assert.throws(() => printUnit({ header: [value], sections: [] }), { message: /is not one line/ });
    }
  });
});

/** Text with everything in it that means something to systemd. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({
    unit: fc.constantFrom(...'ab/ \t\n\r\\"\'%$;#=[]-@:+!|{}~\x01\x7f\x85\u00a0\u2028é😀'),
    maxLength: 30,
  }),
  fc.constantFrom(
    '\n[Service]\nExecStart=/bin/evil',
    '%n',
    '$HOME',
    '\x24{HOME}',
    ' ; /bin/evil',
    '\\',
    'a\\',
    '"',
    '\\x0a',
  ),
);
/** What a path or an argument of a program can be: no NUL, and UTF-8, which has no lone surrogates. */
const argument = text.map((value) => value.replaceAll('\0', '').toWellFormed());
const absolute = argument.map((value) => path.posix.normalize(`/${value}`));

const anyContainer: fc.Arbitrary<ContainerConfig> = fc
  .record({
    name: fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,30}$/),
    imageName: fc.option(text, { nil: undefined }),
    rootfs: absolute,
    sources: fc.array(absolute, { maxLength: 4 }),
    label: text,
    stopTimeoutSeconds: fc.nat(),
    autoRemove: fc.boolean(),
    restart: fc.constantFrom('no', 'always', 'on-failure', 'unless-stopped'),
  })
  .map(({ name, imageName, rootfs, sources, label, restart, ...rest }) => {
    const container = named(name, {
      ...rest,
      rootfs,
      labels: { [label]: label },
      env: [`A=${label}`],
      command: [label],
      mounts: sources.map((source) => ({ type: 'bind', source, destination: '/x', options: [] })),
      restart: { name: restart, maximumRetryCount: 0 },
    });
    if (imageName === undefined) return container;
    const { rootfs: _, ...withoutRoot } = container;
    return { ...withoutRoot, image: { id: 'cd'.repeat(32), name: imageName, layers: [] } };
  });

const anyContext: fc.Arbitrary<ServiceContext> = fc
  .record({ root: absolute, libexec: absolute, systemdVersion: fc.constantFrom(252, 254, 257) })
  .map(({ root, libexec, systemdVersion }) => ({
    libexec,
    stateDir: root,
    runDir: path.posix.join(root, 'run'),
    rootArgs: ['--root', root],
    systemdVersion,
  }));

const SECTIONS = ['Unit', 'Service', 'Install'];

/** What systemd would understand. */
function meaning(unit: string): object {
  const read: Record<string, unknown> = {};
  for (const { section, key, value } of parseUnit(unit)) {
    assert.ok(SECTIONS.includes(section), section);
    const name = `${section}.${key}`;
    assert.ok(!(name in read), `${name} stands twice`);
    read[name] = resolve({ section, key, value });
  }
  return read;
}

function resolve({ key, value }: Assignment): unknown {
  if (key.startsWith('Exec')) return parseCommand(value);
  if (key === 'RequiresMountsFor') return splitWords(value, 'plain').map(resolveSpecifiers);
  return resolveSpecifiers(value);
}

function expected(
  container: ContainerConfig,
  { libexec, stateDir, runDir, rootArgs, systemdVersion }: ServiceContext,
): object {
  const { id, name, image, rootfs, mounts, restart, autoRemove, stopTimeoutSeconds } = container;
  const command = (program: string, prefix = '') => ({
    prefix,
    argv: [`${libexec}/berth-${program}`, ...rootArgs, id],
  });
  const sources = mounts.flatMap(({ source }) => source ?? []);
  const seconds = stopTimeoutSeconds + 20;
  return {
    'Unit.Description': resolveSpecifiers(freeText(`Container ${name} (${image?.name ?? rootfs})`)),
    'Unit.Documentation': 'man:berth-unit(7)',
    'Unit.RequiresMountsFor': [
      ...new Set([stateDir, runDir, ...(rootfs === undefined ? [] : [rootfs]), ...sources]),
    ].map(upToLineBreak),
    'Unit.After': 'dbus.service',
    'Unit.StartLimitIntervalSec': '0',
    ...(autoRemove ? { 'Unit.CollectMode': 'inactive-or-failed' } : {}),
    'Service.Type': 'notify',
    'Service.NotifyAccess': 'exec',
    ...(restart.name === 'unless-stopped' ? { 'Service.ExecCondition': command('condition') } : {}),
    'Service.ExecStart': command('start', '-'),
    'Service.ExecStop': command('stop'),
    'Service.ExecStopPost': command('cleanup'),
    'Service.TimeoutStartSec': '90',
    'Service.TimeoutStopSec': seconds > 1e9 ? 'infinity' : String(seconds),
    'Service.Delegate': 'yes',
    ...(systemdVersion < 254 ? {} : { 'Service.DelegateSubgroup': 'supervisor' }),
    'Service.KillMode': 'mixed',
    'Service.Restart': { no: 'no', 'on-failure': 'on-failure', always: 'always', 'unless-stopped': 'always' }[
      restart.name
    ],
    ...(restart.name === 'no'
      ? {}
      : systemdVersion < 254
        ? { 'Service.RestartSec': '5s' }
        : {
            'Service.RestartSec': '10ms',
            'Service.RestartSteps': '10',
            'Service.RestartMaxDelaySec': '15s',
          }),
    'Install.WantedBy': 'multi-user.target',
  };
}

/** A folder name with a line break in it cannot be written there; the mounts above it still can. */
function upToLineBreak(file: string): string {
  const parts = file.split('/');
  const broken = parts.findIndex((part) => /[\n\r]/.test(part));
  return broken < 0 ? file : parts.slice(0, broken).join('/') || '/';
}
