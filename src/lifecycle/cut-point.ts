import type { Plan } from '../model/plan/plan.ts';

/**
 * Called around every step. Does nothing: only a test build (`npm run build -- --test-cuts`) has another file in the place
 * of this one, which can end the process or fail the step here. A bundle has no trace of an empty function.
 */
export function cutPoint(
  _plan: Plan<string>,
  _when: 'before' | 'after' | 'undo',
  _step: string,
  _context: unknown,
): void {}
