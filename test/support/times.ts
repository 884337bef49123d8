/**
 * How often what only repeats itself is repeated: BERTH_TIMES=10 kills and restarts ten times as often as an ordinary run,
 * which is meant to find what a change has broken, not what happens once in a thousand times.
 */
export const TIMES = Number(process.env.BERTH_TIMES ?? 1);
