/** A plan: which steps one operation consists of, in order. Pure data; lifecycle/ has a table of what each step does. */

/** Whose steps these are. */
export type PlanName =
  | 'start-waiting'
  | 'create'
  | 'start'
  | 'ready'
  | 'stop'
  | 'stop-ahead'
  | 'cleanup'
  | 'after-end'
  | 'rm'
  | 'remove'
  | 'rename'
  | 'update';

export interface Plan<Step extends string> {
  of: PlanName;
  steps: readonly Step[];
}

/** The steps whose condition holds, in order: `[name, condition]`, or a name alone that is always there. */
export function stepsOf<Step extends string>(...steps: (Step | readonly [Step, boolean])[]): Step[] {
  return steps.flatMap((step) => {
    const [name, wanted] = typeof step === 'string' ? [step, true] : step;
    return wanted ? [name] : [];
  });
}
