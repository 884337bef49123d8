/** The credentials of a container's unit, which systemd decrypts and keeps, as files in the container. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree } from '../../support/agree.ts';
import {
  answer,
  berth,
  bootWith,
  createShell,
  leavingNothing,
  RUNTIMES,
  remove,
  script,
  systemctl,
  until,
} from '../../support/machine.ts';
import { arrange, assertReached, installTestBuild } from '../cuts/installed.ts';
import { assertNoTrace } from './traces.ts';

const SEALED = 'sealed-with-the-key-of-the-host';
const IMPORTED = 'from-the-credential-store';
const DROP_IN = '/etc/systemd/system/berth-c.service.d';

/** What a person types: encrypted at once, and in no file in the clear. */
const SEAL = `printf ${SEALED} | systemd-creds encrypt --name=tok -p - - 2>/dev/null |
  sed '1i [Service]' | systemctl edit --stdin berth-c`;
const LOOK = 'cd /run/secrets; stat -c "%n %a %u:%g" *; tail -n +1 *; echo; echo $CREDENTIALS_DIRECTORY';

/** Nothing but what systemd needs beside a /usr; the unit is standard input. */
const SYSTEMD_ROOT = `mkdir -p /srv/os && cd /srv/os && mkdir -p usr etc/systemd/system proc sys dev run tmp var root
  for d in bin sbin lib lib64; do ln -s usr/$d $d; done
  touch etc/machine-id && cat >etc/systemd/system/inner.service`;
const INNER_UNIT = `[Unit]
Requires=basic.target
After=basic.target
[Service]
Type=oneshot
RemainAfterExit=yes
ImportCredential=tok
ExecStart=sh -c 'cp $CREDENTIALS_DIRECTORY/tok /tmp/seen; chmod 644 /tmp/seen'
`;

