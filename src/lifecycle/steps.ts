/** Named steps, done in order; one that fails either undoes those before it, or stands in the way of none. */
import { RollbackError } from '../model/errors.ts';
import type { Plan } from '../model/plan/plan.ts';
import { cutPoint } from './cut-point.ts';

export interface Step<Context> {
  do(context: Context): void | Promise<void>;
  /** Called if this step or a later one fails; must cope with a half-done step. */
  undo?(context: Context): void | Promise<void>;
}

export type Steps<Name extends string, Context> = Record<Name, Step<Context>>;

/**
 * Does the steps in order. When one fails, it and the steps before it are undone in reverse order and the error is
 * thrown on; errors of undoing are kept beside it (RollbackError).
 */
export async function doSteps<Name extends string, Context>(
  plan: Plan<Name>,
  steps: Steps<Name, Context>,
  context: Context,
): Promise<void> {
  const begun: Name[] = [];
  try {
    for (const name of plan.steps) {
      begun.push(name);
      cutPoint(plan, 'before', name, context);
      await steps[name].do(context);
      cutPoint(plan, 'after', name, context);
    }
  } catch (error) {
    const failures: unknown[] = [];
    for (const name of begun.reverse()) {
      try {
        cutPoint(plan, 'undo', name, context);
        await steps[name].undo?.(context);
      } catch (failure) {
        failures.push(failure);
      }
    }
    throw failures.length > 0 ? new RollbackError(error, failures) : error;
  }
}

/** Tries every step, also after one that failed. The errors of those that failed are kept in the context. */
export async function trySteps<Name extends string, Context extends { failures: unknown[] }>(
  plan: Plan<Name>,
  steps: Steps<Name, Context>,
  context: Context,
): Promise<void> {
  for (const name of plan.steps) {
    try {
      cutPoint(plan, 'before', name, context);
      await steps[name].do(context);
      cutPoint(plan, 'after', name, context);
    } catch (error) {
      context.failures.push(error);
    }
  }
}
