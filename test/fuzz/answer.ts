/** What every parser of what a person types owes: a value, or one line that says what is wrong; and soon. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BerthError, oneLine } from '../../src/model/errors.ts';

export const RUNS = { numRuns: 2000 };

/** Time of the processor, whoever else uses it: more than any of these needs for any input. */
const SOON_MS = 2000;

/** Text that looks like what is parsed, and text that does not, some of it long. */
export function near(...pieces: string[]): fc.Arbitrary<string> {
  const mixed = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((words) => words.join(''));
  const long = fc
    .tuple(fc.constantFrom(...pieces), fc.integer({ min: 1000, max: 20_000 }), fc.string({ maxLength: 3 }))
    .map(([piece, times, end]) => piece.repeat(times) + end);
  return fc.oneof(
    { weight: 6, arbitrary: mixed },
    { weight: 3, arbitrary: fc.string({ unit: 'binary' }) },
    { weight: 1, arbitrary: long },
  );
}

/** The value; or undefined after an answer, which is checked, and handed to `onRefused`. */
export function answer<T>(parse: () => T, onRefused: (message: string) => void = () => {}): T | undefined {
  const begin = process.cpuUsage();
  try {
    return parse();
  } catch (error) {
    assert.ok(error instanceof BerthError, String((error as Error).stack));
    assert.equal(error.exitCode, 125);
    assert.notEqual(error.message, '');
    assert.equal(error.message, oneLine(error.message));
    assert.doesNotMatch(error.message, /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
    onRefused(error.message);
    return undefined;
  } finally {
    const { user, system } = process.cpuUsage(begin);
    const took = (user + system) / 1000;
    assert.ok(took < SOON_MS, `it took ${took} ms`);
  }
}

/** Every text gets an answer, and every value passes the check. `quoted`: what is refused stands in the answer. */
export function always<T>(
  input: fc.Arbitrary<string>,
  parse: (text: string) => T,
  check: (value: NonNullable<T>, text: string) => void = () => {},
  { quoted = false }: { quoted?: boolean } = {},
): void {
  fc.assert(
    fc.property(input, (text) => {
      const value = answer(
        () => parse(text),
        (message) =>
          quoted && assert.ok(isQuoted(text, message), `${JSON.stringify(text)} is not in: ${message}`),
      );
      if (value !== undefined && value !== null) check(value, text);
    }),
    RUNS,
  );
}

/** As it is, or as JSON writes it. */
function isQuoted(text: string, message: string): boolean {
  return [text, JSON.stringify(text)].some((form) => message.includes(oneLine(`${form}|`).slice(0, -1)));
}
