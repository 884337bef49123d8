/** The tree of a parsed template, and its printed form: what error texts quote. */

/** What stands in an expression. `at` is an offset in the template, in UTF-16 units. */
export type Operand =
  | { kind: 'dot' | 'nil'; at: number }
  | { kind: 'bool'; at: number; value: boolean }
  | { kind: 'number'; at: number; text: string; value: number | bigint; isFloat: boolean }
  | { kind: 'string'; at: number; text: string; value: string }
  | { kind: 'identifier'; at: number; name: string }
  | { kind: 'field'; at: number; names: string[] }
  | { kind: 'variable'; at: number; names: string[] } // ['$x', 'Field', …]
  | { kind: 'chain'; at: number; base: Operand; names: string[] } // (pipeline).Field…
  | Pipe;

export interface Command {
  kind: 'command';
  at: number;
  operands: [Operand, ...Operand[]];
}

export interface Pipe {
  kind: 'pipe';
  at: number;
  /** Names with their $. */
  declared: string[];
  /** `=` to a known variable instead of `:=`. */
  isAssignment: boolean;
  commands: Command[];
}

export interface Branch {
  kind: 'if' | 'range' | 'with';
  at: number;
  pipe: Pipe;
  body: Statement[];
  otherwise: Statement[] | undefined;
}

export type Statement =
  | { kind: 'text'; at: number; text: string }
  | { kind: 'action'; at: number; pipe: Pipe }
  | { kind: 'break' | 'continue'; at: number }
  | { kind: 'template'; at: number; name: string; quoted: string; pipe: Pipe | undefined }
  | Branch;

/** What an error text can point at. */
export type Place = Operand | Command | Statement;

export function printNode(node: Place): string {
  switch (node.kind) {
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'bool':
      return String(node.value);
    case 'number':
    case 'string':
      return node.text;
    case 'identifier':
      return node.name;
    case 'field':
      return node.names.map((name) => `.${name}`).join('');
    case 'variable':
      return node.names.join('.');
    case 'chain':
      return `${printOperand(node.base)}${node.names.map((name) => `.${name}`).join('')}`;
    case 'command':
      return node.operands.map(printOperand).join(' ');
    case 'pipe':
      return printPipe(node);
    default:
      return printStatement(node);
  }
}

function printOperand(operand: Operand): string {
  return operand.kind === 'pipe' ? `(${printPipe(operand)})` : printNode(operand);
}

function printPipe({ declared, isAssignment, commands }: Pipe): string {
  const lead = declared.length === 0 ? '' : `${declared.join(', ')} ${isAssignment ? '=' : ':='} `;
  return lead + commands.map(printNode).join(' | ');
}

function printStatement(node: Statement): string {
  switch (node.kind) {
    case 'text':
      return node.text;
    case 'action':
      return `{{${printPipe(node.pipe)}}}`;
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`;
    case 'template':
      return `{{template ${node.quoted}${node.pipe === undefined ? '' : ` ${printPipe(node.pipe)}`}}}`;
    default: {
      const otherwise = node.otherwise === undefined ? '' : `{{else}}${printStatements(node.otherwise)}`;
      return `{{${node.kind} ${printPipe(node.pipe)}}}${printStatements(node.body)}${otherwise}{{end}}`;
    }
  }
}

/** Prints a template so that it parses to the same tree again. */
export function printStatements(statements: Statement[]): string {
  return statements.map(printStatement).join('');
}
