/** Tokens → tree: the statements of a template. Texts of errors are Go's, so that answers found for Podman help. */

import type { Branch, Pipe, Statement } from './nodes.ts';
import { parsePipe } from './parse-pipe.ts';
import { stringOf, TokenReader } from './reader.ts';
import { nested, type Scope } from './scope.ts';

export interface Tree {
  body: Statement[];
  /** `{{define "name"}}` and `{{block "name" …}}`. */
  named: Map<string, Statement[]>;
}

/**
 * Parses a template. `name` stands in front of error texts (`template: ps:1: …`); `isFunction` says which words are
 * functions. Throws a BerthError 'usage'.
 */
export function parseTree(text: string, name: string, isFunction: (word: string) => boolean): Tree {
  const reader = new TokenReader(text, name);
  const named = new Map<string, Statement[]>();
  const body: Statement[] = [];
  const scope: Scope = { reader, named, isFunction, variables: ['$'], ranges: 0, depth: 0 };
  while (reader.peek().kind !== 'end-of-text') {
    if (isDefinition(reader)) define(scope);
    else body.push(topLevel(scope));
  }
  return { body, named };
}

/** `{{end}}` and `{{else}}` close a list of statements; an else may have an `if` or `with` right behind. */
type Closer = { closes: 'end' | 'else'; at: number };

function isDefinition(reader: TokenReader): boolean {
  if (reader.peek().kind !== 'open') return false;
  const open = reader.next();
  const keyword = reader.nextAfterSpace();
  if (keyword.kind === 'keyword' && keyword.text === 'define') return true;
  reader.backTo(open);
  return false;
}

function define(scope: Scope): void {
  const context = 'define clause';
  const { reader } = scope;
  const name = reader.nextAfterSpace();
  if (name.kind !== 'string' && name.kind !== 'raw-string') throw reader.unexpected(name, context);
  reader.expect('close', context);
  const { statements, closer } = statementsUntilCloser({ ...scope, variables: ['$'], ranges: 0 });
  if (closer.closes !== 'end') throw reader.error(`unexpected {{else}} in ${context}`);
  keep(scope, stringOf(reader, name), statements);
}

/** A later definition replaces an earlier one, unless it is empty. */
function keep({ named }: Scope, name: string, statements: Statement[]): void {
  const isEmpty = statements.every((statement) => statement.kind === 'text' && statement.text.trim() === '');
  if (!isEmpty || !named.has(name)) named.set(name, statements);
}

function topLevel(scope: Scope): Statement {
  const found = statement(scope);
  if ('closes' in found) throw scope.reader.error(`unexpected {{${found.closes}}}`);
  return found;
}

function statementsUntilCloser(scope: Scope): { statements: Statement[]; closer: Closer } {
  const statements: Statement[] = [];
  while (scope.reader.peekAfterSpace().kind !== 'end-of-text') {
    const found = nested(scope, statement);
    if ('closes' in found) return { statements, closer: found };
    statements.push(found);
  }
  throw scope.reader.error('unexpected EOF');
}

function statement(scope: Scope): Statement | Closer {
  const { reader } = scope;
  const token = reader.nextAfterSpace();
  if (token.kind === 'text') return { kind: 'text', at: token.at, text: token.text };
  if (token.kind !== 'open') throw reader.unexpected(token, 'input');
  reader.actionLine = token.line;
  const found = action(scope);
  reader.actionLine = 0;
  return found;
}

function action(scope: Scope): Statement | Closer {
  const { reader } = scope;
  const token = reader.nextAfterSpace();
  if (token.kind === 'keyword') {
    switch (token.text) {
      case 'if':
      case 'range':
      case 'with':
        return control(scope, token.text, token.at);
      case 'break':
      case 'continue':
        return jump(scope, token.text, token.at);
      case 'end':
        reader.expect('close', 'end');
        return { closes: 'end', at: token.at };
      case 'else': {
        const next = reader.peekAfterSpace();
        const leads = next.kind === 'keyword' && (next.text === 'if' || next.text === 'with');
        if (!leads) reader.expect('close', 'else');
        return { closes: 'else', at: token.at };
      }
      case 'template':
        return invocation(scope, 'template clause');
      case 'block':
        return block(scope);
    }
  }
  reader.back();
  const at = reader.peek().at;
  return { kind: 'action', at, pipe: parsePipe(scope, 'command', 'close') };
}

function jump({ reader, ranges }: Scope, kind: 'break' | 'continue', at: number): Statement {
  const token = reader.nextAfterSpace();
  if (token.kind !== 'close') throw reader.unexpected(token, `{{${kind}}}`);
  if (ranges === 0) throw reader.error(`{{${kind}}} outside {{range}}`);
  return { kind, at };
}

function control(outer: Scope, kind: Branch['kind'], at: number): Branch {
  const scope = { ...outer, variables: [...outer.variables] };
  const pipe = parsePipe(scope, kind, 'close');
  const { statements, closer } = statementsUntilCloser(
    kind === 'range' ? { ...scope, ranges: scope.ranges + 1 } : scope,
  );
  const branch = { kind, at, pipe, body: statements };
  return { ...branch, otherwise: closer.closes === 'end' ? undefined : otherwise(scope, kind) };
}

/** After `else`: a chained `if` (in if) or `with` (in with), which shares the {{end}}; else plain statements. */
function otherwise(scope: Scope, kind: Branch['kind']): Statement[] {
  const { reader } = scope;
  const next = reader.peek();
  if (kind !== 'range' && next.kind === 'keyword' && next.text === kind) {
    reader.next();
    return [nested(scope, (inner) => control(inner, kind, next.at))];
  }
  const { statements, closer } = statementsUntilCloser(scope);
  if (closer.closes !== 'end') throw reader.error('expected end; found {{else}}');
  return statements;
}

function invocation(scope: Scope, context: string): Statement & { kind: 'template' } {
  const { reader } = scope;
  const token = reader.nextAfterSpace();
  if (token.kind !== 'string' && token.kind !== 'raw-string') throw reader.unexpected(token, context);
  let pipe: Pipe | undefined;
  if (context === 'block clause' || reader.nextAfterSpace().kind !== 'close') {
    if (context !== 'block clause') reader.back();
    pipe = parsePipe({ ...scope, variables: [...scope.variables] }, context, 'close');
  }
  return { kind: 'template', at: token.at, name: stringOf(reader, token), quoted: token.text, pipe };
}

function block(scope: Scope): Statement {
  const context = 'block clause';
  const found = invocation(scope, context);
  const { statements, closer } = statementsUntilCloser({ ...scope, variables: ['$'], ranges: 0 });
  if (closer.closes !== 'end') throw scope.reader.error(`unexpected {{else}} in ${context}`);
  keep(scope, found.name, statements);
  return found;
}

/** For messages that name a place in the text: line from 1, byte in the line as Go counts it. */
export function placeOf(text: string, at: number): string {
  const before = text.slice(0, at);
  const lineStart = before.lastIndexOf('\n');
  const column = Buffer.byteLength(before.slice(lineStart + 1));
  return `${before.split('\n').length}:${column}`;
}
