/**
 * Go's text/template for `--format`, as far as Podman's users write it. Pure.
 *
 * Known differences from Go: a template that fails prints nothing (Go leaves what it had written so far);
 * nested pointers print their target instead of an address; there are no complex numbers.
 */
import { runStatements } from './evaluate.ts';
import type { Run } from './expression.ts';
import { FUNCTIONS } from './functions.ts';
import { printStatements, type Statement } from './nodes.ts';
import { parseTree } from './parse.ts';
import { inferred } from './values.ts';

export interface TemplateOptions {
  /** The command's name: it stands in error texts, as in Podman's. */
  name: string;
}

export interface ExecuteOptions {
  /** Other names for fields, tried when there is no field of the name itself: `{ Id: 'ID' }`. */
  aliases?: Readonly<Record<string, string>>;
}

export interface Template {
  /**
   * Runs the template over a Value (values.ts) or plain JavaScript, where objects are structs and Maps are maps.
   * Throws a BerthError 'usage' whose text is Go's: `template: ps:1:13: executing "ps" at <.Foo>: …`.
   */
  execute(data: unknown, options?: ExecuteOptions): string;
  /** The template printed from its tree; it parses to the same tree. */
  print(): string;
}

/** Parses a template; throws a BerthError 'usage' with Go's text (`template: ps:1: unexpected EOF`). */
export function parseTemplate(text: string, { name }: TemplateOptions): Template {
  const { body, named } = parseTree(text, name, (word) => FUNCTIONS.has(word));
  return {
    execute(data, { aliases = {} } = {}) {
      const value = inferred(data);
      const place: Statement = body[0] ?? { kind: 'text', at: 0, text: '' };
      const run: Run = {
        text,
        name,
        executing: name,
        named,
        aliases,
        out: [],
        depth: 0,
        variables: [{ name: '$', value }],
        place,
        steps: 0,
        size: 0,
      };
      runStatements(run, body, value);
      return run.out.join('');
    },
    print() {
      const definitions = [...named].map(
        ([word, statements]) => `{{define ${JSON.stringify(word)}}}${printStatements(statements)}{{end}}`,
      );
      return printStatements(body) + definitions.join('');
    },
  };
}
