/** Specs as text. Apart from spec.ts, so that exec and health checks need not load the generator. */

/**
 * JSON text of a spec or a process. Unlimited (any number from 2^64 up, so also what JSON.parse makes of it) is written
 * as RLIM_INFINITY, 2^64 − 1: a double cannot hold it, and the runtimes refuse the number that it rounds to.
 */
export function serializeSpec(spec: object): string {
  return JSON.stringify(spec, (_, value) =>
    typeof value === 'number' && value >= 2 ** 64
      ? (JSON as unknown as RawJson).rawJSON(RLIM_INFINITY)
      : value,
  );
}

const RLIM_INFINITY = '18446744073709551615';

/** JSON.rawJSON, which V8 has and TypeScript's libraries do not declare yet. */
interface RawJson {
  rawJSON(text: string): unknown;
}
