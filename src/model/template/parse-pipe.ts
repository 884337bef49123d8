/** Pipelines: `$x := a b | c (d).E`. */
import type { Token, TokenKind } from './lexer.ts';
import { readCharacter, readNumber } from './literals.ts';
import { type Command, type Operand, type Pipe, printNode } from './nodes.ts';
import { stringOf } from './reader.ts';
import { nested, type Scope } from './scope.ts';

const OPERAND_START: ReadonlySet<TokenKind> = new Set([
  'bool',
  'char',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'raw-string',
  'string',
  'variable',
  'left-paren',
]);

/** A pipeline up to and including its closing token. `context` is the word for it in error texts. */
export function parsePipe(scope: Scope, context: string, end: 'close' | 'right-paren'): Pipe {
  const { reader } = scope;
  const at = reader.peekAfterSpace().at;
  const pipe: Pipe = { kind: 'pipe', at, declared: [], isAssignment: false, commands: [] };
  declarations(scope, pipe, context);
  while (true) {
    const token = reader.nextAfterSpace();
    if (token.kind === end) break;
    if (!OPERAND_START.has(token.kind)) throw reader.unexpected(token, context);
    reader.back();
    pipe.commands.push(command(scope));
  }
  checkStages(scope, pipe, context);
  return pipe;
}

/** `$x :=`, `$x =`, and in a range `$i, $x :=`. */
function declarations(scope: Scope, pipe: Pipe, context: string): void {
  const { reader, variables } = scope;
  while (reader.peekAfterSpace().kind === 'variable') {
    const variable = reader.next();
    const next = reader.peekAfterSpace();
    const isComma = next.kind === 'sign' && next.text === ',';
    if (next.kind !== 'assign' && next.kind !== 'declare' && !isComma) {
      reader.backTo(variable);
      return;
    }
    reader.next();
    pipe.declared.push(variable.text);
    variables.push(variable.text);
    if (!isComma) {
      pipe.isAssignment = next.kind === 'assign';
      return;
    }
    if (context !== 'range' || pipe.declared.length > 1)
      throw reader.error(`too many declarations in ${context}`);
    if (!['variable', 'close', 'right-paren'].includes(reader.peekAfterSpace().kind))
      throw reader.error('range can only initialize variables');
  }
}

function checkStages({ reader }: Scope, { commands }: Pipe, context: string): void {
  if (commands.length === 0) throw reader.error(`missing value for ${context}`);
  const literal = new Set(['bool', 'dot', 'nil', 'number', 'string']);
  const stage = commands.findIndex(({ operands }, index) => index > 0 && literal.has(operands[0].kind));
  if (stage > 0) throw reader.error(`non executable command in pipeline stage ${stage + 1}`);
}

/** Operands with white space between them, up to a `|`, which is swallowed, or the end of the pipeline. */
function command(scope: Scope): Command {
  const { reader } = scope;
  const at = reader.peekAfterSpace().at;
  const operands: Operand[] = [];
  while (true) {
    reader.peekAfterSpace();
    const found = operand(scope);
    if (found !== undefined) operands.push(found);
    const token = reader.next();
    if (token.kind === 'space') continue;
    if (token.kind === 'close' || token.kind === 'right-paren') reader.back();
    else if (token.kind !== 'pipe') throw reader.unexpected(token, 'operand');
    break;
  }
  const [first, ...rest] = operands;
  if (first === undefined) throw reader.error('empty command');
  return { kind: 'command', at, operands: [first, ...rest] };
}

/** A term, and the `.Field`s that follow it without a blank. */
function operand(scope: Scope): Operand | undefined {
  const { reader } = scope;
  const base = term(scope);
  const at = reader.peek().at;
  if (base === undefined || reader.peek().kind !== 'field') return base;
  const names: string[] = [];
  while (reader.peek().kind === 'field') names.push(reader.next().text.slice(1));
  switch (base.kind) {
    case 'field':
    case 'variable':
      return { kind: base.kind, at, names: [...base.names, ...names] };
    case 'bool':
    case 'string':
    case 'number':
    case 'nil':
    case 'dot':
      throw reader.error(`unexpected . after term ${JSON.stringify(printNode(base))}`);
    default:
      return { kind: 'chain', at, base, names };
  }
}

function term(scope: Scope): Operand | undefined {
  const { reader } = scope;
  const token = reader.nextAfterSpace();
  const { kind, at, text } = token;
  switch (kind) {
    case 'identifier':
      if (!scope.isFunction(text)) throw reader.error(`function ${JSON.stringify(text)} not defined`);
      return { kind, at, name: text };
    case 'dot':
    case 'nil':
      return { kind, at };
    case 'bool':
      return { kind, at, value: text === 'true' };
    case 'variable':
      if (!scope.variables.includes(text)) throw reader.error(`undefined variable ${JSON.stringify(text)}`);
      return { kind, at, names: [text] };
    case 'field':
      return { kind, at, names: [text.slice(1)] };
    case 'char':
    case 'number':
      return number(scope, token);
    case 'string':
    case 'raw-string':
      return { kind: 'string', at, text, value: stringOf(reader, token) };
    case 'left-paren':
      return nested(scope, (inner) => parsePipe(inner, 'parenthesized pipeline', 'right-paren'));
    default:
      reader.back();
      return undefined;
  }
}

function number({ reader }: Scope, { kind, at, text }: Token): Operand {
  if (kind === 'char') {
    const value = readCharacter(text);
    if (value === undefined) throw reader.error(`malformed character constant: ${text}`);
    return { kind: 'number', at, text, value, isFloat: false };
  }
  const read = readNumber(text);
  if (read === undefined) throw reader.error(`illegal number syntax: ${JSON.stringify(text)}`);
  return { kind: 'number', at, text, ...read };
}
