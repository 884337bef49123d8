import { createReadStream, fstatSync, openSync } from 'node:fs';
import { createSecret } from '../../lifecycle/secrets.ts';
import { BerthError, systemReason } from '../../model/errors.ts';
import { checkSecretName, SECRET_LIMIT } from '../../model/secret.ts';
import type { Arguments, Command } from '../command.ts';
import { listed, pairs } from '../entries.ts';
import { checkedLabels } from '../flags/label.ts';

export const command: Command = {
  path: ['secret', 'create'],
  usage: 'NAME FILE|-',
  summary: 'Store the content of a file, or of standard input, as a secret. Prints its ID.',
  flags: {
    driver: { type: 'string', short: 'd', help: 'How it is stored; there is only file', default: 'file' },
    'driver-opts': { type: 'strings', help: 'key=value, shown by inspect; without effect' },
    env: { type: 'bool', help: 'The second argument is a variable of the environment, not a file' },
    ignore: { type: 'bool', help: 'Leave a secret of that name as it is, and print its ID' },
    label: { type: 'strings', short: 'l', help: 'Add a label, key=value' },
    replace: { type: 'bool', help: 'Take the place of a secret of that name' },
  },
  positionals: [2, 2],
  async run(args, { ports, print }) {
    const [name = '', source = ''] = args.positionals;
    const [replace, ignore] = [args.bool('replace'), args.bool('ignore')];
    if (replace && ignore)
      throw new BerthError('usage', '--ignore and --replace cannot be used together: choose one of them');
    const driver = args.string('driver') || 'file';
    if (driver !== 'file') throw new BerthError('invalid', 'invalid driver: use file');
    const labels = checkedLabels(args.strings('label'));
    const driverOptions = optionsOf(args);
    const content = args.bool('env') ? fromEnvironment(source) : await read(source);
    checkSecretName(name);
    const { id } = createSecret(await ports(), { name, content, labels, driverOptions, replace, ignore });
    print(`${id}\n`);
    return 0;
  },
};

function optionsOf(args: Arguments): Record<string, string> {
  const entries = args.strings('driver-opts').flatMap(listed);
  const wrong = entries.find((entry) => !entry.includes('='));
  if (wrong !== undefined)
    throw new BerthError(
      'usage',
      `invalid argument ${JSON.stringify(wrong)} for "--driver-opts" flag: ${wrong} must be formatted as key=value: see berth secret create --help`,
    );
  const options = pairs(entries);
  if ('path' in options)
    throw new BerthError(
      'unsupported',
      'secrets are kept in the state directory: the driver option path is not supported',
    );
  return options;
}

function fromEnvironment(variable: string): Uint8Array {
  const value = process.env[variable];
  if (value !== undefined && value !== '') return Buffer.from(value);
  throw new BerthError(
    'invalid',
    `cannot create store secret data: environment variable ${variable} is not set`,
  );
}

/** No more of it than shows that it is too much. */
async function read(file: string): Promise<Uint8Array> {
  if (file === '-' && fstatSync(0).isCharacterDevice())
    throw new BerthError('usage', 'if `-` is used, data must be passed into stdin');
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of file === '-'
      ? process.stdin
      : createReadStream('', { fd: openSync(file, 'r') })) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size >= SECRET_LIMIT) break;
    }
  } catch (error) {
    const reason = systemReason(error);
    const named = reason.includes(file) ? reason : `read ${file}: ${reason.replace(/^\w+: /, '')}`;
    throw new BerthError('invalid', named, { cause: error });
  }
  return Buffer.concat(chunks);
}
