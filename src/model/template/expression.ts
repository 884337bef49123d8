/** Evaluates pipelines, fields and calls, with Go's rules for what may follow what. */
import { BerthError } from '../errors.ts';
import { FunctionError } from './compare.ts';
import { FUNCTIONS, type GoFunction } from './functions.ts';
import { type Command, type Operand, type Pipe, type Place, printNode, type Statement } from './nodes.ts';
import { placeOf } from './parse.ts';
import { timeMember } from './time.ts';
import { BOOL, FLOAT, type GoType, INT, STRING } from './types.ts';
import {
  entry,
  followed,
  inferred,
  isTrue,
  member,
  pointee,
  typed,
  unwrapped,
  type Value,
} from './values.ts';

type Argument = Value | undefined;

/** One execution: what does not change, and where it stands. */
export interface Run {
  readonly text: string;
  readonly name: string;
  /** The (sub-)template being run. */
  readonly executing: string;
  readonly named: ReadonlyMap<string, Statement[]>;
  /** Other names of fields, for those who write Docker's: `{ Id: 'ID' }`. */
  readonly aliases: Readonly<Record<string, string>>;
  readonly out: string[];
  readonly depth: number;
  variables: { name: string; value: Argument }[];
  /** What an error would be about. */
  place: Place;
  steps: number;
  size: number;
}

/** `template: ps:1:13: executing "ps" at <.Foo>: …` */
export function runError({ text, name, executing, place }: Run, problem: string): BerthError {
  const where = `${name}:${placeOf(text, place.at)}: executing ${JSON.stringify(executing)} at <${printNode(place)}>`;
  return new BerthError('usage', `template: ${where}: ${problem}`);
}

/** A pipeline's value, out of its interface; declares or sets its variables. */
export function evaluatePipe(run: Run, pipe: Pipe, dot: Argument): Argument {
  run.place = pipe;
  let value: Argument;
  pipe.commands.forEach((command, index) => {
    value = unwrapped(evaluateCommand(run, command, { dot, piped: index > 0 ? { value } : undefined }));
  });
  for (const name of pipe.declared) {
    const known = pipe.isAssignment
      ? run.variables.findLast((variable) => variable.name === name)
      : undefined;
    if (known === undefined) run.variables.push({ name, value });
    else known.value = value;
  }
  return value;
}

interface Context {
  dot: Argument;
  /** The value of the pipeline so far, which becomes the last argument. */
  piped: { value: Argument } | undefined;
}

/** A call's place in the template, and what is handed over. */
interface Call extends Context {
  place: Command | Operand;
  args: Operand[];
}

function evaluateCommand(run: Run, command: Command, context: Context): Argument {
  const [first, ...args] = command.operands;
  const call: Call = { ...context, place: command, args };
  switch (first.kind) {
    case 'field':
    case 'chain':
    case 'variable':
      return evaluateNames(run, first, call);
    case 'identifier':
      return callFunction(run, first, call);
    case 'pipe':
      refuseArguments(run, first, call);
      return evaluatePipe(run, first, context.dot);
    default:
      run.place = first;
      refuseArguments(run, first, call);
      if (first.kind === 'nil') throw runError(run, 'nil is not a command');
      return constant(run, first, context.dot);
  }
}

function refuseArguments(run: Run, first: Operand, { args, piped }: Call): void {
  if (args.length > 0 || piped !== undefined)
    throw runError(run, `can't give argument to non-function ${printNode(first)}`);
}

type Constant = Exclude<Operand, { kind: 'field' | 'chain' | 'variable' | 'identifier' | 'pipe' | 'nil' }>;

function constant(run: Run, operand: Constant, dot: Argument): Argument {
  switch (operand.kind) {
    case 'dot':
      return dot;
    case 'bool':
      return typed(BOOL, operand.value);
    case 'string':
      return typed(STRING, operand.value);
    case 'number':
      if (operand.isFloat) return typed(FLOAT, operand.value);
      if (BigInt.asIntN(64, BigInt(operand.value)) !== BigInt(operand.value))
        throw runError(run, `${operand.text} overflows int`);
      return typed(INT, operand.value);
  }
}

/** `.A.B`, `$x.A.B` and `(…).A.B`. */
function evaluateNames(
  run: Run,
  node: Operand & { kind: 'field' | 'chain' | 'variable' },
  call: Call,
): Argument {
  run.place = node;
  let receiver = call.dot;
  let names = node.names;
  if (node.kind === 'variable') {
    const [variable = '$', ...rest] = node.names;
    receiver = run.variables.findLast(({ name }) => name === variable)?.value;
    names = rest;
    if (names.length === 0) refuseArguments(run, node, call);
  } else if (node.kind === 'chain') {
    if (node.base.kind === 'nil')
      throw runError(run, `indirection through explicit nil in ${printNode(node)}`);
    receiver = evaluateArgument(run, node.base, call.dot);
  }
  return names.reduce<Argument>(
    (value, name, index) =>
      evaluateField(run, {
        receiver: value,
        name,
        call: index === names.length - 1 ? call : undefined,
      }),
    receiver,
  );
}

interface Access {
  receiver: Argument;
  name: string;
  /** Of the last name only: what stands behind it. */
  call: Call | undefined;
}

