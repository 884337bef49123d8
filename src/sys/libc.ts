/**
 * System calls that the modules of Node do not have, by the names that they have in the C library (section 2 of the man
 * pages). The library is in this process already: loading it loads nothing.
 */
import { constants } from 'node:os';
import koffi from 'koffi';

type Library = ReturnType<typeof koffi.load>;
type LibraryFunction = ReturnType<Library['func']>;
let library: Library | undefined;

/**
 * A function that fails as those of Node do: by throwing an error with `code` and `syscall`. It is called again when a signal
 * has interrupted it.
 * @param prototype as the man page has it, of a function that returns -1 and sets errno: `int connect(int, const void *, uint32)`
 */
export function systemCall(prototype: string): (...args: unknown[]) => number {
  const load = lazily(prototype);
  return (...args) => {
    const call = load();
    for (;;) {
      const result: number = call(...args);
      if (result !== -1) return result;
      const errno = koffi.errno();
      if (errno !== constants.errno.EINTR) throw systemError(call.info.name, errno);
    }
  };
}

/** The same for a call that takes long, made in a thread of its own. */
export function slowSystemCall(prototype: string): (...args: unknown[]) => Promise<number> {
  const load = lazily(prototype);
  return async (...args) => {
    const call = load();
    for (;;) {
      // Koffi keeps the errno of the thread for the callback, not for longer.
      const { result, errno } = await new Promise<{ result: number; errno: number }>((resolve, reject) => {
        call.async(...args, (error: Error | null, result: number) =>
          error === null ? resolve({ result, errno: koffi.errno() }) : reject(error),
        );
      });
      if (result !== -1) return result;
      if (errno !== constants.errno.EINTR) throw systemError(call.info.name, errno);
    }
  };
}

/** Loaded by the first call: most commands need none. */
function lazily(prototype: string): () => LibraryFunction {
  let call: LibraryFunction | undefined;
  return () => {
    library ??= koffi.load(null);
    call ??= library.func(prototype);
    return call;
  };
}

/** A struct that prototypes then name: its members with their types, in order. */
export function declareStruct(name: string, members: Record<string, string>): void {
  koffi.struct(name, members);
}

/** With the text that Node's own have: `EINVAL: invalid argument, mount`. */
function systemError(syscall: string, errno: number): NodeJS.ErrnoException {
  const code =
    Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
  const text = String(library?.func('const char *strerror(int)')(errno)).toLowerCase();
  return Object.assign(new Error(`${code}: ${text}, ${syscall}`), { code, errno: -errno, syscall });
}
