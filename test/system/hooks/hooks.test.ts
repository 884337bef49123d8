/** OCI hooks with real programs: which run, when, how often, and what becomes of those that fail. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree } from '../../support/agree.ts';
import {
  berth,
  bootWith,
  leavingNothing,
  RUNTIMES,
  type RuntimeName,
  remove,
  script,
  systemctl,
  until,
} from '../../support/machine.ts';
import { preparePodman } from '../../support/peer.ts';

const LOG = '/srv/hooks.log';

/** Appends `STAGE STDIN` as one line to the log, and passes a spec on; then ends with $2. */
const PROGRAM = `#!/bin/sh
input=$(cat | tr -d '\\n')
echo "$1 $input" >>${LOG}
[ "$1" != precreate ] || printf %s "$input" | sed 's/"BEFORE=1"/"AFTER=1"/'
exit \${2:-0}
`;

interface HookOptions {
  exit?: number;
  when?: Record<string, unknown>;
  path?: string;
}

/** The shell command that writes DIR/NAME.json. */
function hookFile(
  dir: string,
  stage: string,
  { exit = 0, when, path = '/srv/hook' }: HookOptions = {},
): string {
  const text = JSON.stringify({
    version: '1.0.0',
    hook: { path, args: ['hook', stage, String(exit)], env: ['PATH=/usr/bin:/bin'] },
    when: when ?? { always: true },
    stages: [stage],
  });
  return `mkdir -p ${dir}; echo '${text}' >${dir}/${stage}${exit === 0 ? '' : '-failing'}.json`;
}

