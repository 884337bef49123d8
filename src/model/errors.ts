/**
 * Every error a person can meet, as a class with facts in fields.
 *
 * A BerthError is an answer ("Error: …" on one line and an exit code); any other exception is a bug in
 * Berth and is shown as one. Exit codes follow Podman's (podman-run(1), "Exit Status"):
 * 125 Berth itself, 126 the command cannot be invoked, 127 the command cannot be found,
 * 1 "no such object" of some verbs, 2 "in a state that forbids it" of `rm`.
 */
export type ErrorCode =
  | 'usage' // the command line is wrong
  | 'invalid' // a value is wrong
  | 'no-such-container'
  | 'no-such-image'
  | 'no-such-secret'
  | 'no-such-volume'
  | 'no-such-network'
  | 'network' // netavark failed, or an address cannot be had
  | 'address-in-use' // 126: another program has the port
  | 'name-in-use'
  | 'state' // the container's state forbids the operation
  | 'permission' // not root, or the system refused
  | 'no-systemd' // not booted with systemd, or its bus does not answer
  | 'missing-program' // conmon, crun, runc, mount … not installed
  | 'runtime' // the OCI runtime or conmon failed
  | 'command-not-invocable' // 126
  | 'command-not-found' // 127
  | 'registry' // an image could not be had from where it was asked for
  | 'archive' // an image archive is broken or hostile
  | 'storage' // mounts, layers, disk
  | 'store' // the database: newer schema, corrupt, network file system
  | 'unit' // a systemd job failed
  | 'unsupported'; // the kernel or this host cannot do what was asked

/** What moves a terminal's cursor, ends a line or turns the direction of the text: nobody who reads a log must be fooled by it. */
const INVISIBLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** A text on one line, in which a character that would act instead of being seen is written as JSON writes it. */
export function oneLine(text: string): string {
  const line = text.endsWith('\n') ? text.trimEnd() : text;
  return line.replace(INVISIBLE, (character) => {
    const quoted = JSON.stringify(character).slice(1, -1);
    return quoted === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : quoted;
  });
}

export interface BerthErrorOptions {
  /** Process exit code; 125 unless told. */
  exitCode?: number;
  /** What went wrong underneath; printed only with debugging on. */
  cause?: unknown;
}

export class BerthError extends Error {
  override readonly name = 'BerthError';
  readonly code: ErrorCode;
  readonly exitCode: number;

  /** The message becomes one line, whatever text of a person's or a program's is in it. */
  constructor(code: ErrorCode, message: string, options: BerthErrorOptions = {}) {
    super(oneLine(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.exitCode = options.exitCode ?? EXIT_CODES[code] ?? 125;
  }
}

const EXIT_CODES: Partial<Record<ErrorCode, number>> = {
  'command-not-invocable': 126,
  'command-not-found': 127,
  'address-in-use': 126,
};

/** A step failed and so did the work of undoing it: both are kept, the first one decides the exit code. */
export class RollbackError extends BerthError {
  readonly rollback: unknown[];

  constructor(original: unknown, rollback: unknown[]) {
    const first = asBerthError(original);
    super(first.code, `${first.message} (and while undoing it: ${rollback.map(messageOf).join('; ')})`, {
      exitCode: first.exitCode,
      cause: original,
    });
    this.rollback = rollback;
  }
}

/** Several steps failed that do not depend on each other: all are told, the first one decides code and exit code. */
export function allErrors(what: string, failures: readonly unknown[]): BerthError {
  const first = asBerthError(failures[0]);
  return new BerthError(first.code, `${what}: ${failures.map(messageOf).join('; ')}`, {
    exitCode: first.exitCode,
    cause: failures[0],
  });
}

/** The text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** A failed system call of Node's in the words that most programs have for it: `open /x: no such file or directory`. */
export function systemReason(thrown: unknown): string {
  const text = messageOf(thrown);
  const [, reason, call, file] = /^E[A-Z]+: ([^,]+), (\w+)(?: '(.*)')?$/s.exec(text) ?? [];
  return reason === undefined ? text : `${call}${file === undefined ? '' : ` ${file}`}: ${reason}`;
}

/** Wraps a foreign exception so that it can carry an exit code; a BerthError is returned as it is. */
export function asBerthError(thrown: unknown, code: ErrorCode = 'runtime'): BerthError {
  return thrown instanceof BerthError ? thrown : new BerthError(code, messageOf(thrown), { cause: thrown });
}

/** Is this the errno error of that name (ENOENT …)? */
export function isErrno(thrown: unknown, ...codes: string[]): boolean {
  return thrown instanceof Error && codes.includes((thrown as NodeJS.ErrnoException).code ?? '');
}
