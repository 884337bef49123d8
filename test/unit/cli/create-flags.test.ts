import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { CREATE_FLAGS, createRequest } from '../../../src/cli/flags/create.ts';
import { parseCommandLine } from '../../../src/cli/parse.ts';
import type { CreateRequest } from '../../../src/model/create-config.ts';
import { createRequest as plainRequest } from '../../support/config.ts';

/** The environment of the one who types it. */
const NO_NETWORK = { network: 'none', defaultNetwork: 'podman' };
const OWN = { OWN: 'o', HTTPS_PROXY: 'p', ALL_PROXY: 'no' };

/** The request that `berth create …` makes. */
function request(...argv: string[]): CreateRequest {
  const args = parseCommandLine(
    {
      path: ['create'],
      usage: '',
      summary: '',
      flags: CREATE_FLAGS,
      stopAtPositional: true,
      positionals: [1, Number.POSITIVE_INFINITY],
      run: () => assert.fail('not run'),
    },
    argv,
  );
  return createRequest(args, ['berth', 'create', ...argv], OWN, NO_NETWORK);
}

describe('createRequest', () => {
  it('asks for nothing that was not asked for', () => {
    assert.deepEqual(request('--http-proxy=false', 'image').env, []);
    assert.deepEqual(request('image'), { ...plainRequest('image'), env: ['HTTPS_PROXY=p'] });
  });

  // One flag (or two) and the part of the request that it changes.
  const READ: [argv: string[], part: Partial<CreateRequest>][] = [
    [['--name', 'box'], { name: 'box' }],
    [['--sdnotify', 'healthy'], { sdNotify: 'healthy' }],
    [['--sdnotify', ''], {}],
    [['--hostuser', 'a,b', '--hostuser', '', '--hostuser=7'], { hostUsers: ['a', 'b', '7'] }],
    [['--passwd-entry', 'a:b', '--group-entry', ''], { passwdEntry: 'a:b' }],
    [['-itu', '7:8'], { interactive: true, terminal: true, user: '7:8' }],
    [['--network', 'container:net'], { network: 'container:net' }],
    [
      ['--pid', 'host', '--ipc', 'shareable', '--uts=private', '--cgroupns', 'ns:/proc/1/ns/cgroup'],
      { namespaces: { pid: 'host', ipc: 'shareable', cgroup: 'ns:/proc/1/ns/cgroup' } },
    ],
    [['--requires', 'one,two', '--requires', 'three'], { requires: ['one', 'two', 'three'] }],
    [['--userns', 'host', '--requires', ''], {}],
    [['--group-add', 'app,5', '--group-add', '', '--group-add=app'], { groupAdd: ['app', '5', 'app'] }],
    [
      ['--sysctl', 'net.a=1,kernel.sem=1 2 3 4', '--sysctl', 'net.a=', '--sysctl', ''],
      { sysctls: { 'net.a': '', 'kernel.sem': '1 2 3 4' } },
    ],
    [['-e', 'A=1', '--env=B=2', '--env', 'OWN'], { env: ['HTTPS_PROXY=p', 'A=1', 'B=2', 'OWN=o'] }],
    [['--http-proxy=false', '--env-host'], { env: ['OWN=o', 'HTTPS_PROXY=p', 'ALL_PROXY=no'] }],
    [['--env-merge', 'A=$B,c', '--env-merge=D='], { envMerge: ['A=$B,c', 'D='] }],
    [['--unsetenv', 'A', '--unsetenv', '', '--unsetenv', 'B,C'], { unsetEnv: ['A', 'B,C'] }],
    [['--unsetenv', 'A', '--unsetenv-all', '-q'], { unsetEnv: 'ALL' }],
    [['-l', 'a=b=c', '--label', 'bare'], { labels: { a: 'b=c', bare: '' } }],
    [['--annotation', 'k=v'], { annotations: { k: 'v' } }],
    [['--entrypoint', ''], { entrypoint: [] }],
    [['--entrypoint', '/bin/sh -c'], { entrypoint: ['/bin/sh -c'] }],
    [['--entrypoint', '["sh", "-c"]'], { entrypoint: ['sh', '-c'] }],
    [['--entrypoint', '[ -e x'], { entrypoint: ['[ -e x'] }],
    [['--entrypoint', '[1]'], { entrypoint: ['[1]'] }],
    [['-h', 'host', '-w', '/w'], { hostname: 'host', workdir: '/w' }],
    [['--stop-signal', 'quit', '--stop-timeout', '0'], { stopSignal: 3, stopTimeoutSeconds: 0 }],
    [['--restart', 'on-failure:3'], { restart: { name: 'on-failure', maximumRetryCount: 3 } }],
    [
      ['--rm', '--name', 'x', '--replace', '--read-only'],
      { autoRemove: true, name: 'x', replace: true, readOnly: true },
    ],
    [['--read-only-tmpfs=false'], { readOnlyTmpfs: false }],
    [['--network', 'host'], { network: 'host' }],
    [['--net=mine'], { network: 'bridge', networks: [{ network: 'mine' }] }],
    [
      [
        '--network',
        'mine',
        '--ip',
        '10.1.0.1',
        '--mac-address',
        '02:00:00:00:00:01',
        '--network-alias',
        'a,b',
      ],
      {
        network: 'bridge',
        networks: [{ network: 'mine', ips: ['10.1.0.1'], mac: '02:00:00:00:00:01', aliases: ['a', 'b'] }],
      },
    ],
    [
      ['-p', '80:81,82', '-P', '--expose', '1-2,3/udp', '--expose='],
      {
        publish: [
          { hostIp: '', hostPort: 80, containerPort: 81, range: 1, protocol: 'tcp' },
          { hostIp: '', hostPort: 0, containerPort: 82, range: 1, protocol: 'tcp' },
        ],
        publishAllPorts: true,
        expose: ['1/tcp', '2/tcp', '3/udp'],
      },
    ],
    [['--shm-size', '1g', '--umask', '077'], { shmSizeBytes: 1_073_741_824, umask: 0o77 }],
    [
      ['-m', '64m', '--cpus', '1.5', '--pids-limit', '9'],
      { limits: { memoryBytes: 67_108_864, cpus: 1.5, pids: 9 } },
    ],
    [['--cpus', '0', '--pids-limit', '-1'], { limits: {} }],
    [['--pids-limit', '0'], { limits: {} }],
    [['--log-driver', 'k8s-file', '--pull=never'], { logDriver: 'k8s-file', pull: 'never' }],
    [['--runtime', 'runc', '--cidfile', '/run/a/../id'], { runtime: 'runc', cidFile: '/run/id' }],
    [['--pidfile', '/run/a/../p', '--conmon-pidfile', '/c'], { pidFile: '/run/p', conmonPidFile: '/c' }],
    [
      [
        '--add-host',
        'a;b:1.2.3.4,c:::1',
        '--add-host=',
        '--add-host',
        'd:host-gateway',
        '--hosts-file',
        '/x/../h',
      ],
      { addHosts: ['a;b:1.2.3.4', 'c:::1', 'd:host-gateway'], hostsFile: '/h' },
    ],
    [['--no-hosts', '--no-hostname'], { noHosts: true, noHostname: true }],
    [['--hosts-file', 'image', '--add-host='], { hostsFile: 'image' }],
    [
      ['--network=host', '--dns', '1.1.1.1,::1', '--dns-search', 'a', '--dns-option', 'o,p'],
      { network: 'host', dns: ['1.1.1.1', '::1'], dnsSearch: ['a'], dnsOptions: ['o', 'p'] },
    ],
    [['--group-add', 'keep-groups'], { annotations: { 'run.oci.keep_original_groups': '1' } }],
    [['--ulimit', 'nofile=5', '--ulimit', 'host', '--oom-kill-disable=false'], { ulimits: 'host' }],
    [['--personality', 'LINUX32', '--rdt-class', 'c'], { personality: 'LINUX32', rdtClass: 'c' }],
    [['--chrootdirs', 'a,b', '--chrootdirs', '/c', '--chrootdirs='], { chrootDirs: ['a,b', '/c'] }],
    [
      ['--shm-size-systemd', '1m', '--image-volume', 'tmpfs'],
      { systemdTmpfsBytes: 1_048_576, imageVolumes: 'tmpfs' },
    ],
    [['--shm-size-systemd', '0', '--image-volume='], {}],
    [['--platform', 'Linux/x86_64'], { platform: { os: 'linux', architecture: 'amd64' } }],
    [['--arch', 'arm64', '--variant', 'v8'], { platform: { architecture: 'arm64', variant: 'v8' } }],
    [['--platform=/', '--os', '', '--arch='], {}],
    [['--pull', 'IfNewer'], { pull: 'newer' }],
    [['--tz', 'Europe/Berlin'], { timezone: 'Europe/Berlin' }],
    [['--tz', ''], {}],
    [['--pidfile', '', '--conmon-pidfile='], {}],
    [
      ['-v', '/a:/b:ro', '--tmpfs', '/t', '-v', '/c:/d'],
      {
        mounts: [
          { type: 'bind', source: '/a', destination: '/b', options: ['ro'] },
          { type: 'bind', source: '/c', destination: '/d', options: [] },
          { type: 'tmpfs', destination: '/t', options: [] },
        ],
      },
    ],
    [
      [
        ...[
          '--mount',
          'type=bind,src=/a,dst=/b/,ro',
          '--mount',
          'type=bind,"source=/x,""y",target=/c,rw=false',
        ],
        ...['--mount', 'destination=/d,type=bind,bind-propagation=rslave,relabel=shared,bind-nonrecursive'],
        ...['--mount', 'type=bind,dst=/e,readonly=0,Z,noexec,consistency=cached'],
        ...['--mount', 'type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=700,readonly,notmpcopyup'],
      ],
      {
        mounts: [
          { type: 'bind', source: '/a', destination: '/b', options: ['ro'] },
          { type: 'bind', source: '/x,"y', destination: '/c', options: ['ro'] },
          { type: 'bind', source: '/d', destination: '/d', options: ['rslave', 'z', 'bind'] },
          { type: 'bind', source: '/e', destination: '/e', options: ['rw', 'Z', 'noexec'] },
          { type: 'tmpfs', destination: '/t', options: ['size=1m', 'mode=700', 'ro', 'notmpcopyup'] },
        ],
      },
    ],
    [
      ['--health-cmd', 'true', '--health-retries', '1'],
      { health: { disabled: false, command: 'true', retries: 1 } },
    ],
    [
      ['--health-interval', '1m', '--health-timeout', '1.5s', '--health-start-period', '0s'],
      { health: { disabled: false, intervalMs: 60_000, timeoutMs: 1500, startPeriodMs: 0 } },
    ],
    [['--health-interval', 'disable'], { health: { disabled: false, intervalMs: 0 } }],
    [
      ['--health-on-failure=kill', '--health-max-log-count=0', '--health-max-log-size=0'],
      { health: { disabled: false, onFailure: 'kill', maxLogCount: 0, maxLogSize: 0 } },
    ],
    [
      [
        '--cgroups=split',
        '--cgroup-parent=',
        '--cgroup-conf',
        'memory.high=1g,io.max=8:0 rbps=1',
        '--cgroup-conf=',
      ],
      { cgroupConf: { 'memory.high': '1g', 'io.max': '8:0 rbps=1' } },
    ],
    [
      ['--cgroups', 'no-conmon', '--cgroup-parent', '/work.slice/work-a.slice'],
      { cgroupParent: 'work-a.slice' },
    ],
    [
      [
        ...[
          '--device-read-bps',
          '/dev/sda:1mb',
          '--device-read-bps',
          '/dev/sdb:0',
          '--device-write-bps',
          '/dev/sda:2k',
        ],
        ...[
          '--device-read-iops',
          '/dev/sda:3',
          '--device-write-iops',
          '/dev/sda:4',
          '--blkio-weight-device=/dev/sda:10',
        ],
        ...['--memory-swappiness', '-1', '--cpu-rt-period', '1000', '--cpu-rt-runtime', '1000'],
      ],
      {
        limits: {
          deviceReadBps: [
            { device: '/dev/sda', value: 1_048_576 },
            { device: '/dev/sdb', value: 0 },
          ],
          deviceWriteBps: [{ device: '/dev/sda', value: 2048 }],
          deviceReadIops: [{ device: '/dev/sda', value: 3 }],
          deviceWriteIops: [{ device: '/dev/sda', value: 4 }],
          deviceWeights: [{ device: '/dev/sda', value: 10 }],
        },
      },
    ],
    [['--init'], { init: 'catatonit' }],
    [['--init', '--init-path', '/usr/sbin/../bin/tini'], { init: '/usr/bin/tini' }],
    [['--init-path', '/usr/bin/tini'], {}],
    [['--systemd', 'Always'], { systemd: true }],
    [['--systemd=false'], { systemd: false }],
    [['--systemd', 'TRUE', '--systemd='], {}],
    [['--no-healthcheck'], { health: { disabled: true } }],
    [
      [
        ...[
          '--device',
          '/dev/a',
          '--device',
          '/dev/b/:/dev/../x:r',
          '--device=/dev/c:mw',
          '--device=/dev/d:/y',
        ],
        ...['--device', '/dev/e:', '--device', '/dev/f::w'],
      ],
      {
        devices: [
          { source: '/dev/a', access: 'rwm' },
          { source: '/dev/b', destination: '/x', access: 'r' },
          { source: '/dev/c', access: 'mw' },
          { source: '/dev/d', destination: '/y', access: 'rwm' },
          { source: '/dev/e', access: 'rwm' },
          { source: '/dev/f', access: 'w' },
        ],
      },
    ],
    [
      [
        '--device-cgroup-rule',
        'c 89:* rwmr,b 8 r',
        '--device-cgroup-rule',
        'a *:* m',
        '--device-cgroup-rule=',
      ],
      {
        deviceRules: [
          { allow: true, type: 'c', major: 89, access: 'rwm' },
          { allow: true, type: 'b', major: 8, access: 'r' },
          { allow: true, access: 'm' },
        ],
      },
    ],
  ];
  for (const [argv, part] of READ) {
    it(`reads ${argv.join(' ')}`, () => {
      const { createCommand: _, ...made } = request(...argv, 'image');
      const { createCommand: __, ...plain } = request('image');
      assert.deepEqual(made, { ...plain, ...part });
    });
  }

  it('makes a privileged container privileged', () => {
    assert.equal(request('--privileged', 'i').security.privileged, true);
    assert.deepEqual(request('--privileged=false', 'i').security, request('i').security);
  });

  it('splits capabilities at commas and collects security options', () => {
    const { security } = request(
      '--cap-add',
      'A,B',
      '--cap-add=C',
      '--cap-drop=ALL',
      '--security-opt',
      'no-new-privileges',
      'i',
    );
    assert.deepEqual(
      [security.capAdd, security.capDrop, security.noNewPrivileges],
      [['A', 'B', 'C'], ['ALL'], true],
    );
  });

  it('leaves all words after the image to the container', () => {
    const { image, command } = request('--rm', 'image', 'sh', '-c', 'exit 1', '--rm', '--');
    assert.deepEqual([image, command], ['image', ['sh', '-c', 'exit 1', '--rm', '--']]);
  });

  it('takes a directory with --rootfs, absolute and without detours', () => {
    assert.equal(request('--rootfs', '/srv/../root').image, '/root');
    assert.equal(request('--rootfs', 'root').image, path.resolve('root'));
  });

  const REFUSED: [argv: string[], message: string | RegExp][] = [
    [['--rootfs', ''], 'must set root filesystem source to either image or rootfs: invalid argument'],
    [['--stop-signal', 'NONE', 'i'], 'invalid signal: NONE'],
    [
      ['--stop-timeout', '-1', 'i'],
      'invalid argument "-1" for "--stop-timeout" flag: strconv.ParseUint: parsing "-1": invalid syntax: see berth create --help',
    ],
    [['--cpus', '-1', 'i'], 'invalid argument "-1" for "--cpus" flag: it must be 0 or greater'],
    [['--memory', 'much', 'i'], /^invalid value for memory: invalid size: 'much'/],
    [['--shm-size', 'x', 'i'], /^unable to translate --shm-size: invalid size: 'x'/],
    [['--umask', '888', 'i'], /^invalid umask string 888: invalid argument: /],
    [['--umask', '00022', 'i'], /^invalid umask string 00022: /],
    [['--label', '=x', 'i'], /^unable to process labels: invalid label format: "=x"/],
    [['--net', 'none', '--ip', '10.0.0.1', 'i'], /^--ip can only be set when the network mode is bridge: /],
    [['-p', '80:80,x', 'i'], /^parsing container port: invalid port number: /],
    [['--expose', '80,0', 'i'], /^port numbers must be between 1 and 65535/],
    [
      ['--log-driver', 'syslog', 'i'],
      'invalid log driver: invalid argument: use journald, k8s-file, none, passthrough',
    ],
    [['--pull', 'often', 'i'], 'unsupported pull policy "often": use missing, never, always, newer'],
    [
      ['--health-on-failure', 'panic', 'i'],
      'invalid on-failure action "panic" for health check: supported actions are none,kill,restart,stop',
    ],
    [['--health-interval', '5', 'i'], /^invalid healthcheck-interval: time: missing unit in duration "5"/],
    [['--health-interval', '-1s', 'i'], 'healthcheck-interval must be 0 seconds or greater'],
    [['--health-timeout', '0s', 'i'], 'healthcheck-timeout must be greater than 0'],
    [['--health-start-period', '-1s', 'i'], 'healthcheck-start-period must be 0 seconds or greater'],
    [['--health-retries', '0', 'i'], 'healthcheck-retries must be greater than 0'],
    [['--health-max-log-count', '-1', 'i'], /^invalid argument "-1" for "--health-max-log-count" flag: /],
    [['--mount', 'type=ramfs,dst=/x,U', 'i'], '"U" option not supported for "ramfs" mount types'],
    [
      ['--mount', 'type=volume,src=v,dst=/x,volume-opt=type', 'i'],
      'cannot parse driver opts: invalid mount option: write volume-opt=KEY=VALUE',
    ],
    [
      ['--volumes-from', 'a:foo', 'i'],
      'invalid option "foo" specified - volumes from another container can only use z,ro,rw options',
    ],
    [['--volumes-from', 'a:ro,rw', 'i'], 'cannot set ro or rw options more than once'],
    [['--mount', 'type=tmpfs,dst=/x,ro=maybe', 'i'], 'invalid value "ro=maybe": write true or false'],
    [['--mount', 'type=tmpfs,dst=/x,tmpfs-size=', 'i'], 'tmpfs-size: must provide an argument for option'],
    [
      ['--group-add', 'keep-groups', '--group-add', '5', 'i'],
      "the '--group-add keep-groups' option is not allowed with any other --group-add options",
    ],
    [['--platform', 'a', '--os', 'b', 'i'], '--platform option can not be specified with --arch or --os'],
    [['--platform', 'a/b/c/d', 'i'], '"a/b/c/d": cannot parse platform specifier: invalid argument'],
    [['--env-merge', 'A', 'i'], 'missing `=` for --env-merge substitution A'],
    [['--oom-kill-disable', 'i'], 'cannot disable OOM killer with cgroupv2: use --oom-score-adj'],
    [['--personality', 'linux', 'i'], 'unknown persona specified `linux`: use LINUX or LINUX32'],
    [['--shm-size-systemd', 'x', 'i'], /^unable to translate --shm-size-systemd: invalid size: 'x'/],
    [
      ['--image-volume', 'bind', 'i'],
      'invalid image volume mode "bind" required value: anonymous, tmpfs, ignore',
    ],
    [
      ['--label-file', '/nonexistent', 'i'],
      'unable to process labels: open /nonexistent: no such file or directory',
    ],
    [
      ['--cgroups', 'disabled', 'i'],
      '--cgroups disabled: a container is a unit, and a unit has a control group',
    ],
    [['--cgroups', 'Enabled', 'i'], 'invalid cgroup mode "Enabled": invalid argument'],
    [
      ['--cgroups', 'split', '--cgroup-parent', 'a.slice', 'i'],
      'cannot specify --cgroup-mode=split with a cgroup-parent: invalid argument',
    ],
    [
      ['--cgroup-parent', '/work', 'i'],
      'did not receive systemd slice as cgroup parent when using systemd to manage cgroups: invalid argument',
    ],
    [['--cgroup-parent', 'a--b.slice', 'i'], 'invalid slice name: a--b.slice: invalid argument'],
    [['--cgroup-parent', 'a b%.slice', 'i'], 'invalid slice name: a b%.slice: invalid argument'],
    [['--cgroup-conf', 'memory.high', 'i'], '--cgroup-conf must be formatted KEY=VALUE'],
    [
      ['--systemd', '1', 'i'],
      'invalid config provided: --systemd values must be one of "true, false, always": invalid configuration',
    ],
    [['--device-read-bps', '/dev/zero', 'i'], 'bad format: /dev/zero'],
    [['--device-write-bps', 'zero:1', 'i'], 'bad format for device path: zero:1'],
    [
      ['--device-read-bps', '/dev/zero:-1', 'i'],
      'invalid rate for device: /dev/zero:-1. The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb',
    ],
    [
      ['--device-write-iops', '/dev/zero:1mb', 'i'],
      'invalid rate for device: /dev/zero:1mb. The correct format is <device-path>:<number>. Number must be a positive integer',
    ],
    [['--blkio-weight-device', '/dev/zero:9', 'i'], 'invalid weight for device: /dev/zero:9'],
    [['--memory-swappiness', '0', 'i'], 'cannot set memory swappiness with cgroupv2'],
    [['--device', '/dev/null:x', 'i'], 'invalid device mode: x'],
    [['--device', '/dev/null:/x:rr', 'i'], 'invalid device mode: rr'],
    [['--device', '/dev/null:/x:', 'i'], 'invalid device mode: '],
    [['--device', '/dev/null:r:w', 'i'], 'invalid device specification: /dev/null:r:w'],
    [['--device', '/dev/null:/x:r:w', 'i'], 'invalid device specification: /dev/null:/x:r:w'],
    [['--device', '', 'i'], 'stat : no such file or directory'],
    [
      ['--device', 'vendor.com/gpu=all', 'i'],
      '--device vendor.com/gpu=all: devices of the Container Device Interface are not supported yet',
    ],
    [
      ['--device-cgroup-rule', 'c 1:3', 'i'],
      'invalid device cgroup rule requires type, major:Minor, and access rules: "c 1:3"',
    ],
    [['--device-cgroup-rule', 'x 1:3 r', 'i'], 'invalid device type in device-access-add: x'],
    [['--device-cgroup-rule', 'c 1:3 x', 'i'], 'invalid device access in device-access-add: x'],
    [['--device-cgroup-rule', 'c 1:x r', 'i'], 'strconv.ParseUint: parsing "x": invalid syntax'],
    [['--add-host', 'a', 'i'], 'bad format for add-host: "a"'],
    [['--add-host', ':1.1.1.1', 'i'], 'bad format for add-host: ":1.1.1.1"'],
    [['--add-host', 'a;:1.1.1.1', 'i'], 'hostname in add-host "a;:1.1.1.1" is empty'],
    [['--add-host', 'a:1::2%eth0', 'i'], 'invalid IP address in add-host: "1::2%eth0"'],
    [['--replace', 'i'], 'cannot replace container without --name being set'],
    [['--annotation', 'x', 'i'], 'annotations must be formatted KEY=VALUE'],
    [
      ['--env-file', '/nonexistent', 'i'],
      'parsing file "/nonexistent": open /nonexistent: no such file or directory',
    ],
  ];
  for (const [argv, message] of REFUSED) {
    it(`refuses ${argv.join(' ')}`, () =>
      assert.throws(() => request(...argv), { name: 'BerthError', exitCode: 125, message }));
  }
});