describe('hooks', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('hooks');
    await bed.sh('cat >/srv/hook; chmod 755 /srv/hook', { input: PROGRAM });
  });
  after(() => bed.close());

  /** `[stage, standard input]` of every hook that ran since the last call. */
  async function ran(): Promise<[stage: string, input: string][]> {
    const log = await script(bed, `cat ${LOG} 2>/dev/null || true; rm -f ${LOG}`);
    return log
      .split('\n')
      .filter(Boolean)
      .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]);
  }
  const stages = async (): Promise<string[]> => (await ran()).map(([stage]) => stage);

  /** What a test that failed has left in the log is not the next one's. */
  beforeEach(ran);

  const create = (dirs: string[], runtime: RuntimeName, flags: string[], ...command: string[]) =>
    berth(
      bed,
      ...dirs.flatMap((dir) => ['--hooks-dir', dir]),
      ...['create', '--name', 'h', '--runtime', runtime, '--stop-timeout', '0', ...flags],
      'busybox',
      ...command,
    );

  const atRest = () =>
    until('h is at rest', async () => {
      const { stdout } = await bed.nsenter(['systemctl', 'show', '-P', 'ActiveState', 'berth-h']);
      return /^(inactive|failed)$/.test(stdout.trim()) || undefined;
    });

  for (const runtime of RUNTIMES) {
    test(`with ${runtime}, each stage runs once per run, in order; precreate may change the spec, poststop is told the end`, () =>
      leavingNothing(bed, async () => {
        const all = ['precreate', 'prestart', 'createRuntime', 'poststart', 'poststop'];
        await script(bed, all.map((stage) => hookFile('/srv/all', stage)).join('\n'));
        const id = await create(['/srv/all'], runtime, ['-e', 'BEFORE=1'], 'sleep', '1000');
        for (let run = 0; run < 2; run++) {
          await systemctl(bed, 'start', 'berth-h');
          const pid = await berth(bed, 'inspect', '--format', '{{.State.Pid}}', 'h');
          const environment = await script(bed, `tr '\\0' '\\n' </proc/${pid}/environ`);
          assert.ok(environment.split('\n').includes('AFTER=1'), environment);
          await systemctl(bed, 'stop', 'berth-h');
          const hooks = await ran();
          assert.deepEqual(
            hooks.map(([stage]) => stage),
            all,
          );
          const inputs = new Map(hooks);
          const spec = JSON.parse(inputs.get('precreate') ?? '') as { process: { env: string[] } };
          assert.ok(spec.process.env.includes('BEFORE=1'));
          assert.deepEqual(JSON.parse(inputs.get('poststop') ?? ''), {
            ociVersion: '1.0.2',
            id,
            status: 'stopped',
            bundle: `/run/berth/containers/${id}`,
            annotations: {},
          });
        }
        await remove(bed, 'h');
      }));

    test(`with ${runtime}, poststop runs exactly once for each run that was created, however it ends`, () =>
      leavingNothing(bed, async () => {
        await script(bed, hookFile('/srv/end', 'poststop'));
        await create(['/srv/end'], runtime, ['--restart', 'on-failure:2'], 'false');
        await berth(bed, 'start', 'h');
        await until('h has failed for good', async () => {
          const { stdout } = await bed.nsenter(['systemctl', 'show', '-P', 'ActiveState', 'berth-h']);
          return stdout.trim() === 'failed' || undefined;
        });
        assert.deepEqual(await stages(), ['poststop', 'poststop', 'poststop'], 'a run and two restarts');
        await remove(bed, 'h');

        await create(['/srv/end'], runtime, [], 'sleep', '1000');
        for (const end of [
          'berth stop h',
          'kill -9 $(systemctl show -P MainPID berth-h)',
          'systemctl kill -s KILL berth-h',
          'berth restart h; berth stop h',
        ]) {
          await berth(bed, 'start', 'h');
          await script(bed, end);
          await atRest();
          const runs = end.includes('restart') ? ['poststop', 'poststop'] : ['poststop'];
          assert.deepEqual(await stages(), runs, end);
        }
        await berth(bed, 'container', 'cleanup', 'h');
        await remove(bed, 'h');
        assert.deepEqual(await stages(), [], 'neither a second cleanup nor rm runs it again');
      }));

    test(`with ${runtime}, a run whose prestart hook fails was not created: no poststop, one clear error, nothing left`, () =>
      leavingNothing(bed, async () => {
        await script(
          bed,
          `${hookFile('/srv/broken', 'poststop')}; ${hookFile('/srv/broken', 'prestart', { exit: 1 })}`,
        );
        await create(['/srv/broken'], runtime, [], 'sleep', '1000');
        const failed = await bed.nsenter(['berth', 'start', 'h']);
        assert.equal(failed.code, 125);
        assert.match(failed.stderr, /^Error: unable to start container "[0-9a-f]{64}": .*hook/);
        assert.deepEqual(await stages(), ['prestart']);
        // The directories are read at every start.
        await script(bed, 'rm /srv/broken/prestart-failing.json');
        await berth(bed, 'start', 'h');
        await assertAgree(bed, 'h');
        await berth(bed, 'stop', 'h');
        assert.deepEqual(await stages(), ['poststop']);
        await remove(bed, 'h');
      }));
  }

  test('a poststop hook that fails is said in the journal, and hinders neither the next one nor the stop', () =>
    leavingNothing(bed, async () => {
      await script(
        bed,
        `${hookFile('/srv/fail', 'poststop', { exit: 3 })}; ${hookFile('/srv/fail', 'poststop')}`,
      );
      await create(['/srv/fail'], 'crun', [], 'sleep', '1000');
      await systemctl(bed, 'start', 'berth-h');
      await systemctl(bed, 'stop', 'berth-h');
      const [facts] = await assertAgree(bed, 'h');
      assert.equal(facts?.unit.ActiveState, 'inactive');
      assert.deepEqual(await stages(), ['poststop', 'poststop']);
      assert.match(
        await bed.journal('-u', 'berth-h', '-o', 'cat'),
        /^container h: poststop hook 0: executing \[hook poststop 3\]: exit status 3$/m,
      );
      await remove(bed, 'h');
    }));

  test('a precreate hook that fails, answers no JSON or takes too long fails the start, which leaves nothing', () =>
    leavingNothing(bed, async () => {
      const cases: [hook: Record<string, unknown>, says: RegExp][] = [
        [
          { path: '/bin/sh', args: ['sh', '-c', 'echo oops >&2; exit 3'] },
          /precreate hook 0: executing \[sh -c echo oops >&2; exit 3\]: exit status 3: oops$/,
        ],
        [{ path: '/bin/true' }, /precreate hook 0: .*\bJSON\b.*$/],
        [
          { path: '/bin/sleep', args: ['sleep', '1000'], timeout: 1 },
          /precreate hook 0: .*no end within 1 s$/,
        ],
      ];
      await script(bed, 'mkdir -p /srv/pre');
      await create(['/srv/pre'], 'crun', [], 'sleep', '1000');
      for (const [hook, says] of cases) {
        const text = { version: '1.0.0', hook, when: { always: true }, stages: ['precreate'] };
        await bed.ok(['tee', '/srv/pre/hook.json'], { quick: true, input: JSON.stringify(text) });
        const failed = await bed.nsenter(['berth', 'start', 'h']);
        assert.equal(failed.code, 125);
        assert.match(failed.stderr.trim(), /": setting up OCI Hooks: /);
        assert.match(failed.stderr.trim(), says);
        await assertAgree(bed, 'h');
      }
      await remove(bed, 'h');
    }));

  test('a directory or a program that is missing is said and left out; later directories replace files of earlier ones', () =>
    leavingNothing(bed, async () => {
      await script(
        bed,
        `${hookFile('/srv/one', 'poststop', { when: { commands: ['nothing'] } })}
         ${hookFile('/srv/one', 'prestart')}; ${hookFile('/srv/two', 'prestart', { path: '/srv/nosuch' })}
         ${hookFile('/srv/two', 'poststart')}`,
      );
      await create(['/srv/one', '/srv/missing', '/srv/two'], 'crun', [], 'sleep', '1000');
      await systemctl(bed, 'start', 'berth-h');
      await systemctl(bed, 'stop', 'berth-h');
      assert.deepEqual(await stages(), ['poststart']);
      const journal = await bed.journal('-u', 'berth-h', '-o', 'cat');
      assert.match(journal, /^requested OCI hooks directory "\/srv\/missing" does not exist$/m);
      assert.match(
        journal,
        /^OCI hook \/srv\/two\/prestart\.json is left out: there is no program \/srv\/nosuch$/m,
      );
      await remove(bed, 'h');
    }));

  test('Podman runs the same hooks in the same order with the same words, from the same default directory', async () => {
    await preparePodman(bed);
    const directory = '/usr/share/containers/oci/hooks.d';
    await script(
      bed,
      [
        hookFile(directory, 'precreate', { when: { annotations: { '^trace$': '^yes' } } }),
        hookFile(directory, 'prestart', { when: { commands: ['true$'] } }),
        hookFile(directory, 'poststart', { when: { commands: ['^sleep'] } }),
        hookFile(directory, 'poststop', { when: { hasBindMounts: true, always: true } }),
      ].join('\n'),
    );
    const keys = ([stage, input]: [string, string]): string =>
      stage === 'precreate' ? stage : `${stage}: ${(JSON.parse(input) as { status: string }).status}`;
    for (const flags of [[], ['--annotation', 'trace=yes!', '-v', '/srv:/srv:ro']]) {
      await bed.ok(['podman', 'run', '--rm', '--network', 'none', ...flags, 'localhost/busybox', 'true']);
      const ofPodman = (await ran()).map(keys);
      await create([], 'crun', flags, 'true');
      await berth(bed, 'start', 'h');
      await atRest();
      assert.deepEqual((await ran()).map(keys), ofPodman);
      assert.equal(ofPodman.length, flags.length === 0 ? 1 : 3, String(ofPodman));
      await remove(bed, 'h');
    }
    await script(bed, `rm -r ${directory}`);
  });
});