describe('credentials', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('credentials');
  });
  after(() => bed.close());

  const forget = (): Promise<string> =>
    script(bed, `rm -rf ${DROP_IN} /etc/credstore/*; systemctl daemon-reload`);
  /** Of what Berth makes for them; systemd has a tmpfs here. */
  const mounts = (): Promise<string> => script(bed, 'grep -w ramfs /proc/1/mountinfo || true');

  for (const runtime of RUNTIMES) {
    test(`are read-only files for whoever the payload runs as, in memory only, with ${runtime}`, () =>
      leavingNothing(bed, async () => {
        await script(bed, `mkdir -p /etc/credstore; printf ${IMPORTED} >/etc/credstore/imp`);
        const asked = [
          '--secret',
          'imp,type=credential,uid=1000,mode=0400',
          '--user',
          'app',
          '--stop-timeout',
          '0',
        ];
        await createShell(bed, 'c', 'cat /run/secrets/tok >/dev/null && exec sleep 1000', [
          '--runtime',
          runtime,
          ...asked,
        ]);
        await script(bed, SEAL);
        await systemctl(bed, 'start', 'berth-c');
        assert.equal(
          await berth(bed, 'exec', 'c', 'sh', '-c', LOOK),
          `imp 400 1000:0\ntok 444 0:0\n==> imp <==\n${IMPORTED}\n==> tok <==\n${SEALED}\n/run/secrets`,
        );
        const written = await answer(
          bed,
          'exec',
          '--user',
          'root',
          'c',
          'sh',
          '-c',
          'echo x >/run/secrets/tok',
        );
        assert.match(written.stderr, /Read-only file system/);
        for (const text of [SEALED, IMPORTED]) {
          await assertNoTrace(bed, 'c', text);
          assert.equal(
            await script(bed, `grep -rlF ${text} /var/lib/berth /run/berth || true`),
            '',
            'on a disk',
          );
        }
        assert.equal(await mounts(), '', 'the host has nothing of it but what systemd keeps');

        // What they are at the next start; with what the store had under the same name in their shade.
        await script(bed, `printf renewed >/etc/credstore/imp`);
        await systemctl(bed, 'restart', 'berth-c');
        assert.equal(await berth(bed, 'exec', 'c', 'cat', '/run/secrets/imp'), 'renewed');
        await systemctl(bed, 'stop', 'berth-c');
        await remove(bed, 'c');
        await forget();
      }));
  }

  test('a payload that is systemd hands them on to its own services', () =>
    leavingNothing(bed, async () => {
      await bed.sh(SYSTEMD_ROOT, { input: INNER_UNIT, quick: true });
      await berth(
        bed,
        ...['create', '--name', 'c', '--rootfs', '--stop-timeout', '0', '-v', '/usr:/usr:ro'],
        ...['/srv/os', '/sbin/init', '--unit=inner.service'],
      );
      await script(bed, SEAL);
      await systemctl(bed, 'start', 'berth-c');
      await until('the service in the container has run', async () =>
        (await answer(bed, 'exec', 'c', 'systemctl', 'is-active', 'inner')).stdout === 'active'
          ? true
          : undefined,
      );
      assert.equal(await berth(bed, 'exec', 'c', 'cat', '/tmp/seen'), SEALED);
      await remove(bed, 'c');
      await script(bed, 'rm -r /srv/os');
      await forget();
    }));

  test('one that the unit has takes the place of the secret that was copied at create', () =>
    leavingNothing(bed, async () => {
      await bed.ok(['berth', 'secret', 'create', 'tok', '-'], { quick: true, input: 'copied' });
      await createShell(bed, 'c', 'exec sleep 1000', [
        '--secret',
        'tok,target=/run/secrets/tok',
        '--read-only',
      ]);
      await berth(bed, 'start', 'c');
      assert.equal(await berth(bed, 'exec', 'c', 'sh', '-c', LOOK), 'tok 444 0:0\ncopied\n');
      await script(bed, SEAL);
      await berth(bed, 'restart', '--time', '0', 'c');
      assert.equal(await berth(bed, 'exec', 'c', 'cat', '/run/secrets/tok'), SEALED);
      await remove(bed, 'c');
      await forget();
      await berth(bed, 'secret', 'rm', 'tok');
    }));

  test('one that is missing keeps the container from starting, which says which and what to do', () =>
    leavingNothing(bed, async () => {
      const id = await createShell(bed, 'c', 'exec sleep 1000', [
        '--secret',
        'imp,type=credential',
        '--stop-timeout',
        '0',
      ]);
      assert.equal(
        await script(bed, 'grep ^ImportCredential= /usr/local/lib/systemd/system/berth-c.service'),
        'ImportCredential=imp',
      );
      const failed = (why: string): object => ({
        code: 125,
        stdout: '',
        stderr: `Error: unable to start container "${id.trim()}": ${why}`,
      });
      assert.deepEqual(
        await answer(bed, 'start', 'c'),
        failed(
          'berth-c.service has no credential imp: put it into /etc/credstore or /etc/credstore.encrypted, or give it to the unit with systemctl edit berth-c.service',
        ),
      );
      await script(
        bed,
        `printf '[Service]\\nLoadCredential=imp:/nosuch\\n' | systemctl edit --stdin berth-c`,
      );
      assert.deepEqual(
        await answer(bed, 'start', 'c'),
        failed(
          'the start was cut short (systemd could not set up the credentials of the unit): see journalctl -u berth-c.service',
        ),
      );
      await script(
        bed,
        `mkdir -p /etc/credstore; printf here >/etc/credstore/imp; rm -r ${DROP_IN}; systemctl daemon-reload`,
      );
      await berth(bed, 'start', 'c');
      await remove(bed, 'c');
      await forget();
    }));

  test('a start that is killed or fails while they are mounted on the host leaves no such mount, and the next one works', async () => {
    await installTestBuild(bed);
    await leavingNothing(bed, async () => {
      await script(bed, `mkdir -p /etc/credstore; printf ${IMPORTED} >/etc/credstore/imp`);
      await createShell(bed, 'c', 'exec sleep 1000', [
        '--secret',
        'imp,type=credential',
        '--stop-timeout',
        '0',
      ]);
      for (const point of [
        'kill start after write-files',
        'kill start after create-in-runtime',
        'fail start after write-files',
        'fail start after create-in-runtime',
      ]) {
        await arrange(bed, 'c', point);
        assert.equal((await answer(bed, 'start', 'c')).code, 125, point);
        await assertReached(bed, 'c');
        assert.equal(await mounts(), '', point);
        await assertAgree(bed, 'c');
      }
      // Nobody cleans up after it: the next start has to.
      await arrange(bed, 'c', 'kill start after write-files', 'kill cleanup before end-processes');
      assert.equal((await answer(bed, 'start', 'c')).code, 125);
      await assertReached(bed, 'c');
      assert.notEqual(await mounts(), '');
      await berth(bed, 'start', 'c');
      assert.equal(await mounts(), '');
      assert.equal(await berth(bed, 'exec', 'c', 'cat', '/run/secrets/imp'), IMPORTED);
      // Or the removal.
      await berth(bed, 'stop', 'c');
      await arrange(bed, 'c', 'kill start after write-files', 'kill cleanup before end-processes');
      assert.equal((await answer(bed, 'start', 'c')).code, 125);
      await assertReached(bed, 'c');
      await berth(bed, 'rm', 'c');
      assert.equal(await mounts(), '');
      await forget();
    });
  });
});
