/** What people see: the STATUS column, inspect of containers and images; and settings. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { containerStatus } from '../../../src/model/display.ts';
import type { ImageConfig } from '../../../src/model/image/image.ts';
import { type InspectFacts, inspectContainer } from '../../../src/model/inspect/container.ts';
import { inspectImage } from '../../../src/model/inspect/image.ts';
import type { ContainerRecord } from '../../../src/model/records.ts';
import { settingsFor } from '../../../src/model/settings.ts';
import { type ContainerState, initialState } from '../../../src/model/state.ts';
import { config } from '../../support/config.ts';

const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();

function record(state: Partial<ContainerState> = {}, more: Partial<ContainerRecord> = {}): ContainerRecord {
  return { config: config(), state: { ...initialState(), ...state }, ...more };
}

describe('containerStatus', () => {
  const ROWS: [state: Partial<ContainerState>, text: string][] = [
    [{}, 'Created'],
    [{ status: 'created' }, 'Initialized'],
    [{ status: 'running', startedAt: ago(3) }, 'Up 3 seconds'],
    [{ status: 'running', startedAt: ago(-5) }, 'Up Less than a second'],
    [{ status: 'paused' }, 'Paused'],
    [{ status: 'stopping' }, 'Stopping'],
    [{ status: 'removing' }, 'Removing'],
    [{ status: 'exited', exitCode: 0, finishedAt: ago(120) }, 'Exited (0) 2 minutes ago'],
    [{ status: 'stopped', exitCode: 137, finishedAt: ago(1) }, 'Exited (137) 1 second ago'],
    [{ status: 'exited', exitCode: -1, finishedAt: ago(90 * 60) }, 'Exited (-1) 2 hours ago'],
  ];
  for (const [state, text] of ROWS) {
    it(`says "${text}"`, () => assert.equal(containerStatus(record(state), NOW), text));
  }

  it('adds the health of a running container', () => {
    const health = { status: 'healthy', failingStreak: 0 } as const;
    assert.equal(
      containerStatus(record({ status: 'running', startedAt: ago(60) }, { health }), NOW),
      'Up About a minute (healthy)',
    );
    assert.equal(containerStatus(record({}, { health }), NOW), 'Created');
  });
});

const FACTS: InspectFacts = {
  bundle: '/run/b',
  staticDir: '/var/s',
  files: { spec: '/run/b/config.json' },
  overlay: { lower: ['/l/2', '/l/1'], upper: '/var/s/upper', work: '/var/s/work' },
  mountPoint: '/var/s/merged',
  healthLog: [],
  restartCount: 4,
  logPath: '',
  imageDigest: '',
  execIds: [],
  network: { owner: config(), ids: {} },
  mounts: [],
  env: [],
  effectiveCaps: ['CAP_KILL'],
  boundingCaps: ['CAP_KILL'],
  capAdd: [],
  capDrop: [],
};

/** Any depth of the object, without types: this is JSON for others. */
// biome-ignore lint/suspicious/noExplicitAny: see above
function inspect(container: ContainerRecord, facts: Partial<InspectFacts> = {}): any {
  return JSON.parse(JSON.stringify(inspectContainer(container, { ...FACTS, ...facts })));
}

