/** Starts that cannot succeed: one clear line, nothing left behind, and the next start works once the cause is mended. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { assertAgree, atRest } from '../../support/agree.ts';
import { query } from '../../support/database.ts';
import {
  berth,
  bootWith,
  leavingNothing,
  RUNTIMES,
  type RuntimeName,
  remove,
  script,
  systemctl,
} from '../../support/machine.ts';

interface FailingStart {
  title: string;
  /** Before create. */
  prepare?: string;
  /** `berth create`, after --name and --runtime. */
  create: (runtime: RuntimeName) => string[];
  /** Between create and start. */
  damage?: (runtime: RuntimeName) => string;
  says: (runtime: RuntimeName) => RegExp;
  /** What the failure means to a shell: recorded with the container. */
  startFailure: 125 | 126 | 127;
  /** The start fails before the runtime is asked: shown with one. */
  beforeRuntime?: true;
  mend: (runtime: RuntimeName) => string;
}

const ROOT = '/srv/root';
/** A root file system that can be damaged, where an image's layers must not be. */
const MAKE_ROOT = `rm -rf ${ROOT}; mkdir -p ${ROOT}/bin ${ROOT}/etc ${ROOT}/proc ${ROOT}/sys ${ROOT}/dev ${ROOT}/run ${ROOT}/tmp
  cp /usr/bin/busybox ${ROOT}/bin/busybox; ln -s busybox ${ROOT}/bin/sleep
  echo root:x:0:0:root:/:/bin/sh >${ROOT}/etc/passwd; echo root:x:0: >${ROOT}/etc/group`;
const TOOL = `printf '#!/bin/sh\\nexec sleep 1000\\n' >/srv/tools/tool`;

const CASES: FailingStart[] = [
  {
    title: 'the command is not in the image',
    prepare: 'rm -rf /srv/tools; mkdir /srv/tools',
    create: () => ['-v', '/srv/tools:/tools', 'busybox', '/tools/tool'],
    says: (runtime) =>
      new RegExp(
        `${runtime}: .*\\/tools\\/tool.*: OCI runtime attempted to invoke a command that was not found$`,
      ),
    startFailure: 127,
    mend: () => `${TOOL}; chmod 755 /srv/tools/tool`,
  },
  {
    title: 'the command is not executable',
    prepare: `rm -rf /srv/tools; mkdir /srv/tools; ${TOOL}`,
    create: () => ['-v', '/srv/tools:/tools', 'busybox', '/tools/tool'],
    says: (runtime) => new RegExp(`${runtime}: .*: OCI permission denied$`),
    startFailure: 126,
    mend: () => 'chmod 755 /srv/tools/tool',
  },
  {
    title: 'the user is not in the image',
    beforeRuntime: true,
    prepare: MAKE_ROOT,
    create: () => ['--user', 'ghost', '--rootfs', ROOT, 'sleep', '1000'],
    says: () => /ghost.*no matching entries in passwd file$/,
    startFailure: 126,
    mend: () => `echo ghost:x:7:7:ghost:/:/bin/sh >>${ROOT}/etc/passwd`,
  },
  {
    title: 'the working directory is not in the image',
    beforeRuntime: true,
    prepare: MAKE_ROOT,
    create: () => ['--workdir', '/nowhere', '--rootfs', ROOT, 'sleep', '1000'],
    says: () => /workdir "\/nowhere" does not exist on container/,
    startFailure: 126,
    mend: () => `mkdir ${ROOT}/nowhere`,
  },
  {
    title: 'the root file system was removed after create',
    beforeRuntime: true,
    prepare: MAKE_ROOT,
    create: () => ['--rootfs', ROOT, 'sleep', '1000'],
    damage: () => `mv ${ROOT} ${ROOT}.away`,
    says: () => /the root file system \/srv\/root is not a directory/,
    startFailure: 125,
    mend: () => `mv ${ROOT}.away ${ROOT}`,
  },
  {
    title: 'the source of a bind mount was removed after create',
    beforeRuntime: true,
    prepare: 'mkdir -p /srv/source',
    create: () => ['-v', '/srv/source:/source', 'busybox', 'sleep', '1000'],
    damage: () => 'rmdir /srv/source',
    says: () => /statfs \/srv\/source: no such file or directory: /,
    startFailure: 125,
    mend: () => 'mkdir /srv/source',
  },
  {
    title: 'the runtime was removed',
    create: () => ['busybox', 'sleep', '1000'],
    damage: (runtime) => `command -v ${runtime} >/srv/was; mv $(command -v ${runtime}) /srv/${runtime}.away`,
    says: (runtime) => new RegExp(`/s?bin/${runtime}`),
    startFailure: 125,
    mend: (runtime) => `mv /srv/${runtime}.away "$(cat /srv/was)"`,
  },
  {
    title: 'conmon was removed',
    beforeRuntime: true,
    create: () => ['busybox', 'sleep', '1000'],
    damage: () => 'mv /usr/bin/conmon /usr/bin/conmon.away',
    says: () => /cannot run conmon: no such program, install the package that has it/,
    startFailure: 125,
    mend: () => 'mv /usr/bin/conmon.away /usr/bin/conmon',
  },
  {
    title: 'the seccomp profile is broken',
    beforeRuntime: true,
    prepare: `echo '{"defaultAction":"SCMP_ACT_ALLOW"}' >/srv/seccomp.json`,
    create: () => ['--security-opt', 'seccomp=/srv/seccomp.json', 'busybox', 'sleep', '1000'],
    damage: () => 'echo { >/srv/seccomp.json',
    says: () => /cannot read the seccomp profile \/srv\/seccomp\.json: /,
    startFailure: 125,
    mend: () => `echo '{"defaultAction":"SCMP_ACT_ALLOW"}' >/srv/seccomp.json`,
  },
];

