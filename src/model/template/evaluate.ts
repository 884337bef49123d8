/** Runs a parsed template over data: statements here, expressions in expression.ts. */
import { evaluatePipe, type Run, runError } from './expression.ts';
import { printable } from './functions.ts';
import type { Branch, Statement } from './nodes.ts';
import { printValue } from './print.ts';
import { INT } from './types.ts';
import { bigintOf, elements, entries, followed, isTrue, typed, type Value } from './values.ts';

/** How a list of statements ended. */
type End = 'through' | 'break' | 'continue';

/** Statements and turns of loops at most: a template that asks for more would never end for a person. */
const MAX_STEPS = 1_000_000;
const MAX_OUTPUT = 64 * 1024 * 1024;
const MAX_CALLS = 300;

export function runStatements(run: Run, statements: Statement[], dot: Value | undefined): End {
  for (const statement of statements) {
    const end = runStatement(run, statement, dot);
    if (end !== 'through') return end;
  }
  return 'through';
}

function runStatement(run: Run, statement: Statement, dot: Value | undefined): End {
  run.place = statement;
  countStep(run);
  switch (statement.kind) {
    case 'text':
      write(run, statement.text);
      return 'through';
    case 'action': {
      const value = evaluatePipe(run, statement.pipe, dot);
      run.place = statement;
      if (statement.pipe.declared.length === 0) write(run, printValue(printable(value)));
      return 'through';
    }
    case 'break':
    case 'continue':
      return statement.kind;
    case 'template':
      callTemplate(run, statement, dot);
      return 'through';
    case 'range':
      return scoped(run, () => runRange(run, statement, dot));
    default:
      return scoped(run, () => runChoice(run, statement, dot));
  }
}

function countStep(run: Run): void {
  if (++run.steps > MAX_STEPS) throw runError(run, `it does not end within ${MAX_STEPS} steps`);
}

function write(run: Run, text: string): void {
  run.size += text.length;
  if (run.size > MAX_OUTPUT) throw runError(run, 'it writes too much');
  run.out.push(text);
}

/** Variables declared inside are gone afterwards. */
function scoped(run: Run, inner: () => End): End {
  const mark = run.variables.length;
  try {
    return inner();
  } finally {
    run.variables.length = mark;
  }
}

function runChoice(run: Run, branch: Branch, dot: Value | undefined): End {
  const value = evaluatePipe(run, branch.pipe, dot);
  if (isTrue(value)) return runStatements(run, branch.body, branch.kind === 'with' ? value : dot);
  return runStatements(run, branch.otherwise ?? [], dot);
}

function runRange(run: Run, branch: Branch, dot: Value | undefined): End {
  const { value } = followed(evaluatePipe(run, branch.pipe, dot));
  const mark = run.variables.length;
  let isEmpty = true;
  for (const [key, element] of iterations(run, branch, value)) {
    isEmpty = false;
    bind(run, branch, { key, element });
    countStep(run);
    if (runStatements(run, branch.body, element) === 'break') break;
    run.variables.length = mark;
  }
  return isEmpty ? runStatements(run, branch.otherwise ?? [], dot) : 'through';
}

function* iterations(
  run: Run,
  branch: Branch,
  value: Value | undefined,
): Generator<[Value | undefined, Value]> {
  switch (value?.type.kind) {
    case undefined:
      return;
    case 'slice':
      yield* elements(value).map((element, index): [Value, Value] => [typed(INT, index), element]);
      return;
    case 'map':
      yield* entries(value).map((pair): [Value, Value] => [pair.key, pair.value]);
      return;
    case 'int':
    case 'uint':
      if (branch.pipe.declared.length > 1)
        throw runError(run, `can't use ${printValue(value)} to iterate over more than one variable`);
      for (let index = 0n; index < bigintOf(value); index++) yield [undefined, typed(value.type, index)];
      return;
    default:
      throw runError(run, `range can't iterate over ${shortened(printValue(value))}`);
  }
}

/** A whole container would bury the error. */
function shortened(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** One variable is the element; of two, the first is the index or key. */
function bind(
  run: Run,
  { pipe }: Branch,
  { key, element }: { key: Value | undefined; element: Value },
): void {
  const { declared, isAssignment } = pipe;
  const values = declared.length > 1 ? [key, element] : [element];
  declared.forEach((name, index) => {
    const value = values[index];
    // The pipeline itself has declared them already: give these their turn's value.
    const variable = run.variables.findLast((known) => known.name === name);
    if (variable !== undefined) variable.value = value;
    else if (!isAssignment) run.variables.push({ name, value });
  });
}

function callTemplate(run: Run, statement: Statement & { kind: 'template' }, dot: Value | undefined): void {
  const body = run.named.get(statement.name);
  if (body === undefined) throw runError(run, `template ${JSON.stringify(statement.name)} not defined`);
  if (run.depth >= MAX_CALLS) throw runError(run, `exceeded maximum template depth (${MAX_CALLS})`);
  const argument = statement.pipe === undefined ? undefined : evaluatePipe(run, statement.pipe, dot);
  const inner: Run = {
    ...run,
    executing: statement.name,
    depth: run.depth + 1,
    variables: [{ name: '$', value: argument }],
  };
  runStatements(inner, body, argument);
  run.steps = inner.steps;
  run.size = inner.size;
}