describe('inspect of a container', () => {
  it('has Podman’s fields', () => {
    const shown = inspect(record());
    const FIELDS =
      'Id Created Path Args State Image ImageName ImageDigest Rootfs Pod ResolvConfPath HostnamePath HostsPath StaticDir ' +
      'OCIConfigPath OCIRuntime ConmonPidFile PidFile Name RestartCount Driver MountLabel ProcessLabel AppArmorProfile ' +
      'EffectiveCaps BoundingCaps ExecIDs GraphDriver Mounts Dependencies NetworkSettings Namespace IsInfra IsService ' +
      'KubeExitCodePropagation lockNumber Config HostConfig';
    assert.deepEqual(
      FIELDS.split(' ').filter((field) => !(field in shown)),
      [],
    );
    for (const [part, fields] of [
      [
        'State',
        'Status Running Paused Restarting OOMKilled Dead Pid ExitCode Error StartedAt FinishedAt StoppedByUser',
      ],
      [
        'Config',
        'Hostname User Tty OpenStdin Env Cmd Image WorkingDir Entrypoint Labels Annotations StopSignal CreateCommand Umask StopTimeout',
      ],
      [
        'HostConfig',
        'Binds LogConfig NetworkMode RestartPolicy AutoRemove CapAdd CapDrop Privileged ReadonlyRootfs Tmpfs ShmSize Memory NanoCpus PidsLimit Ulimits',
      ],
    ] as const) {
      assert.deepEqual(
        fields.split(' ').filter((field) => !(field in shown[part])),
        [],
        part,
      );
    }
  });

  it('splits the command into path and arguments', () => {
    const { Path, Args } = inspect(
      record({}, { config: config({ entrypoint: ['/init', '-v'], command: ['x'] }) }),
    );
    assert.deepEqual([Path, Args], ['/init', ['-v', 'x']]);
  });

  it('shows the state in Podman’s words, with Go’s zero time for what has not been', () => {
    const { State } = inspect(record());
    assert.deepEqual(
      [State.Status, State.Running, State.Pid, State.StartedAt, State.FinishedAt, State.ExitCode],
      ['created', false, 0, '0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z', 0],
    );
    const running = inspect(
      record({
        status: 'running',
        startedAt: ago(1),
        payload: { pid: 7, startTime: 1 },
        conmon: { pid: 6, startTime: 1 },
        cgroup: '/a.service',
      }),
    ).State;
    assert.deepEqual(
      [running.Status, running.Running, running.Pid, running.ConmonPid, running.CgroupPath],
      ['running', true, 7, 6, '/a.service/container'],
    );
    assert.equal(inspect(record({ status: 'stopping' })).State.Running, false);
    assert.deepEqual([inspect(record({ status: 'paused' })).State.Paused], [true]);
  });

  it('shows limits in Podman’s units and restarts as systemd counts them', () => {
    const { HostConfig, RestartCount } = inspect(
      record(
        {},
        {
          config: config({
            limits: { memoryBytes: 1024, cpus: 1.5, pids: 9 },
            umask: 0o27,
            ulimits: [{ name: 'nofile', soft: 1, hard: -1 }],
          }),
        },
      ),
    );
    assert.deepEqual(
      [
        HostConfig.Memory,
        HostConfig.NanoCpus,
        HostConfig.CpuQuota,
        HostConfig.CpuPeriod,
        HostConfig.PidsLimit,
        RestartCount,
      ],
      [1024, 1_500_000_000, 150_000, 100_000, 9, 4],
    );
    assert.deepEqual(HostConfig.Ulimits, [{ Name: 'RLIMIT_NOFILE', Soft: 1, Hard: -1 }]);
    assert.equal(inspect(record({}, { config: config({ umask: 0o27 }) })).Config.Umask, '0027');
  });

  it('shows binds and tmpfs with the options that they have, and the capabilities beyond the default ones', () => {
    const { Mounts, HostConfig, EffectiveCaps } = inspect(record(), {
      mounts: [
        { type: 'bind', source: '/a', destination: '/b', options: ['Z', 'noexec', 'ro', 'rslave', 'rbind'] },
        { type: 'bind', source: '/c', destination: '/d', options: ['bind', 'rw', 'private'] },
        { type: 'tmpfs', destination: '/t', options: ['size=1m', 'rw', 'nodev'] },
      ],
      effectiveCaps: [],
      capAdd: ['CAP_BPF'],
      capDrop: ['CAP_KILL'],
    });
    assert.deepEqual(
      Mounts.map(({ Source, Destination, Mode, RW, Propagation, Options }: Record<string, unknown>) => [
        ...[Source, Destination, Mode, RW, Propagation, Options],
      ]),
      [
        ['/a', '/b', 'Z', false, 'rslave', ['noexec', 'rbind']],
        ['/c', '/d', '', true, 'private', ['bind']],
      ],
    );
    assert.deepEqual(HostConfig.Binds, ['/a:/b:Z,noexec,ro,rslave,rbind', '/c:/d:bind,rw,private']);
    assert.deepEqual(HostConfig.Tmpfs, { '/t': 'size=1m,rw,nodev' });
    assert.deepEqual(
      [EffectiveCaps, HostConfig.CapAdd, HostConfig.CapDrop],
      [null, ['CAP_BPF'], ['CAP_KILL']],
    );
  });

  it('shows security options in Podman’s order, and a check that was switched off', () => {
    const security = {
      ...config().security,
      noNewPrivileges: true,
      label: ['type:a', 'level:s0'],
      seccomp: { path: '/p.json' },
      unmask: 'ALL' as const,
    };
    const { Config, HostConfig } = inspect(
      record({}, { config: { ...config({ healthDisabled: true }), security } }),
    );
    assert.deepEqual(HostConfig.SecurityOpt, [
      ...['no-new-privileges', 'label=type:a,label=level:s0', 'seccomp=/p.json', 'unmask=all'],
    ]);
    assert.deepEqual(Config.Healthcheck, { Test: ['NONE'] });
  });

  it('shows the health check with Go’s nanoseconds, and its state and log only if there is one', () => {
    const health = {
      test: ['ping'],
      testAsGiven: ['CMD', 'ping'],
      intervalMs: 1000,
      timeoutMs: 0.5,
      startPeriodMs: 0,
      retries: 3,
      onFailure: 'kill' as const,
      maxLogCount: 5,
      maxLogSize: 500,
    };
    const entry = { start: ago(2), end: ago(1), exitCode: 1, output: 'no' };
    const { Config, State } = inspect(
      record({}, { config: config({ health }), health: { status: 'unhealthy', failingStreak: 3 } }),
      { healthLog: [entry] },
    );
    assert.deepEqual(Config.Healthcheck, {
      Test: ['CMD', 'ping'],
      Interval: 1e9,
      Timeout: 500_000,
      Retries: 3,
    });
    assert.equal(Config.HealthcheckOnFailureAction, 'kill');
    assert.deepEqual(State.Health, {
      Status: 'unhealthy',
      FailingStreak: 3,
      Log: [{ Start: entry.start, End: entry.end, ExitCode: 1, Output: 'no' }],
    });
    assert.equal('Health' in inspect(record()).State, false);
  });
});

