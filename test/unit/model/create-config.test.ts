import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CreateRequest, containerConfig } from '../../../src/model/create-config.ts';
import type { ImageConfig } from '../../../src/model/image/image.ts';
import { parsePublish } from '../../../src/model/network/publish.ts';
import { createRequest, IMAGE_CONFIG } from '../../support/config.ts';

const ID = 'ab'.repeat(32);

const REQUEST: CreateRequest = { ...createRequest('app'), shmSizeBytes: 65_536 };

/** The config of a request, against an image or (image: null) a root file system. */
function make(request: Partial<CreateRequest> = {}, image: Partial<ImageConfig> | null = {}) {
  return containerConfig(
    { ...REQUEST, ...request },
    {
      id: ID,
      mounts: [],
      name: 'app',
      now: '2026-03-01T12:00:00.000Z',
      runtime: '/usr/bin/crun',
      hostHostname: 'the-host',
      ...(image === null
        ? {}
        : {
            image: {
              id: 'cd'.repeat(32),
              name: 'localhost/app:latest',
              layers: ['l1'],
              config: { ...IMAGE_CONFIG, ...image },
            },
          }),
    },
  );
}

describe('containerConfig', () => {
  const publish = [parsePublish('8080:80')];
  const [port80] = publish;
  const PORTS: [
    what: string,
    request: Partial<CreateRequest>,
    exposed: string[],
    ports: unknown,
    open: unknown,
  ][] = [
    ['nothing', { network: 'bridge' }, [], undefined, undefined],
    [
      'what is exposed and published',
      { network: 'bridge', publish, expose: ['90/tcp'] },
      ['80-81/tcp'],
      [port80],
      ['80/tcp', '81/tcp', '90/tcp'],
    ],
    [
      'all that is exposed',
      { network: 'bridge', publish, expose: ['90/udp'], publishAllPorts: true },
      ['80', '81/tcp'],
      [port80, parsePublish('81'), parsePublish('90/udp')],
      ['80/tcp'],
    ],
    [
      'no ports of a network that is not its own',
      { network: 'host', publish },
      ['80'],
      undefined,
      ['80/tcp'],
    ],
    ['nothing of them', { network: 'none', publish, publishAllPorts: true }, ['80'], undefined, undefined],
  ];
  for (const [what, request, exposedPorts, ports, open] of PORTS)
    it(`has ${what}: ${request.network}`, () => {
      const made = make(request, { exposedPorts });
      assert.deepEqual([made.ports, made.exposedPorts], [ports, open]);
    });

  it('has an init program in front of the command only where that can be the first process', () => {
    const init = 'catatonit';
    assert.deepEqual(make({ init, command: ['/sbin/init'] }).systemd, undefined);
    assert.throws(() => make({ init, systemd: true }), {
      message: 'cannot use container-init binary with systemd=always',
    });
    assert.throws(() => make({ init, namespaces: { pid: 'host' } }), {
      message: "cannot add init binary as PID 1 (PID namespace isn't private)",
    });
  });

  it('knows systemd by its command or by what was said, and how it is stopped unless another signal was named', () => {
    const of = (...made: Parameters<typeof make>) => {
      const { systemd, stopSignal } = make(...made);
      return [systemd, stopSignal];
    };
    assert.deepEqual(of(), [undefined, 15]);
    assert.deepEqual(of({}, { entrypoint: ['/bin/sh', '-c'], cmd: ['/sbin/init'] }), [true, 37]);
    assert.deepEqual(of({ systemd: true }), [true, 37]);
    assert.deepEqual(of({ command: ['/sbin/init'], systemd: false }), [undefined, 15]);
    assert.deepEqual(of({ command: ['/sbin/init'] }, { stopSignal: 'SIGINT' }), [true, 2]);
    assert.deepEqual(of({ systemd: true, stopSignal: 9 }), [true, 9]);
  });

  it('fills in the identity, the unit and the image', () => {
    const config = make();
    assert.deepEqual(
      [
        config.version,
        config.id,
        config.name,
        config.unit,
        config.createdAt,
        config.runtime,
        config.createCommand,
      ],
      [
        1,
        ID,
        'app',
        'berth-app.service',
        '2026-03-01T12:00:00.000Z',
        '/usr/bin/crun',
        ['berth', 'create', 'app'],
      ],
    );
    assert.deepEqual(config.image, { id: 'cd'.repeat(32), name: 'localhost/app:latest', layers: ['l1'] });
    assert.equal('rootfs' in config, false);
  });

  it('takes a root file system instead of an image', () => {
    const config = make({ image: '/srv/root', rootfs: true, command: ['init'] }, null);
    assert.equal(config.rootfs, '/srv/root');
    assert.equal('image' in config, false);
  });

  // entrypoint, cmd: of the image · asked: --entrypoint and the words after the image · run: what results
  const COMMANDS: {
    title: string;
    image: Partial<ImageConfig>;
    asked: Partial<CreateRequest>;
    run: string[][];
  }[] = [
    { title: 'the image’s own', image: { entrypoint: ['e'], cmd: ['c'] }, asked: {}, run: [['e'], ['c']] },
    {
      title: 'a command replaces CMD',
      image: { entrypoint: ['e'], cmd: ['c'] },
      asked: { command: ['x'] },
      run: [['e'], ['x']],
    },
    {
      title: 'an entrypoint drops CMD',
      image: { entrypoint: ['e'], cmd: ['c'] },
      asked: { entrypoint: ['n'] },
      run: [['n'], []],
    },
    {
      title: 'both are replaced',
      image: { entrypoint: ['e'], cmd: ['c'] },
      asked: { entrypoint: ['n', '-v'], command: ['x', 'y'] },
      run: [
        ['n', '-v'],
        ['x', 'y'],
      ],
    },
    {
      title: 'an empty entrypoint clears it',
      image: { entrypoint: ['e'] },
      asked: { entrypoint: [], command: ['x'] },
      run: [[], ['x']],
    },
  ];
  for (const { title, image, asked, run } of COMMANDS) {
    it(`decides what runs: ${title}`, () => {
      const { entrypoint, command } = make(asked, image);
      assert.deepEqual([entrypoint, command], run);
    });
  }

  it('refuses to make a container without anything to run', () => {
    const text = /^no command or entrypoint provided, and no CMD or ENTRYPOINT from image/;
    assert.throws(() => make({}, { cmd: [] }), { code: 'invalid', message: text });
    assert.throws(() => make({ entrypoint: [] }, { entrypoint: ['e'], cmd: ['c'] }), { message: text });
    assert.throws(() => make({ image: '/srv', rootfs: true }, null), { message: text });
  });

  // field · the image's · asked for · the result without and with the flag
  const PRECEDENCE = [
    ['user', { user: 'app' }, { user: '7:8' }, 'app', '7:8', ''],
    ['workdir', { workingDir: '/w' }, { workdir: '/x' }, '/w', '/x', '/'],
    ['stopSignal', { stopSignal: 'SIGQUIT' }, { stopSignal: 9 }, 3, 9, 15],
    ['env', { env: ['A=1', 'B=1'] }, { env: ['B=2', 'C=2'] }, ['A=1', 'B=1'], ['A=1', 'B=2', 'C=2'], []],
    [
      'labels',
      { labels: { a: '1', b: '1' } },
      { labels: { b: '2' } },
      { a: '1', b: '1' },
      { a: '1', b: '2' },
      {},
    ],
  ] as const;
  for (const [field, image, asked, ofImage, ofFlag, ofNobody] of PRECEDENCE) {
    it(`takes ${field} from the flag, else from the image, else the default`, () => {
      const both = make(asked as Partial<CreateRequest>, image as Partial<ImageConfig>);
      const onlyImage = make({}, image as Partial<ImageConfig>);
      assert.deepEqual([both[field], onlyImage[field], make()[field]], [ofFlag, ofImage, ofNobody]);
    });
  }

  it('takes an empty --user and --workdir as not given', () => {
    const { user, workdir } = make({ user: '', workdir: '' }, { user: 'app', workingDir: '/w' });
    assert.deepEqual([user, workdir], ['app', '/w']);
  });

  it('refuses an image with a stop signal that does not exist', () => {
    assert.throws(() => make({}, { stopSignal: 'SIGNONE' }), {
      code: 'invalid',
      message: 'invalid signal: SIGNONE',
    });
  });

  it('names the host by the short ID, by the host’s own name with --network host, or as asked', () => {
    assert.equal(make().hostname, ID.slice(0, 12));
    assert.equal(make({ network: 'host' }).hostname, 'the-host');
    assert.equal(make({ network: 'host', hostname: 'box' }).hostname, 'box');
  });

  it('refuses --rm with a restart policy, in Podman’s words', () => {
    const always = { name: 'always', maximumRetryCount: 0 } as const;
    assert.throws(() => make({ autoRemove: true, restart: always }), {
      code: 'usage',
      message: 'the --rm option conflicts with --restart, when the restartPolicy is not "" and "no"',
    });
    assert.equal(make({ autoRemove: true }).autoRemove, true);
  });
});

