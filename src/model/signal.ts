/** Signal names and numbers (signal(7), x86 and ARM numbering). */
import { BerthError } from './errors.ts';

const NUMBERS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    HUP: 1,
    INT: 2,
    QUIT: 3,
    ILL: 4,
    TRAP: 5,
    ABRT: 6,
    IOT: 6,
    BUS: 7,
    FPE: 8,
    KILL: 9,
    USR1: 10,
    SEGV: 11,
    USR2: 12,
    PIPE: 13,
    ALRM: 14,
    TERM: 15,
    STKFLT: 16,
    CHLD: 17,
    CLD: 17,
    CONT: 18,
    STOP: 19,
    TSTP: 20,
    TTIN: 21,
    TTOU: 22,
    URG: 23,
    XCPU: 24,
    XFSZ: 25,
    VTALRM: 26,
    PROF: 27,
    WINCH: 28,
    IO: 29,
    POLL: 29,
    PWR: 30,
    SYS: 31,
  }),
);

/** glibc keeps 32 and 33 for itself, so a program's SIGRTMIN is 34. */
const RTMIN = 34;
const RTMAX = 64;

/** `SIGTERM`, `term`, `15`, `RTMIN+3` → number; 0 and anything else is refused. */
export function parseSignal(text: string): number {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (number >= 1 && number <= RTMAX) return number;
    if (number !== 0) throw new BerthError('invalid', `valid signals are 1 through ${RTMAX}`);
  } else {
    const name = text.toUpperCase().replace(/^SIG/, '');
    const known = NUMBERS.get(name);
    if (known !== undefined) return known;
    const realtime = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
    if (realtime) {
      const offset = Number(realtime[3] ?? 0) * (realtime[2] === '-' ? -1 : 1);
      const number = (realtime[1] === 'MIN' ? RTMIN : RTMAX) + offset;
      if (number >= RTMIN && number <= RTMAX) return number;
    }
  }
  throw new BerthError('invalid', `invalid signal: ${text}`);
}

/**
 * 15 → `SIGTERM`; a real-time signal by its distance from the nearer end of its range, as kill(1) and Podman have it;
 * the two of glibc, which have no name, as their number.
 */
export function signalName(number: number): string {
  const name = [...NUMBERS].find(([, n]) => n === number)?.[0];
  if (name !== undefined) return `SIG${name}`;
  if (number < RTMIN) return String(number);
  const [above, below] = [number - RTMIN, RTMAX - number];
  if (above <= below) return above === 0 ? 'SIGRTMIN' : `SIGRTMIN+${above}`;
  return below === 0 ? 'SIGRTMAX' : `SIGRTMAX-${below}`;
}