describe('life: failing starts', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('failing');
  });
  after(() => bed.close());

  for (const [index, runtime] of RUNTIMES.entries()) {
    for (const failing of CASES) {
      if (failing.beforeRuntime && index > 0) continue;
      test(`with ${runtime}, when ${failing.title}, a start says so, leaves nothing, and works once that is mended`, () =>
        showFailingStart(failing, runtime));
    }

    test(`with ${runtime}, a command that is not there is not tried again and again, also with --restart always`, () =>
      leavingNothing(bed, async () => {
        const create = ['create', '--name', 'bad', '--runtime', runtime, '--restart', 'always'];
        await berth(bed, ...create, 'busybox', 'nosuch');
        const failed = await bed.nsenter(['berth', 'start', 'bad']);
        assert.equal(failed.code, 125);
        assert.match(failed.stderr, /nosuch/);
        await atRest(bed, 'bad');
        const [facts] = await assertAgree(bed, 'bad');
        assert.deepEqual([facts?.unit.SubState, facts?.unit.NRestarts], ['failed', '0']);
        const journal = await bed.journal('-u', 'berth-bad', '-o', 'cat');
        const tries = journal.match(new RegExp(`^Error: ${runtime}: .*nosuch`, 'gm'));
        assert.equal(tries?.length, 1, journal);
        await remove(bed, 'bad');
      }));
  }

  async function showFailingStart(failing: FailingStart, runtime: RuntimeName): Promise<void> {
    const { prepare, create, damage, says, startFailure, mend } = failing;
    if (prepare !== undefined) await script(bed, prepare);
    const id = await berth(bed, 'create', '--name', 'bad', '--runtime', runtime, ...create(runtime));
    if (damage !== undefined) await script(bed, damage(runtime));
    // The failed unit is what a failure is to leave, and nothing else.
    await leavingNothing(bed, async () => {
      const failed = await bed.nsenter(['berth', 'start', 'bad']);
      assert.equal(failed.stdout, '');
      const line = `Error: unable to start container "${id}": `;
      assert.ok(
        failed.stderr.startsWith(line) && failed.stderr.trimEnd().split('\n').length === 1,
        failed.stderr,
      );
      assert.match(failed.stderr.trimEnd(), says(runtime));
      assert.equal(failed.code, 125);
      const [facts] = await assertAgree(bed, 'bad');
      assert.equal(facts?.unit.ActiveState, 'failed');
      assert.equal(facts?.container.State.Status, 'created');
      assert.equal(failed.stderr.trimEnd(), line + facts?.container.State.Error);
      const [row] = await query<{ code: number }>(
        bed,
        `SELECT json_extract(state, '$.startFailure') AS code FROM container WHERE id = '${id}'`,
      );
      assert.equal(row?.code, startFailure);
    }, [/^unit: berth-bad\.service failed/]);
    await script(bed, mend(runtime));
    await systemctl(bed, 'start', 'berth-bad');
    const [facts] = await assertAgree(bed, 'bad');
    assert.equal(facts?.unit.ActiveState, 'active');
    assert.equal(facts?.container.State.Error, '');
    await remove(bed, 'bad');
  }
});
