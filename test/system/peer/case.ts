/** What a side-by-side case is: one command line, given to Podman and to Berth on containers in the same state. */

/** What `%` stands for in a command line; peer.sh says how each is made. */
export type State =
  | 'absent' // no such container
  | 'created'
  | 'initialized'
  | 'running' // ends with 0 at SIGTERM; has written "out" and "err"
  | 'paused'
  | 'stopping' // a stop waits for a payload that does not care
  | 'exited' // with 0; has written "out" and "err"
  | 'exited3' // with 3
  | 'unstartable'; // created, and its first start failed: there is no such command

/** What is compared, each as a text. `after` is what inspect and ps say about the container when all lines are through. */
export const ASPECTS = ['code', 'stdout', 'stderr', 'after'] as const;
export type Aspect = (typeof ASPECTS)[number];
export type Answer = Record<Aspect, string>;

/** Where Berth does otherwise on purpose: the reason, and what Berth shows in each aspect that differs. */
export type Difference = { why: string } & { [A in Aspect]?: string | RegExp };

export interface Options {
  /** An entry that no longer differs fails its test: the list stays true. */
  differs?: Difference;
  /** Makes two outputs comparable, beyond what normalise.ts does with all. */
  tidy?: (text: string) => string;
}

/**
 * A line of a shell, in which `%` is the container, `%2` a second one in the same state, and the word `berth` the engine that
 * is asked: `printf x | berth exec -i % cat`.
 */
export type Cell = [state: State, line: string, options?: Options];

/** Lines on containers of their own, which no other line of the group sees unless they are shared. */
export interface Cells {
  title: string;
  cells: Cell[];
  /** No line changes its container: those of one state share one. */
  shared?: true;
}

/** Lines one after the other in the same world, for what speaks of all containers. */
export interface Story {
  title: string;
  world: Record<string, State>;
  lines: [line: string, options?: Options][];
}