function evaluateField(run: Run, { receiver, name, call }: Access): Argument {
  if (receiver === undefined) return undefined;
  const typeName = receiver.type.name;
  const { value, isNil } = followed(receiver);
  if (value === undefined) throw runError(run, `nil pointer evaluating ${typeName}.${name}`);
  const hasArguments = call !== undefined && (call.args.length > 0 || call.piped !== undefined);
  if (value.type.kind === 'time' || value.type.kind === 'duration') {
    const found = timeMember(value, name, hasArguments ? fieldArguments(run, call).map(unwrapped) : []);
    if (found !== undefined) return inferred(found);
  }
  if (value.type.kind === 'struct' && !isNil) {
    const found = member(value, name) ?? member(value, aliasOf(run, name));
    if (found !== undefined && hasArguments)
      throw runError(run, `${name} has arguments but cannot be invoked as function`);
    if (found !== undefined) return found;
  }
  if (value.type.kind === 'map') {
    if (hasArguments) throw runError(run, `${name} is not a method but has arguments`);
    return entry(value, name);
  }
  if (isNil && hasMember(value, name)) throw runError(run, `nil pointer evaluating ${typeName}.${name}`);
  throw runError(run, `can't evaluate field ${name} in type ${typeName}`);
}

function aliasOf({ aliases }: Run, name: string): string {
  return (Object.hasOwn(aliases, name) ? aliases[name] : undefined) ?? name;
}

/** Would the target of this nil pointer have such a field? */
function hasMember({ type }: Value, name: string): boolean {
  return type.kind === 'pointer' && member(typed(type.to, {}), name) !== undefined;
}

function fieldArguments(run: Run, { args, piped, dot }: Call): Argument[] {
  const values = args.map((arg) => evaluateArgument(run, arg, dot));
  return piped === undefined ? values : [...values, piped.value];
}

/** An operand that is handed to a function or has fields asked of it. */
function evaluateArgument(run: Run, operand: Operand, dot: Argument): Argument {
  run.place = operand;
  const alone: Call = { dot, piped: undefined, place: operand, args: [] };
  switch (operand.kind) {
    case 'field':
    case 'chain':
    case 'variable':
      return evaluateNames(run, operand, alone);
    case 'identifier':
      return callFunction(run, operand, alone);
    case 'pipe':
      return evaluatePipe(run, operand, dot);
    case 'nil':
      return undefined;
    default:
      return constant(run, operand, dot);
  }
}

function callFunction(run: Run, { name, ...node }: Operand & { kind: 'identifier' }, call: Call): Argument {
  run.place = { name, ...node };
  const known = FUNCTIONS.get(name);
  if (known === undefined) throw runError(run, `${JSON.stringify(name)} is not a defined function`);
  checkCount(run, { name, known, call });
  if (name === 'and' || name === 'or') return shortCircuit(run, name, call);
  const args = call.args.map((arg, index) =>
    converted(run, evaluateArgument(run, arg, call.dot), { wanted: parameter(known, index), operand: arg }),
  );
  if (call.piped !== undefined) {
    const wanted = parameter(known, args.length);
    args.push(converted(run, call.piped.value, { wanted, operand: undefined }));
  }
  try {
    return known.call(args);
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    run.place = call.place;
    const callee = call.args[0] === undefined ? '' : printNode(call.args[0]);
    throw runError(run, `error calling ${name}: ${error.message.replace('%callee%', () => callee)}`);
  }
}

function parameter({ parameters, rest }: GoFunction, index: number): GoType {
  const wanted = parameters[index] ?? rest;
  if (wanted === undefined) throw new Error('more arguments than were counted');
  return wanted;
}

function checkCount(run: Run, { name, known, call }: { name: string; known: GoFunction; call: Call }): void {
  const count = call.args.length + (call.piped === undefined ? 0 : 1);
  const wanted = known.parameters.length;
  if (known.rest === undefined && count !== wanted)
    throw runError(run, `wrong number of args for ${name}: want ${wanted} got ${count}`);
  if (known.rest !== undefined && count < wanted)
    throw runError(run, `wrong number of args for ${name}: want at least ${wanted} got ${call.args.length}`);
}

/** `and` and `or` stop at the argument that decides. */
function shortCircuit(run: Run, name: 'and' | 'or', { args, dot, piped }: Call): Argument {
  let value: Argument;
  for (const arg of args) {
    value = unwrapped(evaluateArgument(run, arg, dot));
    if (isTrue(value) === (name === 'or')) return value;
  }
  return piped === undefined ? value : piped.value;
}

/** Checks an argument against the type of its parameter, as strictly as Go. */
function converted(
  run: Run,
  value: Argument,
  { wanted, operand }: { wanted: GoType; operand: Operand | undefined },
): Argument {
  if (wanted.kind === 'any') return value;
  if (operand !== undefined && isLiteral(operand)) {
    run.place = operand;
    if (operand.kind === 'nil' && wanted.kind === 'slice') return typed(wanted, undefined);
    if (operand.kind === 'nil') throw runError(run, `cannot assign nil to ${wanted.name}`);
    if (value?.type.kind === wanted.kind) return value;
    throw runError(run, literalProblem(operand, wanted));
  }
  const inner = unwrapped(value);
  if (inner === undefined) {
    if (wanted.kind === 'slice') return typed(wanted, undefined);
    throw runError(run, `invalid value; expected ${wanted.name}`);
  }
  if (inner.type.name === wanted.name) return inner;
  const target = inner.type.kind === 'pointer' && inner.type.to.name === wanted.name ? inner : undefined;
  if (target === undefined)
    throw runError(run, `wrong type for value; expected ${wanted.name}; got ${inner.type.name}`);
  const found = pointee(target);
  if (found === undefined) throw runError(run, `dereference of nil pointer of type ${inner.type.name}`);
  return found;
}

function isLiteral({ kind }: Operand): boolean {
  return kind === 'bool' || kind === 'number' || kind === 'string' || kind === 'nil';
}

function literalProblem(operand: Operand, wanted: GoType): string {
  if (wanted.kind === 'slice') return `can't handle ${printNode(operand)} for arg of type ${wanted.name}`;
  return `expected ${wanted.kind === 'int' ? 'integer' : wanted.name}; found ${printNode(operand)}`;
}
