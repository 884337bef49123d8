import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { launchMonitor } from '../../../src/runtime/conmon.ts';
import { processRef } from '../../../src/sys/proc.ts';
import { config } from '../../support/config.ts';
import { type Stage, stage } from './fakes.ts';

/** Launches a monitor and lets it create, with a shell script for conmon; `$PIDFILE` and `$LOG` are where conmon and the runtime write. */
function create(on: Stage, script: string, timeoutMs?: number) {
  const variables = `PIDFILE=${on.paths.conmonPidFile}\nLOG=${on.paths.runtimeLog}\nSTAGE=${on.folder}\n`;
  process.env.BERTH_CONMON = on.program('conmon', variables + script);
  return launchMonitor({
    config: config(),
    paths: on.paths,
    runDir: on.folder,
    logFile: path.join(on.folder, 'ctr.log'),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }).create();
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 60_000; !holds(); await new Promise(setImmediate))
    assert.ok(performance.now() < deadline, what);
}

/** The script's parent is this test: a process that lives, and whose start time is known. */
const GOOD = 'echo $PPID > $PIDFILE; echo "{\\"data\\": $PPID}" >&3';

describe('a monitor', () => {
  afterEach(() => {
    delete process.env.BERTH_CONMON;
    delete process.env.NOTIFY_SOCKET;
  });

  it('resolves with both processes when conmon reports a pid', async (t) => {
    const self = processRef(process.pid);
    assert.deepEqual(await create(stage(t), GOOD), { payload: self, conmon: self });
  });

  it('gives conmon its start byte, and nothing of systemd’s notify socket', async (t) => {
    const on = stage(t);
    process.env.NOTIFY_SOCKET = '/run/systemd/notify';
    await create(on, `head -c 1 <&4 | od -An -tx1 > $STAGE/byte; env > $STAGE/env; ${GOOD}`);
    assert.equal(readFileSync(path.join(on.folder, 'byte'), 'utf8').trim(), '00');
    const env = readFileSync(path.join(on.folder, 'env'), 'utf8');
    assert.doesNotMatch(env, /NOTIFY_SOCKET/);
    assert.match(env, /^_OCI_SYNCPIPE=3$/m);
    assert.match(env, /^_OCI_STARTPIPE=4$/m);
  });

  it('removes what the last run left before conmon begins', async (t) => {
    const on = stage(t);
    mkdirSync(on.paths.persistDir);
    for (const file of [
      on.paths.exitFile,
      on.paths.oomFile,
      on.paths.runtimeLog,
      path.join(on.paths.bundle, 'ctl'),
    ]) {
      writeFileSync(file, '9');
    }
    await create(on, `ls -R ${on.paths.bundle} > $STAGE/seen; ${GOOD}`);
    assert.doesNotMatch(readFileSync(path.join(on.folder, 'seen'), 'utf8'), /^(exit|oom|oci-log|ctl)$/m);
    assert.equal(existsSync(on.paths.exitFile), false);
  });

  const FAULTS: [title: string, script: string, code: string, message: string | RegExp][] = [
    [
      'dies at once: its last words are told',
      'echo "cannot make a pipe" >&2; exit 1',
      'runtime',
      'conmon ended without creating the container: cannot make a pipe',
    ],
    [
      'ends without a word',
      'exit 0',
      'runtime',
      'conmon ended without creating the container: it said nothing',
    ],
    ['closes the pipe first and ends later', 'exec 3>&-; exec 2>&-; exit 0', 'runtime', /it said nothing$/],
    ['writes garbage', 'echo garbage >&3', 'runtime', 'conmon said "garbage", which is no report of its'],
    ['writes half a line', 'printf "{\\"da" >&3', 'runtime', /^conmon said "\{\\"da"/],
    [
      'writes JSON that is no report',
      'echo null >&3',
      'runtime',
      'conmon said "null", which is no report of its',
    ],
    [
      'reports no number',
      'echo "{\\"data\\": \\"7\\"}" >&3',
      'runtime',
      /^conmon ended without creating the container/,
    ],
    [
      'reports the runtime’s failure',
      'echo "{\\"data\\": -1, \\"message\\": \\"crun: oops\\"}" >&3; exit 1',
      'runtime',
      'OCI runtime error: crun: crun: oops',
    ],
    [
      'reports a failure that the runtime has logged better',
      'echo \'{"level":"error","msg":"open executable: Permission denied"}\' > $LOG; echo "{\\"data\\": -1, \\"message\\": \\"x\\"}" >&3',
      'command-not-invocable',
      'crun: open executable: Permission denied: OCI permission denied',
    ],
    [
      'dies after the runtime has logged why',
      'echo \'{"level":"error","msg":"executable file `x` not found in $PATH"}\' > $LOG; exit 1',
      'command-not-found',
      /^crun: executable file `x` not found in \$PATH: OCI runtime attempted/,
    ],
    [
      'reports a process that is gone',
      // pid_max is at most 2^22 (proc(5)).
      'echo $PPID > $PIDFILE; echo "{\\"data\\": 4194305}" >&3',
      'runtime',
      "the container's first process died while it was being created",
    ],
    [
      'leaves no pid of its own',
      'echo "{\\"data\\": $PPID}" >&3',
      'runtime',
      "the container's conmon died while it was being created",
    ],
  ];
  for (const [title, script, code, message] of FAULTS) {
    it(`rejects when conmon ${title}`, async (t) => {
      await assert.rejects(create(stage(t), script), { name: 'BerthError', code, message });
    });
  }

  it('gives up on a conmon that hangs after it has forked', async (t) => {
    const on = stage(t);
    // Ends with the folder.
    const hang = '(while test -e $STAGE; do sleep 0.1; done) >/dev/null 2>&1 &';
    await assert.rejects(create(on, `${hang} exit 0`, 300), {
      code: 'runtime',
      message: 'conmon has not created the container in 0.3 s',
    });
  });

  it('gives up on a conmon that hangs itself, and ends it', async (t) => {
    const on = stage(t);
    // Long enough for it to begin, on a machine of any speed.
    for (let timeoutMs = 300; !existsSync(path.join(on.folder, 'pid')); timeoutMs *= 2) {
      await assert.rejects(
        create(on, 'echo $$ > $STAGE/new; mv $STAGE/new $STAGE/pid; exec sleep 1000', timeoutMs),
        {
          message: /has not created/,
        },
      );
    }
    const pid = Number(readFileSync(path.join(on.folder, 'pid'), 'utf8'));
    t.after(() => processRef(pid) !== undefined && process.kill(pid, 'SIGKILL'));
    for (const deadline = performance.now() + 60_000; processRef(pid) !== undefined; )
      assert.ok(performance.now() < deadline, 'it lives on');
  });

  it('is not missed if it ends before it is let go, and says why', async (t) => {
    const on = stage(t);
    const file = path.join(on.folder, 'pid');
    process.env.BERTH_CONMON = on.program('conmon', `echo "cannot go on" >&2; echo $$ >${file}; exit 1`);
    const monitor = launchMonitor({ config: config(), paths: on.paths, runDir: on.folder, logFile: '' });
    await until('it has run', () => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
    const pid = Number(readFileSync(file, 'utf8'));
    await until('it has ended', () => processRef(pid) === undefined);
    await assert.rejects(monitor.create(), {
      message: /ended without creating the container: cannot go on$/,
    });
  });

  it('ends without having done anything when it is canceled', async (t) => {
    const on = stage(t);
    process.env.BERTH_CONMON = on.program(
      'conmon',
      `: >$STAGE/begun; echo $$ > $STAGE/pid; head -c 1 <&4 >>$STAGE/begun; ${GOOD}`.replaceAll(
        '$STAGE',
        on.folder,
      ),
    );
    const monitor = launchMonitor({ config: config(), paths: on.paths, runDir: on.folder, logFile: '' });
    const file = path.join(on.folder, 'pid');
    await until('it runs', () => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
    const pid = Number(readFileSync(file, 'utf8'));
    monitor.cancel();
    await until('it has ended', () => processRef(pid) === undefined);
    assert.equal(readFileSync(path.join(on.folder, 'begun'), 'utf8'), '');
  });

  it('says what to install when there is no conmon', async (t) => {
    const on = stage(t);
    process.env.BERTH_CONMON = path.join(on.folder, 'none');
    await assert.rejects(
      launchMonitor({ config: config(), paths: on.paths, runDir: on.folder, logFile: '' }).create(),
      {
        code: 'missing-program',
        message: 'cannot run conmon: no such program, install the package that has it',
      },
    );
  });
});
