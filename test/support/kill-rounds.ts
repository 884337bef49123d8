/** kill -9 at random moments, as a shell loop in a bed, where a round costs no entering. */

/** One round; shell lines, under `sh -eu`. */
export interface KillRound {
  /** Kills something after `$delay` seconds, and sets `hit=yes` if the kill met what it was meant for. */
  strike: string;
  /** Shows that nothing stands in the way afterwards; a command that fails ends the test. */
  recover: string;
}

/** The first rounds' longest delay; where it goes from there is the machine's affair. */
const FIRST_LONGEST_MS = 200;

/** Misses make the next rounds surer, so no machine comes near this; it ends a test that can hit nothing. */
const ROUNDS_PER_KILL = 25;

/**
 * A script whose rounds go on until so many kills have hit. A hit makes the longest delay longer and a miss halves it:
 * it settles where three of four kills hit, so that the moments cover the whole life of what is killed, on a machine of
 * any speed. A random moment is the subject here: there is no event to wait for.
 */
export function killRounds(kills: number, { strike, recover }: KillRound): string {
  return `
    settle() { until systemctl show -P ActiveState "$1" | grep -Eq '^(inactive|failed)$'; do :; done; }
    longest=${FIRST_LONGEST_MS} hits=0 round=0
    while [ $hits -lt ${kills} ]; do
      round=$((round + 1)) hit=no
      [ $round -le ${kills * ROUNDS_PER_KILL} ] || { echo "in $((round - 1)) rounds only $hits kills hit"; exit 1; }
      delay=$(awk -v longest=$longest -v seed="$(od -An -N4 -tu4 /dev/urandom)" 'BEGIN { srand(seed); printf "%.4f", rand() * longest / 1000 }')
      ${strike}
      echo "round $round, $delay of $longest ms: hit=$hit"
      if [ $hit = yes ]; then hits=$((hits + 1)) longest=$((longest * 5 / 4 + 1)); else longest=$((longest / 2 + 1)); fi
      ${recover}
    done`;
}
