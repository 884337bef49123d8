import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { debPath } from '../../bed/installed.ts';
import { berth, bootWith, leavingNothing, remove, script, timerRuns } from '../../support/machine.ts';

/** Where the package may put something, and nowhere else. */
const PLACES = [
  /^\/usr\/bin\/berth$/,
  /^\/usr\/libexec\/berth(\/berth-(attach|check|condition|create|start|stop|cleanup|healthcheck))?$/,
  /^\/usr\/lib\/berth(\/[\w.-]+|\/addons(\/[\w.-]+\.node)?)?$/,
  /^\/usr\/share\/(man\/man[17]\/berth[\w.-]*|doc\/berth(\/(copyright|changelog\.Debian\.gz))?|lintian\/overrides\/berth)$/,
];

/** All files of the machine that are not made anew at every boot. */
const LIST = `find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /var/tmp -o -path /dev -o -path /var/log \\) -prune -o -print | sort`;

describe('the package', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('package');
    await bed.copyIn(await debPath(), '/root/berth.deb');
  });
  after(() => bed.close());

  test('has put its files in its own places, owned by root, writable by nobody else', async () => {
    const files = (await script(bed, 'dpkg -L berth | grep -v "^/\\.$"')).split('\n');
    const shared = new Set(
      (await script(bed, `dpkg -S $(dpkg -L berth) 2>/dev/null | grep , | sed 's/.*: //'`)).split('\n'),
    );
    const strange = files.filter((file) => !shared.has(file) && !PLACES.some((place) => place.test(file)));
    assert.deepEqual(strange, []);
    assert.equal(
      await script(
        bed,
        `find $(dpkg -L berth | grep berth) -maxdepth 0 ! -type l \\( ! -user root -o ! -group root -o -perm /022 \\)`,
      ),
      '',
    );
    assert.equal(await script(bed, 'dpkg --verify berth'), '', 'every file is as it was packed');
    assert.equal(
      await script(bed, 'stat -c "%a %U" /var/lib/berth/berth.db /var/lib/berth/containers'),
      '600 root\n700 root',
    );
  });

  test('is all that berth needs: it runs without PATH, HOME, locale, and in an empty directory', async () => {
    const { code, stdout, stderr } = await bed.nsenter(['env', '-i', '/usr/bin/berth', 'version'], {
      cwd: '/proc',
    });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    assert.match(stdout, /Berth/);
  });

  test('can be installed again over itself while a container runs, which does not notice', async () => {
    await leavingNothing(bed, async () => {
      await berth(
        bed,
        'create',
        '--name',
        'running',
        '--health-cmd',
        'true',
        '--health-interval',
        '1s',
        'busybox',
        'sh',
        '-c',
        'while :; do date +%s%N; sleep 0.1; done',
      );
      await berth(bed, 'start', 'running');
      const facts = () =>
        script(
          bed,
          'systemctl show -p MainPID,InvocationID,NRestarts,ActiveState berth-running; berth inspect running | jq .[0].State.Pid',
        );
      const earlier = await facts();
      await bed.sh('dpkg --install /root/berth.deb >/dev/null');
      assert.equal(await facts(), earlier);
      assert.equal(await script(bed, 'berth exec running echo in'), 'in');
      await timerRuns(bed, 'running');
      await remove(bed, 'running');
    });
  });

  test('leaves nothing but a person’s data when it is purged, says where that is, and finds it again', async () => {
    await berth(bed, 'create', '--name', 'kept', 'busybox', 'sh', '-c', 'echo mark >>/mark; sleep 100000');
    await berth(bed, 'create', '--name', 'stopped', 'busybox', 'true');
    await script(bed, 'systemctl --quiet enable berth-kept');
    await berth(bed, 'start', 'kept');
    const all = (await script(bed, LIST)).split('\n');
    const data = await script(bed, 'find /var/lib/berth | grep -v "/berth\\.db-\\|/merged\\|/work" | sort');

    const { code, stdout } = await bed.run(['apt-get', '--yes', '--no-auto-remove', 'purge', 'berth'], {
      env: { DEBIAN_FRONTEND: 'noninteractive' },
    });
    assert.equal(code, 0, stdout);
    assert.match(
      stdout,
      /^berth: your containers and images stay in \/var\/lib\/berth, their units in \/usr\/local\/lib\/systemd\/system; to delete them: rm -rf .*$/m,
    );
    assert.equal(
      await script(
        bed,
        'systemctl list-units --state=active,activating,failed --plain --no-legend "berth*.service" "berth*.timer"',
      ),
      '',
    );
    assert.equal(
      await script(
        bed,
        'ls -A /run/berth 2>/dev/null || true; cut -d" " -f5 /proc/self/mountinfo | grep -c berth || true',
      ),
      '1',
      'only the data’s own mount of the bed',
    );
    const after = new Set((await script(bed, LIST)).split('\n'));
    const left = [...after].filter((file) => file.includes('berth') && !file.startsWith('/var/lib/berth'));
    assert.deepEqual(
      left.filter(
        (file) =>
          !/^\/(usr\/local\/lib\/systemd\/system|etc\/systemd\/system\/multi-user\.target\.wants)\/berth-(kept|stopped)\.service$|^\/root\/berth\.deb$/.test(
            file,
          ),
      ),
      [],
    );
    const lost = all.filter(
      (file) =>
        !after.has(file) &&
        !/berth/.test(file) &&
        !/^\/var\/(cache\/(apt|debconf)|lib\/(dpkg|apt))/.test(file),
    );
    assert.deepEqual(lost, [], 'nothing of anybody else’s is gone');
    assert.equal(
      await script(bed, 'find /var/lib/berth | grep -v "/berth\\.db-\\|/merged\\|/work" | sort'),
      data,
    );

    await bed.sh('dpkg --install /root/berth.deb >/dev/null');
    assert.deepEqual(
      JSON.parse(await berth(bed, 'ps', '-a', '--format', 'json')).map(
        ({ Names: [name] }: { Names: string[] }) => name,
      ),
      ['kept', 'stopped'],
    );
    await berth(bed, 'start', 'kept', 'stopped');
    assert.equal(
      await script(
        bed,
        'until [ "$(berth exec kept wc -l /mark)" = "2 /mark" ]; do sleep 0.05; done; berth exec kept cat /mark',
      ),
      'mark\nmark',
    );
    await remove(bed, 'kept', 'stopped');
  });
});
