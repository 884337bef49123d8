/** In which order the test files run: what takes longest first, so that at the end no processor waits for the last one. */

/** Kinds whose files take no time; they come before everything, because nobody wants to wait for what they say. */
const QUICK = ['unit', 'golden', 'fuzz'];

/** The files that take a minute of processor time and more, longest first. All the others fit in somewhere. */
export const LONG = [
  'test/system/peer/peer.test.ts',
  'test/system/cuts/cuts.test.ts',
  'test/system/create/flags.test.ts',
  'test/system/life/matrix.test.ts',
  'test/system/life/dependencies.test.ts',
  'test/system/life/races.test.ts',
  'test/system/userns/userns.test.ts',
  'test/system/health/steady.test.ts',
  'test/system/health/health.test.ts',
  'test/system/images/verbs.test.ts',
  'test/system/volumes/volumes.test.ts',
  'test/system/life/kills.test.ts',
  'test/system/life/verbs.test.ts',
  'test/system/files/files.test.ts',
  'test/system/life/crashes.test.ts',
  'test/system/run/run.test.ts',
  'test/system/health/ready.test.ts',
  'test/system/network/many.test.ts',
];

/** The same files (paths below the checkout), as they should begin. */
export function inOrder(files: readonly string[]): string[] {
  const rank = (file: string): number => {
    const quick = QUICK.indexOf(file.split('/')[1] ?? '');
    if (quick >= 0) return quick;
    const long = LONG.indexOf(file);
    return QUICK.length + (long >= 0 ? long : LONG.length);
  };
  return files.toSorted((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1));
}
