/** Help texts, laid out by yargs from the same tables that the parser uses. Loaded only when asked for. */
import yargs from 'yargs';
import type { Command } from './command.ts';

/** `berth create --help` */
export async function commandHelp(command: Command): Promise<string> {
  const name = `berth ${command.path.join(' ')}`;
  const cli = yargs([])
    .scriptName(name)
    .usage(`${command.summary}\n\nUsage: ${name} [flags] ${command.usage}`.trimEnd())
    .help(false)
    .version(false)
    .wrap(110);
  for (const [flag, { type, short, help, default: fallback }] of Object.entries(command.flags)) {
    cli.option(flag, {
      ...(short === undefined ? {} : { alias: short }),
      type: type === 'bool' ? 'boolean' : 'string',
      describe: fallback === undefined ? help : `${help} (default ${fallback})`,
    });
  }
  return `${await cli.getHelp()}\n`;
}

/** `berth --help` */
export function overview(commands: { path: string; summary: string }[]): string {
  const width = Math.max(...commands.map(({ path }) => path.length));
  return [
    'Berth: containers as native systemd services',
    '',
    'Usage: berth [--root DIR] [--hooks-dir DIR]… COMMAND [flags] …',
    '',
    'Commands:',
    ...commands.map(({ path, summary }) => `  ${path.padEnd(width)}  ${summary}`),
    '',
    'Global flags:',
    '  --root DIR       Use another instance: its state in DIR, its run files in DIR/run (BERTH_ROOT says the same)',
    '  --hooks-dir DIR  For create and run: OCI hooks of this directory, kept with the container (may be given several times)',
    '  --help           Show this text; "berth COMMAND --help" tells about one command',
    '  --version        Show the version',
    '',
    'A container is a systemd service, berth-NAME.service: systemctl start, stop, status, enable and journalctl -u',
    'work on it as on any other. See man berth(1) and berth-unit(7).',
    '',
  ].join('\n');
}
