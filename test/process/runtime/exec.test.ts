import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  deleteFromRuntime,
  type ExecOptions,
  execInContainer,
  type RuntimeTarget,
  startPayload,
} from '../../../src/runtime/oci-runtime.ts';
import { config } from '../../support/config.ts';
import { type Stage, stage } from './fakes.ts';

/** A runtime that is a shell script; `$LOG` is its log, `$SPEC` the process file of an exec, `$STAGE` a folder. */
function target(t: TestContext, script: string): RuntimeTarget & Pick<Stage, 'folder' | 'end'> {
  const on = stage(t);
  const parse = `STAGE=${on.folder}
    for word; do case $word in --log=*) LOG=\${word#--log=};; *.json) SPEC=$word;; esac; done`;
  const runtime = on.program('crun', `${parse}\n${script}`);
  return { id: config().id, runtime, runDir: on.folder, paths: on.paths, folder: on.folder, end: on.end };
}

const CAPTURE: ExecOptions = { process: '{"args":["x"]}', stdio: 'capture' };

describe('execInContainer', () => {
  it('hands over the process, returns output and exit code, and leaves no file', async (t) => {
    const fake = target(t, 'cat $SPEC; echo " $@" | tr " " "\\n" | grep -c cgroup; echo err >&2; exit 7');
    const result = await execInContainer(fake, CAPTURE);
    assert.deepEqual(
      { ...result, output: result.output.split('\n').sort() },
      {
        code: 7,
        output: ['', 'err', '{"args":["x"]}0'].sort(),
        timedOut: false,
      },
    );
    assert.deepEqual(readdirSync(fake.paths.bundle), []);
  });

  it('removes what a killed exec has left, and nothing of one that is under way', async (t) => {
    const fake = target(t, 'exit 0');
    const living = [`exec-${process.ppid}-1.json`, `exec-${process.ppid}-1.log`, 'exec-note'];
    // pid_max is at most 2^22 (proc(5)).
    const dead = ['exec-4194305-1.json', 'exec-4194305-1.log'];
    for (const name of [...living, ...dead]) writeFileSync(path.join(fake.paths.bundle, name), '');
    await execInContainer(fake, CAPTURE);
    assert.deepEqual(readdirSync(fake.paths.bundle).sort(), living.sort());
  });

  it('names the cgroup that it was given', async (t) => {
    const fake = target(t, 'echo "$@"');
    const { output } = await execInContainer(fake, { ...CAPTURE, cgroup: { name: 'health', kill() {} } });
    assert.match(output, / exec --cgroup health --process /);
  });

  const LOGGED: [msg: string, exitCode: number][] = [
    ['executable file `x` not found in $PATH: No such file or directory', 127],
    ['open executable: Permission denied', 126],
    ['something else', 125],
  ];
  for (const [msg, exitCode] of LOGGED) {
    it(`rejects with ${exitCode} when the runtime logs "${msg}"`, async (t) => {
      const fake = target(t, `cat > $LOG <<'EOF'\n${JSON.stringify({ level: 'error', msg })}\nEOF\nexit 1`);
      await assert.rejects(execInContainer(fake, CAPTURE), { name: 'BerthError', exitCode });
      assert.deepEqual(readdirSync(fake.paths.bundle), []);
    });
  }

  it('tells death by a signal as a shell does', async (t) => {
    assert.equal((await execInContainer(target(t, 'kill -TERM $$'), CAPTURE)).code, 143);
    assert.equal((await execInContainer(target(t, 'kill -KILL $$'), CAPTURE)).code, 137);
  });

  it('keeps no more output than it was told, and reads the rest away', async (t) => {
    const { output, code } = await execInContainer(target(t, 'head -c 3000000 /dev/zero; echo end >&2'), {
      ...CAPTURE,
      maxOutput: 1000,
    });
    assert.equal(code, 0);
    // Whole reads are kept: a pipe's buffer beyond the limit at most.
    assert.ok(output.length >= 1000 && output.length <= 1000 + 65_536, `${output.length}`);
  });

  it('ends everything at the time-out through the cgroup', async (t) => {
    let killed = 0;
    const result = await execInContainer(target(t, 'echo begun; exec sleep 1000'), {
      ...CAPTURE,
      timeoutMs: 300,
      cgroup: { name: 'health', kill: () => killed++ },
    });
    assert.deepEqual([result.code, result.timedOut, killed], [-1, true, 1]);
  });

  it('does not take a time-out of years for one of no time', async (t) => {
    const { timedOut, code } = await execInContainer(target(t, 'exit 0'), { ...CAPTURE, timeoutMs: 2 ** 45 });
    assert.deepEqual([timedOut, code], [false, 0]);
  });

  it('does not wait for a daemon that keeps the output open', { timeout: 300_000 }, async (t) => {
    const fake = target(t, 'sleep 1000 & echo $! > $STAGE/daemon; echo said');
    const { output, code } = await execInContainer(fake, CAPTURE);
    fake.end('daemon');
    assert.deepEqual([output, code], ['said\n', 0]);
  });

  it('says what to install when the runtime is not there', async (t) => {
    const fake = { ...target(t, ''), runtime: '/nonexistent/crun' };
    await assert.rejects(execInContainer(fake, CAPTURE), {
      code: 'missing-program',
      message: 'cannot run /nonexistent/crun: no such program, install the package that has it',
    });
    assert.deepEqual(readdirSync(fake.paths.bundle), []);
  });
});

describe('start and delete', () => {
  it('are told with their own state directory and the container’s id', async (t) => {
    const fake = target(t, 'echo "$@" >> $STAGE/calls');
    startPayload(fake);
    deleteFromRuntime(fake);
    const root = `--root=${fake.folder}/crun`;
    assert.equal(
      readFileSync(path.join(fake.folder, 'calls'), 'utf8'),
      `${root} start ${fake.id}\n${root} delete --force ${fake.id}\n`,
    );
  });

  it('take a payload that runs already for started', async (t) => {
    const fake = target(
      t,
      `case "$2" in state) echo '{"status":"running"}' ;; *) echo "no fifo" >&2; exit 1 ;; esac`,
    );
    startPayload(fake);
  });

  it('fail with what the runtime says', async (t) => {
    const fake = target(t, 'echo "no can do" >&2; exit 3');
    const error = { code: 'runtime', message: 'OCI runtime error: crun: no can do' };
    assert.throws(() => startPayload(fake), error);
    assert.throws(() => deleteFromRuntime(fake), error);
  });
});
