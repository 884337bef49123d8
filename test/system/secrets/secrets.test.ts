/** Secrets of the store in containers, and what must not be found of them anywhere else. The verbs: peer/cases/secrets.ts. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { killRounds } from '../../support/kill-rounds.ts';
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
import { assertNoTrace } from './traces.ts';

const TEXT = 'correct-horse-battery-staple';
const FILES = '/var/lib/berth/secrets';

describe('secrets', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('secrets');
  });
  after(() => bed.close());

  const store = (name: string, text: string, ...flags: string[]): Promise<string> =>
    bed.ok(['berth', 'secret', 'create', ...flags, name, '-'], { quick: true, input: text });
  const clear = (): Promise<string> => berth(bed, 'secret', 'rm', '--all');

  for (const runtime of RUNTIMES) {
    test(`are files and variables of every process in a container, and text nowhere else, with ${runtime}`, () =>
      leavingNothing(bed, async () => {
        await store('tok', TEXT);
        const secrets = [
          ...['--secret', 'tok,uid=7,gid=8,mode=0440', '--secret', 'tok,target=/opt/deep/er'],
          ...['--secret', 'tok,type=env,target=TOKEN', '--stop-timeout', '0'],
        ];
        // The check fails where it has not what the payload has.
        const check = `test "$TOKEN" = "$(cat /run/secrets/tok)"`;
        const flags = ['--runtime', runtime, '--health-cmd', check, '--health-interval', '1h', ...secrets];
        const id = await createShell(
          bed,
          's',
          'test "$TOKEN" = "$(cat /opt/deep/er)" && exec sleep 1000',
          flags,
        );
        await berth(bed, 'start', 's');
        const seen = await berth(
          bed,
          ...['exec', 's', 'sh', '-c'],
          'cd /run/secrets; stat -c "%n %a %u:%g" *; cat tok; echo " $TOKEN"; tr "\\0" "\\n" </proc/1/environ | grep TOKEN',
        );
        assert.equal(seen, `tok 440 7:8\n${TEXT} ${TEXT}\nTOKEN=${TEXT}`);
        await until('the check has passed', async () =>
          (await berth(bed, 'inspect', '--format', '{{.State.Health.Status}}', 's')) === 'healthy'
            ? true
            : undefined,
        );
        await assertNoTrace(bed, 's', TEXT);
        assert.match(
          await berth(bed, 'inspect', '--format', '{{.Config.Env}} {{len .Config.Secrets}}', 's'),
          /^\[.*tok=\*{7}\] 2$/,
        );
        // The store's own is the only place where the search finds it.
        assert.match(await script(bed, `grep -lF ${TEXT} ${FILES}/*; stat -c %a ${FILES}/*`), /^\S+\n600$/);

        // Its files are the container's own; a check goes by what the payload has.
        await clear();
        assert.equal(await berth(bed, 'healthcheck', 'run', 's'), '');
        await systemctl(bed, 'stop', 'berth-s');
        assert.deepEqual(await answer(bed, 'start', 's'), {
          code: 125,
          stdout: '',
          stderr: `Error: unable to start container "${id.trim()}": no secret with name or id "tok": no such secret`,
        });
        await store('tok', TEXT);
        await systemctl(bed, 'start', 'berth-s');
        await remove(bed, 's');
        await clear();
      }));
  }

  test('what cannot be is refused by create with one line, and nothing is left', () =>
    leavingNothing(bed, async () => {
      await store('nul', 'a\0b');
      await script(bed, `printf '\\351' | berth secret create latin -`);
      const noText = (name: string): string =>
        `Error: secret ${name} cannot be an environment variable: it is not UTF-8 text without NUL: use type=mount`;
      for (const [secret, line] of [
        ['nosuch', 'Error: no secret with name or id "nosuch": no such secret'],
        ['nul,type=env', noText('nul')],
        ['latin,type=env', noText('latin')],
        ['nul,target=/', 'Error: secret nul cannot be the root file system: write another target'],
        ['nul,target=../..', 'Error: secret nul cannot be the root file system: write another target'],
        [
          'a*,type=credential',
          'Error: "a*" is no name for a credential: write letters, digits, dots, dashes, underscores, plus and at signs',
        ],
      ] as const)
        assert.deepEqual(await answer(bed, 'create', '--name', 'r', '--secret', secret, 'busybox', 'true'), {
          code: 125,
          stdout: '',
          stderr: line,
        });
      await clear();
    }));

  test('create takes no more than it may, from wherever, and says what is wrong', () =>
    leavingNothing(bed, async () => {
      for (const [line, said] of [
        ['berth secret create z /dev/zero', 'secret data must be larger than 0 and less than 512000 bytes'],
        ['berth secret create z /tmp', 'read /tmp: illegal operation on a directory'],
        [
          'berth secret create --ignore --replace z /etc/passwd',
          '--ignore and --replace cannot be used together: choose one of them',
        ],
        [
          'berth secret create --driver-opts path=/srv z /etc/passwd',
          'secrets are kept in the state directory: the driver option path is not supported',
        ],
        ['berth secret create --driver pass z /etc/passwd', 'invalid driver: use file'],
      ] as const) {
        const { code, stderr } = await bed.nsenter(['sh', '-c', line]);
        assert.deepEqual([code, stderr], [125, `Error: ${said}\n`]);
      }
      // Podman 5.4 refuses a redirected file, and has --ignore only later.
      const first = await script(bed, 'berth secret create z - </etc/passwd');
      assert.equal(await script(bed, 'berth secret create --ignore z - </etc/machine-id'), first);
      assert.equal(
        await berth(bed, 'secret', 'inspect', '--showsecret', '--format', '{{.SecretData}}', 'z'),
        `${await script(bed, 'cat /etc/passwd')}\n`,
      );
      await clear();
    }));

  test('a secret create that is killed at any moment leaves the old secret or the new one, whole', () =>
    leavingNothing(bed, async () => {
      const all = (letter: string): string => `head -c 500000 /dev/zero | tr '\\0' ${letter}`;
      await script(
        bed,
        `${all('a')} >/srv/a; ${all('b')} >/srv/b; berth secret create k /srv/a
        new=b
        ${killRounds(12, {
          strike: `berth secret create --replace k /srv/$new >/dev/null 2>&1 & pid=$!
            sleep "$delay"; if kill -9 $pid 2>/dev/null; then hit=yes; fi; wait $pid || true`,
          recover: `berth secret inspect --showsecret --format '{{.SecretData}}' k | head -c -1 >/srv/seen
            cmp -s /srv/seen /srv/a || cmp -s /srv/seen /srv/b
            if cmp -s /srv/seen /srv/a; then new=b; else new=a; fi`,
        })}
        berth secret create --replace k /srv/a
        test "$(ls -A ${FILES} | wc -l)" = 1
        rm /srv/a /srv/b /srv/seen`,
      );
      await clear();
    }));
});
