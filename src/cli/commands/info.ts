import { release } from 'node:os';
import { messageOf } from '../../model/errors.ts';
import { VERSION } from '../../wiring/version.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['info'],
  usage: '',
  summary: 'Show what Berth finds on this host and what it holds.',
  flags: { format: { type: 'string', short: 'f', help: 'json, or a Go template' } },
  positionals: [0, 0],
  async run(args, { ports, print }) {
    const { settings, host, store, systemd, runtime } = await ports();
    const { containers, broken } = store.listContainers();
    const running = containers.filter(({ state }) => host.isAlive(state.payload)).length;
    const programs = Object.fromEntries(
      ['conmon', 'crun', 'runc'].map((name) => [name, host.findProgram(name)]),
    );
    const versionOf = async (file: string | undefined): Promise<string> =>
      file === undefined ? 'not installed' : `${file} (${await runtime.version(file)})`;
    const facts = {
      version: {
        berth: VERSION,
        node: process.version,
        kernel: release(),
        systemd: await systemdVersion(systemd),
      },
      host: {
        hostname: host.hostname(),
        cgroupControllers: host.controllers(),
        conmon: await versionOf(programs.conmon),
        crun: await versionOf(programs.crun),
        runc: await versionOf(programs.runc),
      },
      store: {
        stateDir: settings.stateDir,
        runDir: settings.runDir,
        unitDir: settings.unitDir,
        containers: { number: containers.length, running, broken: broken.length },
        images: store.listImages().length,
      },
    };
    const format = args.string('format');
    if (format === undefined) print(indented(facts));
    else {
      const { printFormatted } = await import('../format.ts');
      printFormatted(print, { kind: 'object', name: 'info', format, object: facts });
    }
    return 0;
  },
};

/** A host without systemd can still be told about. */
async function systemdVersion(systemd: () => Promise<{ version(): Promise<number> }>): Promise<string> {
  try {
    return String(await (await systemd()).version());
  } catch (error) {
    return `unavailable: ${messageOf(error)}`;
  }
}

function indented(value: object, depth = 0): string {
  return Object.entries(value)
    .map(([key, inner]) => {
      const lead = `${'  '.repeat(depth)}${key}:`;
      if (Array.isArray(inner)) return `${lead} ${inner.join(' ') || '(none)'}\n`;
      return typeof inner === 'object' && inner !== null
        ? `${lead}\n${indented(inner, depth + 1)}`
        : `${lead} ${inner}\n`;
    })
    .join('');
}
