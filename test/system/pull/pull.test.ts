/** Pulling from real registries: what is told, what is stored, what stays when it is cut short. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { bootInstalled } from '../../bed/installed.ts';
import { assertNoLeaks, leakSnapshot } from '../../bed/leaks.ts';
import { answer, berth, remove, script, until } from '../../support/machine.ts';
import { FAULTY, NOBODY, OPEN, startRegistries } from './registry.ts';

/** Folders made at the first container of a boot, and crun's cache. */
const MADE_ONCE = [/^runtime file: \/run\/berth\/(locks|containers|crun(\/\.cache.*)?)$/];

const OPENLY = '--tls-verify=false';

describe('pull', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootInstalled({ name: 'pull', images: ['busybox', 'layers'] });
    await startRegistries(bed);
    // What the first container of a boot makes once.
    await berth(bed, 'ps');
  });
  after(() => bed.close());

  const forget = () => script(bed, 'rm -rf /var/lib/berth/* /run/berth; : >/srv/faulty/blobs');
  const mode = (what: 'pass' | 'cut' | 'hold') =>
    script(bed, `rm -f /srv/faulty/held; echo ${what} >/srv/faulty/mode`);
  const staging = () => script(bed, 'ls -A /var/lib/berth/layers/tmp');
  /** Layers and images, as far as they are seen. */
  const stored = () =>
    script(bed, 'ls /var/lib/berth/layers | sort; berth images --no-trunc --format "{{.ID}} {{.Names}}"');
  const fetchers = () => script(bed, 'pgrep -x skopeo || true');
  /** The blobs that somebody asked the proxy for, in order of their digests. */
  const asked = () => script(bed, 'sort -u /srv/faulty/blobs');
  const blobs = (image: string) =>
    script(
      bed,
      `skopeo inspect --raw ${OPENLY} docker://${OPEN}/${image} | jq -r '.config.digest, .layers[].digest' | sed s/sha256:// | sort`,
    );
  async function withoutLeaks(work: () => Promise<void>): Promise<void> {
    const leaks = await leakSnapshot(bed);
    await work();
    await assertNoLeaks(bed, leaks, { allow: MADE_ONCE });
    assert.equal(await staging(), '');
  }

  test('a pulled image runs, by any of its names; nothing is left of the transfer', async () => {
    await forget();
    await withoutLeaks(async () => {
      const id = await berth(bed, 'pull', '--quiet', OPENLY, `${OPEN}/test/layers:v1`);
      assert.match(id, /^[0-9a-f]{64}$/);
      for (const name of [`${OPEN}/test/layers:v1`, 'test/layers:v1', id]) {
        const run = ['berth', 'run', '--rm', '--entrypoint', '', name, 'cat', '/data/replaced'];
        assert.equal(await bed.ok(run), 'second', name);
      }
    });
  });

  test('three pulls of one image at once store it once', async () => {
    await forget();
    await withoutLeaks(async () => {
      const pull = () => berth(bed, 'pull', '--quiet', OPENLY, `${OPEN}/test/layers:v1`);
      const ids = await Promise.all([pull(), pull(), pull()]);
      assert.deepEqual(
        [...new Set(ids)],
        [await berth(bed, 'images', '--quiet', '--no-trunc').then((id) => id.replace('sha256:', ''))],
      );
      assert.equal(await script(bed, 'ls /var/lib/berth/layers | grep -cE "^[0-9a-f]{64}$"'), '3');
    });
  });

  test('layers that are here are not fetched, whatever image brought them; a second pull fetches none', async () => {
    await forget();
    await mode('pass');
    await berth(bed, 'pull', '--quiet', OPENLY, `${OPEN}/test/busybox:oci`);
    await berth(bed, 'pull', '--quiet', OPENLY, `${FAULTY}/test/layers:v1`);
    const shared = await blobs('test/busybox:oci');
    const fetched = (await asked()).split('\n');
    const own = (await blobs('test/layers:v1')).split('\n').filter((blob) => !shared.includes(blob));
    assert.equal(own.length, 3, 'its config and two layers');
    assert.deepEqual(fetched, own);
    await script(bed, ': >/srv/faulty/blobs');
    await berth(bed, 'pull', '--quiet', OPENLY, `${FAULTY}/test/layers:v2`);
    const [config, ...more] = (await asked()).split('\n');
    assert.deepEqual(more, []);
    assert.equal(`sha256:${config}`, await script(bed, 'berth images --quiet --no-trunc test/layers:v2'));
  });

  test('a connection that is cut in the middle of a blob: one line, exit code 125, nothing stays; then a pull succeeds', async () => {
    await forget();
    await berth(bed, 'pull', '--quiet', OPENLY, `${OPEN}/test/busybox:latest`);
    const known = await stored();
    await mode('cut');
    await withoutLeaks(async () => {
      const cut = await answer(bed, 'pull', '--quiet', '--retry', '0', OPENLY, `${FAULTY}/test/layers:v1`);
      assert.deepEqual([cut.code, cut.stdout], [125, '']);
      assert.match(cut.stderr, /(^|\n)Error: [^\n]*(unexpected EOF|connection reset)[^\n]*$/);
      assert.equal(await stored(), known);
    });
    await mode('pass');
    await withoutLeaks(async () => {
      await berth(bed, 'pull', '--quiet', OPENLY, `${FAULTY}/test/layers:v1`);
    });
  });

  test('a terminal shows how far it is; ^C ends the pull with what fetches for it, and leaves nothing', async () => {
    await forget();
    await mode('hold');
    await berth(bed, 'images');
    await withoutLeaks(async () => {
      const pull = bed.spawn(['berth', 'pull', OPENLY, `${FAULTY}/test/layers:v1`], {
        quick: true,
        pty: true,
      });
      let shown = '';
      pull.stdout.on('data', (chunk) => (shown += chunk));
      await until(
        'the proxy holds a blob',
        async () => (await bed.nsenter(['test', '-e', '/srv/faulty/held'])).code === 0 || undefined,
      );
      await until('the terminal shows bytes', async () =>
        /\d of 3 layers, [\d.]+k?M?B of [\d.]+MB/.test(shown) ? true : undefined,
      );
      pull.stdin.write('\x03');
      assert.equal(await pull.exited, 130);
      assert.equal(await fetchers(), '');
      assert.equal(await berth(bed, 'images', '--quiet'), '');
    });
    await mode('pass');
  });

  test('kill -9 in the middle takes the transfer along; the next pull sweeps what is left and succeeds', async () => {
    await forget();
    await mode('hold');
    const leaks = await leakSnapshot(bed);
    const pull = bed.spawn(
      [
        'sh',
        '-c',
        'echo $$ >/tmp/pulling; exec berth pull --quiet "$@"',
        'sh',
        OPENLY,
        `${FAULTY}/test/layers:v1`,
      ],
      { quick: true },
    );
    await until(
      'the proxy holds a blob',
      async () => (await bed.nsenter(['test', '-e', '/srv/faulty/held'])).code === 0 || undefined,
    );
    assert.notEqual(await fetchers(), '');
    await script(bed, 'kill -9 "$(cat /tmp/pulling)"');
    await pull.exited;
    await until('skopeo is gone, too', async () => ((await fetchers()) === '' ? true : undefined));
    assert.equal(await berth(bed, 'images', '--quiet'), '');
    assert.notEqual(await staging(), '');
    // An import counts as dead when its lock has not been renewed for a while.
    await script(bed, "touch -d '1 minute ago' /var/lib/berth/layers/tmp/*.lock; rm /tmp/pulling");
    await mode('pass');
    await berth(bed, 'pull', '--quiet', OPENLY, `${FAULTY}/test/layers:v1`);
    assert.equal(await staging(), '');
    await assertNoLeaks(bed, leaks, { allow: MADE_ONCE });
  });

  test('while an image is pulled in a unit, systemd is told to have patience', async () => {
    await forget();
    const said = await script(
      bed,
      `socat -u UNIX-RECV:/tmp/notify,mode=777 CREATE:/tmp/said & listener=$!
       until [ -S /tmp/notify ]; do sleep 0.01; done
       NOTIFY_SOCKET=/tmp/notify /usr/libexec/berth/berth-create --quiet ${OPENLY} --name told ${OPEN}/test/busybox true >/dev/null
       kill $listener; cat /tmp/said; rm -f /tmp/said /tmp/notify`,
    );
    assert.match(said, /^EXTEND_TIMEOUT_USEC=60000000\nSTATUS=an image is being pulled/);
    await remove(bed, 'told');
  });

  test('create pulls what is missing, with always what is here too, with newer what has changed, with never nothing', async () => {
    await forget();
    const name = `${OPEN}/test/moving:v1`;
    const put = (archive: string) =>
      script(
        bed,
        `skopeo copy --quiet --dest-tls-verify=false --format oci docker-archive:/images/${archive}.tar docker://${name}`,
      );
    const create = (...flags: string[]) => answer(bed, 'create', OPENLY, ...flags, name, 'true');
    const tried = /^Trying to pull localhost:5000\/test\/moving:v1\.\.\.$/m;
    await put('busybox');
    const never = await create('--pull', 'never');
    assert.deepEqual([never.code, never.stdout], [125, '']);
    assert.match(never.stderr, new RegExp(`^Error: ${name}: image not known`));
    assert.match((await create()).stderr, tried);
    for (const policy of ['missing', 'never', 'newer'])
      assert.deepEqual(
        { ...(await create('--pull', policy)), stdout: '' },
        { code: 0, stdout: '', stderr: '' },
        policy,
      );
    assert.match((await create('--pull', 'always')).stderr, tried);
    assert.deepEqual((await create('--pull', 'always', '--quiet')).stderr, '');
    await put('layers');
    assert.equal((await create()).stderr, '');
    const before = await script(bed, `berth image inspect --format '{{.Id}}' ${name}`);
    assert.match((await create('--pull', 'newer')).stderr, tried);
    assert.notEqual(await script(bed, `berth image inspect --format '{{.Id}}' ${name}`), before);
    // A registry that does not answer is no reason not to use what is here.
    await script(bed, 'systemctl stop test-registry-open');
    assert.deepEqual(
      { ...(await create('--pull', 'newer')), stdout: '' },
      { code: 0, stdout: '', stderr: '' },
    );
    const always = await create('--pull', 'always', '--retry', '0');
    assert.equal(always.code, 125);
    assert.match(always.stderr, /connection refused/);
    await script(bed, 'systemd-run --quiet --unit=test-registry-open docker-registry serve /srv/open.yml');
    await until(
      'it is back',
      async () =>
        (await bed.nsenter(['socat', '-u', 'OPEN:/dev/null', 'TCP:127.0.0.1:5000'])).code === 0 || undefined,
    );
    await berth(bed, 'rm', '--all');
  });

  test('create reads what can be read only once, also when it pulls first', async () => {
    await forget();
    const text = `berth create ${OPENLY} --quiet --name once --env-file <(echo A=b) --label-file <(echo c=d) ${OPEN}/test/layers:v1 true`;
    await bed.ok(['bash', '-c', text]);
    const format = '{{json .Config.Env}} {{.Config.Labels.c}}';
    assert.match(await berth(bed, 'inspect', '--format', format, 'once'), /"A=b".* d$/m);
    const { code, stderr } = await answer(
      bed,
      'create',
      OPENLY,
      '--pull',
      'always',
      '--env-file',
      '/dev/fd/77',
      OPEN,
    );
    assert.deepEqual(
      [code, stderr],
      [125, 'Error: parsing file "/dev/fd/77": open /dev/fd/77: no such file or directory'],
    );
    await berth(bed, 'rm', 'once');
  });

  test('a failed try is told and repeated as often as --retry says', async () => {
    const { code, stderr } = await answer(
      bed,
      'pull',
      '--retry',
      '2',
      '--retry-delay',
      '10ms',
      OPENLY,
      `${NOBODY}/x`,
    );
    assert.equal(code, 125);
    assert.deepEqual(
      stderr
        .split('\n')
        .map((line) => /^Failed, retrying in 10ms \.\.\. \(\d\/2\)|^Error: |^Trying/.exec(line)?.[0]),
      ['Trying', 'Failed, retrying in 10ms ... (1/2)', 'Failed, retrying in 10ms ... (2/2)', 'Error: '],
    );
  });

  test('without skopeo, one line says what to install', async () => {
    await script(bed, 'mv /usr/bin/skopeo /usr/bin/skopeo.away');
    const { code, stderr } = await answer(bed, 'pull', '--quiet', `${OPEN}/test/busybox`);
    await script(bed, 'mv /usr/bin/skopeo.away /usr/bin/skopeo');
    assert.deepEqual(
      [code, stderr],
      [125, 'Error: skopeo is not installed, which pulls images: install the package skopeo'],
    );
  });

  test('where policy.json demands signatures, an image without one is refused, also if all its layers are here', async () => {
    await forget();
    await berth(bed, 'pull', '--quiet', OPENLY, `${OPEN}/test/layers:v1`);
    await script(
      bed,
      `cp /etc/containers/policy.json /srv/policy.json; openssl rsa -in /srv/key.pem -pubout -out /srv/signer.pub 2>/dev/null
       echo '{"default": [{"type": "sigstoreSigned", "keyPath": "/srv/signer.pub"}]}' >/etc/containers/policy.json`,
    );
    const refused = await answer(bed, 'pull', '--quiet', OPENLY, `${OPEN}/test/layers:v2`);
    await script(bed, `echo '{"default": [{"type": "reject"}]}' >/etc/containers/policy.json`);
    const rejected = await answer(bed, 'pull', '--quiet', OPENLY, `${OPEN}/test/layers:v2`);
    await script(bed, 'mv /srv/policy.json /etc/containers/policy.json');
    for (const { code, stderr } of [refused, rejected]) {
      assert.equal(code, 125);
      assert.match(stderr, /^Error: Source image rejected: [^\n]+$/);
    }
    assert.equal(await script(bed, 'berth images --format "{{.Tag}}"'), 'v1');
    assert.equal(await staging(), '');
  });
});
