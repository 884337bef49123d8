import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { classifyRuntimeError, lastLogError } from '../../../src/runtime/errors.ts';

/** What crun 1.21 and runc 1.1 say, and what a shell is told: Podman's exit codes. */
const MESSAGES: [runtime: string, message: string, exitCode: number][] = [
  ['crun', 'executable file `nosuch` not found in $PATH: No such file or directory', 127],
  ['crun', 'executable file `/nosuch` not found: No such file or directory', 127],
  ['crun', 'open executable: No such file or directory', 127],
  ['crun', 'exec container process `/script`: No such file or directory', 127],
  ['crun', 'open executable: Permission denied', 126],
  ['crun', 'exec container process `/etc/passwd`: Permission denied', 126],
  ['crun', 'the path `/tmp` is not a regular file: Operation not permitted', 126],
  ['crun', 'exec container process `/broken`: Exec format error', 125],
  ['crun', 'error loading seccomp filter into the kernel: Invalid argument', 125],
  ['runc', 'exec: "nosuch": executable file not found in $PATH', 127],
  [
    'runc',
    'runc create failed: unable to start container process: exec: "nosuch": executable file not found in $PATH',
    127,
  ],
  [
    'runc',
    'unable to start container process: exec: "/nosuch": stat /nosuch: no such file or directory',
    127,
  ],
  ['runc', 'unable to start container process: exec: "/etc/passwd": permission denied', 126],
  ['runc', 'exec: "/tmp": is a directory', 126],
  ['runc', 'unable to start container process: exec /broken: exec format error', 125],
  ['runc', 'container with given ID already exists', 125],
];

describe('classifyRuntimeError', () => {
  for (const [runtime, message, exitCode] of MESSAGES) {
    it(`${exitCode}: ${runtime}: ${message}`, () => {
      const error = classifyRuntimeError(`/usr/bin/${runtime}`, message);
      assert.equal(error.exitCode, exitCode);
      const text = {
        127: `${runtime}: ${message}: OCI runtime attempted to invoke a command that was not found`,
        126: `${runtime}: ${message}: OCI permission denied`,
        125: `OCI runtime error: ${runtime}: ${message}`,
      }[exitCode];
      assert.equal(error.message, text);
    });
  }

  it('makes one line of several', () => {
    assert.equal(classifyRuntimeError('crun', ' a\n  b\n').message, 'OCI runtime error: crun: a; b');
  });
});

describe('lastLogError', () => {
  const line = (level: string, msg: string): string =>
    JSON.stringify({ msg, level, time: '2026-03-01T12:00:00Z' });

  it('is the last error, whatever else is in the log', () => {
    const log = [
      line('error', 'first'),
      line('warning', 'w'),
      line('error', 'last'),
      line('debug', 'd'),
      '',
    ].join('\n');
    assert.equal(lastLogError(log), 'last');
  });

  it('copes with torn and foreign lines', () => {
    for (const text of [
      '',
      '\n',
      'not JSON',
      'null',
      '7',
      '[]',
      '{"level":"error"}',
      '{"level":"error","msg":7}',
      '{"level":"err',
    ]) {
      assert.equal(lastLogError(text), undefined, text);
    }
    assert.equal(lastLogError(`${line('error', 'whole')}\nnull\n{"level":"error","msg":"torn`), 'whole');
  });
});