describe('the health check of a container', () => {
  const CHECK = { test: ['CMD', 'ping'], intervalMs: 5000, retries: 7 };
  const DEFAULTS = {
    intervalMs: 30_000,
    timeoutMs: 30_000,
    startPeriodMs: 0,
    retries: 3,
    onFailure: 'none',
    maxLogCount: 5,
    maxLogSize: 500,
  };

  it('is the image’s, with defaults for what the image leaves open', () => {
    assert.deepEqual(make({}, { healthcheck: CHECK }).health, {
      ...DEFAULTS,
      test: ['ping'],
      testAsGiven: ['CMD', 'ping'],
      intervalMs: 5000,
      retries: 7,
    });
  });

  it('is replaced flag by flag', () => {
    const health = {
      disabled: false,
      command: 'true',
      retries: 1,
      onFailure: 'kill',
      maxLogCount: 0,
    } as const;
    assert.deepEqual(make({ health }, { healthcheck: CHECK }).health, {
      ...DEFAULTS,
      test: ['/bin/sh', '-c', 'true'],
      testAsGiven: ['CMD-SHELL', 'true'],
      intervalMs: 5000,
      retries: 1,
      onFailure: 'kill',
      maxLogCount: 0,
    });
  });

  it('is absent when nobody asked for one, or one of the two ways to switch it off was used', () => {
    assert.equal(make().health, undefined);
    assert.equal(make({}, { healthcheck: { test: ['NONE'] } }).health, undefined);
    assert.equal(make({ health: { disabled: true } }, { healthcheck: CHECK }).health, undefined);
    assert.equal(
      make({ health: { disabled: false, command: 'none' } }, { healthcheck: CHECK }).health,
      undefined,
    );
  });

  it('cannot be both given and switched off', () => {
    assert.throws(() => make({ health: { disabled: true, command: 'true' } }), {
      code: 'usage',
      message: 'cannot specify both --no-healthcheck and --health-cmd',
    });
  });

  it('is needed for an action', () => {
    for (const health of [{ disabled: false }, { disabled: true }]) {
      assert.throws(() => make({ health: { ...health, onFailure: 'kill' } }), {
        code: 'invalid',
        message: 'cannot set on-failure action to kill without a health check',
      });
    }
    assert.equal(make({ health: { disabled: true, onFailure: 'none' } }).health, undefined);
  });
});
