/** What the parser knows where it stands. */
import type { Statement } from './nodes.ts';
import type { TokenReader } from './reader.ts';

/** Deeper nesting than anybody writes, and shallow enough for the stack. */
const MAX_DEPTH = 200;

export interface Scope {
  reader: TokenReader;
  named: Map<string, Statement[]>;
  isFunction: (word: string) => boolean;
  /** In scope now; the innermost last. */
  variables: string[];
  /** How many {{range}} stand around. */
  ranges: number;
  depth: number;
}

/** Goes one level down; a template nested too deeply is refused rather than overflowing the stack. */
export function nested<T>(scope: Scope, inner: (scope: Scope) => T): T {
  if (scope.depth >= MAX_DEPTH) throw scope.reader.error('nested too deeply');
  return inner({ ...scope, depth: scope.depth + 1 });
}