describe('inspect of an image', () => {
  it('has Podman’s fields', () => {
    const image: ImageConfig = {
      architecture: 'arm64',
      os: 'linux',
      created: '2026-01-01T00:00:00Z',
      user: 'app',
      env: ['A=1'],
      entrypoint: ['e'],
      cmd: ['c'],
      workingDir: '/w',
      labels: { a: 'b' },
      exposedPorts: ['80/tcp'],
      volumes: ['/data'],
      diffIds: [],
      history: [
        { createdBy: 'RUN x', emptyLayer: false },
        { comment: 'y', emptyLayer: true },
      ],
    };
    const shown = inspectImage(
      {
        id: 'ab',
        names: ['localhost/a:1'],
        layers: [
          { diffId: 'd1', sizeBytes: 10 },
          { diffId: 'd2', sizeBytes: 5 },
        ],
        config: image,
        digest: 'ef',
        importedAt: ago(1),
      },
      ['/l/2', '/l/1'],
    );
    assert.deepEqual(shown, {
      Id: 'ab',
      Digest: 'sha256:ef',
      RepoTags: ['localhost/a:1'],
      RepoDigests: ['localhost/a@sha256:ef'],
      Parent: '',
      Comment: 'y',
      Created: '2026-01-01T00:00:00Z',
      Config: {
        User: 'app',
        ExposedPorts: { '80/tcp': {} },
        Env: ['A=1'],
        Entrypoint: ['e'],
        Cmd: ['c'],
        Volumes: { '/data': {} },
        WorkingDir: '/w',
        Labels: { a: 'b' },
      },
      Version: '',
      Author: '',
      Architecture: 'arm64',
      Os: 'linux',
      Size: 15,
      VirtualSize: 15,
      GraphDriver: { Name: 'overlay', Data: { LowerDir: '/l/1', UpperDir: '/l/2' } },
      RootFS: { Type: 'layers', Layers: ['sha256:d1', 'sha256:d2'] },
      Labels: { a: 'b' },
      Annotations: {},
      User: 'app',
      History: [{ created_by: 'RUN x' }, { comment: 'y', empty_layer: true }],
      NamesHistory: ['localhost/a:1'],
    });
  });
});

describe('settingsFor', () => {
  it('is the system’s own instance without --root', () => {
    const system = {
      stateDir: '/var/lib/berth',
      runDir: '/run/berth',
      unitDir: '/usr/local/lib/systemd/system',
      runtimeUnitDir: '/run/systemd/system',
      libexec: '/usr/libexec/berth',
      rootArgs: [],
    };
    assert.deepEqual(settingsFor(undefined, {}), system);
    assert.deepEqual(settingsFor(undefined, { BERTH_ROOT: '' }), system);
  });

  it('puts another instance below --root, before BERTH_ROOT', () => {
    const { stateDir, runDir, rootArgs } = settingsFor('/a', { BERTH_ROOT: '/b' });
    assert.deepEqual([stateDir, runDir, rootArgs], ['/a', '/a/run', ['--root', '/a']]);
    assert.deepEqual(settingsFor(undefined, { BERTH_ROOT: '/b' }).rootArgs, ['--root', '/b']);
  });

  it('refuses a relative one', () => {
    for (const root of ['a', '', './a']) assert.throws(() => settingsFor(root, {}), { code: 'usage' });
  });
});
