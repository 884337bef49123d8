/** Walks over the graph of containers that depend on each other. Pure: the edges come from a function. */

/** IDs next to one in the graph. */
export type Neighbours = (id: string) => readonly string[];

/**
 * The shortest way from one container to another along the edges, both included; undefined if there is none. A graph
 * with a cycle in it ends the walk as any other.
 */
export function findPath(from: readonly string[], to: string, next: Neighbours): string[] | undefined {
  const cameFrom = new Map<string, string | undefined>(from.map((id) => [id, undefined]));
  for (const id of cameFrom.keys()) {
    if (id === to) return wayTo(id, cameFrom);
    for (const neighbour of next(id)) if (!cameFrom.has(neighbour)) cameFrom.set(neighbour, id);
  }
  return undefined;
}

function wayTo(end: string, cameFrom: ReadonlyMap<string, string | undefined>): string[] {
  const way: string[] = [];
  for (let id: string | undefined = end; id !== undefined; id = cameFrom.get(id)) way.unshift(id);
  return way;
}

/**
 * Everything that can be reached from `root`, itself included and last, each before what it hangs on: an order in which
 * dependents can be removed. Each is visited once; a cycle, which only a damaged database has, is broken somewhere.
 */
export function leavesFirst(root: string, dependents: Neighbours): string[] {
  const order: string[] = [];
  const seen = new Set([root]);
  // By hand instead of by recursion: a chain may be longer than a call stack is deep.
  const open = [{ id: root, left: [...dependents(root)] }];
  for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
    const child = at.left.shift();
    if (child === undefined) {
      order.push(at.id);
      open.pop();
    } else if (!seen.has(child)) {
      seen.add(child);
      open.push({ id: child, left: [...dependents(child)] });
    }
  }
  return order;
}
