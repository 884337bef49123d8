/**
 * How much is generated. The same cases at each run, so that a failure is of the change that is tested; BERTH_FUZZ=10 makes
 * others, and ten times as many.
 */
const asked = process.env.BERTH_FUZZ;

export const TIMES = Number(asked ?? 1);
export const SEED = asked === undefined ? { seed: 20_261_128 } : {};
