import path from 'node:path';
import type { Ports } from '../../lifecycle/ports.ts';
import { BerthError } from '../../model/errors.ts';
import { findSecret, type SecretRecord } from '../../model/secret.ts';
import type { Command, CommandContext } from '../command.ts';
import { forEach } from '../each.ts';

export const command: Command = {
  path: ['secret', 'inspect'],
  usage: 'SECRET…',
  summary: 'Show what is known of secrets, as a JSON array; their content only if asked for.',
  flags: {
    format: { type: 'string', short: 'f', help: 'json, or a Go template', default: 'json' },
    pretty: { type: 'bool', help: 'As lines for people' },
    showsecret: { type: 'bool', help: 'With the content' },
  },
  positionals: [1, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const opened = await context.ports();
    const known = opened.secrets.list();
    const found: SecretObject[] = [];
    const missing: unknown[] = [];
    for (const name of args.positionals) {
      try {
        found.push(secretObject(opened, findSecret(known, name), args.bool('showsecret')));
      } catch (error) {
        missing.push(error);
      }
    }
    const format = args.string('format') || 'json';
    if (args.bool('pretty')) context.print(found.map(prettyText).join(''));
    else if (format === 'json') context.print(`${JSON.stringify(found, null, 4)}\n`);
    else await printTemplate(context, format, found);
    return forEach(missing, context, async (error) => {
      if (!(error instanceof BerthError)) throw error;
      throw new BerthError(error.code, `inspecting secret: ${error.message}`);
    });
  },
};

type SecretObject = ReturnType<typeof secretObject>;

/** In Podman's form. */
function secretObject(
  { secrets, settings }: Pick<Ports, 'secrets' | 'settings'>,
  secret: SecretRecord,
  withContent: boolean,
) {
  const { id, name, createdAt, updatedAt, driver, driverOptions, labels } = secret;
  const content = withContent ? secrets.content(name) : undefined;
  return {
    ID: id,
    CreatedAt: createdAt,
    UpdatedAt: updatedAt,
    Spec: {
      Name: name,
      Driver: { Name: driver, Options: { ...driverOptions, path: path.join(settings.stateDir, 'secrets') } },
      Labels: labels,
    },
    ...(content === undefined ? {} : { SecretData: Buffer.from(content).toString() }),
  };
}

async function printTemplate(
  { print }: CommandContext,
  format: string,
  found: readonly SecretObject[],
): Promise<void> {
  const { printFormatted } = await import('../format.ts');
  const { SECRET } = await import('../../model/template/shapes/secret.ts');
  printFormatted(print, {
    kind: 'rows',
    name: 'inspect',
    format,
    rows: found,
    type: SECRET,
    table: '',
    headers: {},
    noHeading: true,
    json: () => found,
  });
}

/** With Podman's spaces. */
function prettyText({ ID, CreatedAt, UpdatedAt, Spec: { Name, Driver, Labels } }: SecretObject): string {
  const labels = Object.entries(Labels).map(([key, value]) => ` - ${key}${value === '' ? '' : `=${value}`}`);
  return [
    `ID:              ${ID}`,
    `Name:              ${Name}`,
    ...(labels.length === 0 ? [] : ['Labels:', ...labels]),
    `Driver:            ${Driver.Name}`,
    `Created at:        ${goTime(CreatedAt)}`,
    `Updated at:        ${goTime(UpdatedAt)}`,
    '',
  ].join('\n');
}

/** As Go prints it. */
function goTime(moment: string): string {
  return moment.replace(/^(.+)T(.+?)\.?0*Z$/, '$1 $2 +0000 UTC');
}
