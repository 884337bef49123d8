/** One piece of a container's output, from whichever log. */
export interface LogPiece {
  stream: 'stdout' | 'stderr';
  /** Not text: output may be anything, and a piece may end within a character. */
  bytes: Uint8Array;
  /** Does the line end here? conmon splits long lines into pieces. */
  complete: boolean;
  /** ISO 8601 with as many digits as the log has. */
  time: string;
}

export interface LogQuery {
  /** ms since the epoch. */
  since?: number;
  until?: number;
  /** Last so many lines; absent = all. */
  tail?: number;
}
