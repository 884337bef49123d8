import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { conmonArgs } from '../../../src/runtime/conmon-args.ts';
import { fitsSocketPath, runtimePaths, runtimeRoot } from '../../../src/runtime/paths.ts';
import { config } from '../../support/config.ts';

const ID = config().id;
const PATHS = runtimePaths('/run/berth', ID);
const args = (changes: Parameters<typeof config>[0] = {}) =>
  conmonArgs(config(changes), PATHS, { runDir: '/run/berth', logFile: '/var/lib/berth/ctr.log' });

describe('conmon’s command line', () => {
  it('is this one', () => {
    assert.deepEqual(args().join(' ').replaceAll(ID, 'ID').split(' --').slice(1), [
      'cid ID',
      'cuuid ID',
      'name unit',
      'runtime /usr/bin/crun',
      'bundle /run/berth/containers/ID',
      'container-pidfile /run/berth/containers/ID/pidfile',
      'conmon-pidfile /run/berth/containers/ID/conmon.pid',
      'persist-dir /run/berth/containers/ID/persist',
      'full-attach',
      'log-path none',
      'log-level warning',
      'syslog',
      'runtime-arg',
      'root=/run/berth/crun',
      'runtime-arg',
      'log-format=json',
      'runtime-arg',
      'log=/run/berth/containers/ID/oci-log',
    ]);
    assert.equal(args()[0], '--api-version');
  });

  // conmon.md: -t or else -i; -l DRIVER[:PATH]
  const VARIANTS: [changes: Parameters<typeof config>[0], present: string[], absent: string[]][] = [
    [{}, [], ['--terminal', '--stdin']],
    [{ terminal: true }, ['--terminal'], ['--stdin']],
    [{ interactive: true }, ['--stdin'], ['--terminal']],
    [{ terminal: true, interactive: true }, ['--terminal'], ['--stdin']],
    [{ logDriver: 'journald' }, ['journald'], ['none']],
    [{ logDriver: 'passthrough' }, ['passthrough'], []],
    [{ logDriver: 'k8s-file' }, ['k8s-file:/var/lib/berth/ctr.log'], []],
    [{ runtime: '/usr/sbin/runc' }, ['/usr/sbin/runc', '--root=/run/berth/runc'], ['--root=/run/berth/crun']],
    [{}, [], ['--exit-command', '--systemd-cgroup', '--sdnotify-socket', '--exit-dir']],
  ];
  for (const [changes, present, absent] of VARIANTS) {
    it(`for ${JSON.stringify(changes)} has ${present} and not ${absent}`, () => {
      const made = args(changes);
      assert.deepEqual(
        present.filter((word) => !made.includes(word)),
        [],
      );
      assert.deepEqual(
        absent.filter((word) => made.includes(word)),
        [],
      );
    });
  }
});

describe('the files of a run', () => {
  it('lie in the bundle, where one removal takes them all, but for the receipt of that', () => {
    const { bundle, endReceipt, ...files } = PATHS;
    assert.equal(path.dirname(endReceipt), path.dirname(bundle));
    for (const file of Object.values(files)) assert.ok(file.startsWith(`${bundle}/`), file);
  });

  it('leave room for conmon’s socket, counted in bytes', () => {
    // sockaddr_un holds 107 bytes and a zero; the rest is /containers/ID/attach.
    const longest = 107 - '/containers/'.length - 64 - '/attach'.length;
    assert.equal(fitsSocketPath('/'.padEnd(longest, 'x')), true);
    assert.equal(fitsSocketPath('/'.padEnd(longest + 1, 'x')), false);
    assert.equal(fitsSocketPath('/'.padEnd(longest, 'é')), false);
  });

  it('keep the runtimes’ own state apart', () => {
    assert.notEqual(runtimeRoot('/run/berth', '/usr/bin/crun'), runtimeRoot('/run/berth', '/usr/sbin/runc'));
  });
});
