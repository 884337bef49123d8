import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { containerProcess, execProcess } from '../../../src/oci/process.ts';
import { config } from '../../support/config.ts';
import { APP, HOST, ROOT } from './facts.ts';

describe('execProcess with secrets', () => {
  const container = config({ secretEnv: [{ name: 's', variable: 'T' }] });
  const running = containerProcess(container, ROOT, HOST, { secrets: ['T=then'], hasCredentials: true });
  const envOf = (secrets?: string[]) =>
    execProcess(container, running, { args: ['x'], ...(secrets === undefined ? {} : { secrets }) }).env;

  it('has them as the first process has them, or as they are now', () => {
    assert.ok(envOf().includes('T=then'));
    assert.ok(envOf(['T=now']).includes('T=now') && !envOf(['T=now']).includes('T=then'));
  });

  it('knows where the credentials are if there are any', () => {
    assert.ok(envOf().includes('CREDENTIALS_DIRECTORY=/run/secrets'));
    const without = containerProcess(container, ROOT, HOST);
    const { env } = execProcess(container, without, { args: ['x'], secrets: [] });
    assert.equal(env.join().includes('CREDENTIALS'), false);
  });
});

describe('containerProcess', () => {
  it('runs entrypoint and command together in the working directory', () => {
    const { args, cwd } = containerProcess(
      config({ entrypoint: ['/bin/e', '-x'], command: ['a', ''], workdir: '/w' }),
      ROOT,
      HOST,
    );
    assert.deepEqual(args, ['/bin/e', '-x', 'a', '']);
    assert.equal(cwd, '/w');
  });

  it('runs in / where no directory is set', () => {
    assert.equal(containerProcess(config({ workdir: '' }), ROOT, HOST).cwd, '/');
  });

  it('refuses to run nothing', () => {
    assert.throws(() => containerProcess(config({ command: [] }), ROOT, HOST), {
      code: 'usage',
      message: /^no command or entrypoint provided/,
    });
  });

  it('has the umask, the groups, no_new_privileges and the OOM score that were asked for', () => {
    const process = containerProcess(
      config({ umask: 0o077, oomScoreAdj: -7 }, { noNewPrivileges: true }),
      APP,
      HOST,
    );
    assert.deepEqual(process.user, { uid: 1000, gid: 1000, umask: 0o077, additionalGids: [1000, 2000] });
    assert.equal(process.noNewPrivileges, true);
    assert.equal(process.oomScoreAdj, -7);
    assert.equal('oomScoreAdj' in containerProcess(config(), ROOT, HOST), false);
  });

  describe('AppArmor', () => {
    const armed = { ...HOST, apparmorEnabled: true, apparmorProfile: 'containers' };
    const profile = (security: Parameters<typeof config>[1], host = armed) =>
      containerProcess(config({}, security), ROOT, host).apparmorProfile;

    it('uses the loaded profile unless another, or none, was named', () => {
      assert.equal(profile({}), 'containers');
      assert.equal(profile({ apparmor: 'mine' }), 'mine');
      assert.equal(profile({ apparmor: 'unconfined' }), undefined);
      assert.equal(profile({ privileged: true }), undefined);
    });

    it('uses none on a host without, and says so when one was named', () => {
      assert.equal(profile({}, { ...armed, apparmorEnabled: false }), undefined);
      assert.throws(() => profile({ apparmor: 'mine' }, { ...armed, apparmorEnabled: false }), {
        code: 'unsupported',
        message: 'apparmor profile "mine" specified, but Apparmor is not enabled on this system',
      });
    });
  });
});

describe('execProcess', () => {
  const container = config(
    { env: ['A=1'], workdir: '/w', terminal: true, umask: 0o077 },
    { noNewPrivileges: true, capAdd: ['KILL'] },
  );
  const running = containerProcess(container, APP, HOST);

  it('is the container’s process with another command, without its terminal', () => {
    const process = execProcess(container, running, { args: ['id'] });
    assert.deepEqual(process, {
      ...running,
      args: ['id'],
      terminal: false,
      env: running.env.filter((entry) => entry !== 'TERM=xterm'),
    });
  });

  it('takes another directory, variables and a terminal', () => {
    const process = execProcess(container, running, {
      args: ['id'],
      cwd: '/x',
      env: ['A=2'],
      terminal: true,
    });
    assert.equal(process.cwd, '/x');
    assert.equal(process.terminal, true);
    assert.ok(process.env.includes('A=2') && process.env.includes('TERM=xterm'));
    assert.ok(!process.env.includes('A=1'));
  });

  it('takes another user with groups, home and capabilities, and keeps umask and no_new_privileges', () => {
    const process = execProcess(container, running, { args: ['id'], user: ROOT });
    assert.deepEqual(process.user, { uid: 0, gid: 0, umask: 0o077, additionalGids: [0] });
    assert.ok(process.env.includes('HOME=/root'));
    assert.deepEqual(process.capabilities.effective, running.capabilities.bounding);
    assert.equal(process.noNewPrivileges, true);
  });

  it('gives a privileged exec the host’s capabilities', () => {
    const process = execProcess(container, running, {
      args: ['id'],
      user: ROOT,
      privileged: true,
      hostCapabilities: HOST.capabilities,
    });
    assert.deepEqual(process.capabilities.effective, [...HOST.capabilities].sort());
  });

  it('leaves the container’s own process as it was', () => {
    const before = structuredClone(running);
    execProcess(container, running, { args: ['id'], user: ROOT, env: ['Z=1'] });
    assert.deepEqual(running, before);
  });

  it('refuses to run nothing', () => {
    assert.throws(() => execProcess(container, running, { args: [] }), {
      code: 'usage',
      message: /must provide a non-empty command to start an exec session/,
    });
  });
});
