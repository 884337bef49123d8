import { exportContainer } from '../../lifecycle/export.ts';
import { BerthError } from '../../model/errors.ts';
import { printsToTerminal } from '../../wiring/output.ts';
import type { Command } from '../command.ts';
import { openOutput, writeTo } from '../output-file.ts';

export const command: Command = {
  path: ['export'],
  usage: 'CONTAINER',
  summary: "Write the container's root file system as a tar, to standard output or a file.",
  flags: { output: { type: 'string', short: 'o', help: 'The file to write' } },
  positionals: [1, 1],
  async run(args, { ports, stream }) {
    const output = args.string('output') ?? '';
    if (output === '' && printsToTerminal())
      throw new BerthError('usage', 'refusing to export to terminal. Use -o flag or redirect');
    const opened = await ports();
    const container = opened.store.findContainer(args.positionals[0] ?? '');
    if (output === '') {
      await exportContainer(opened, container, stream);
      return 0;
    }
    const fd = openOutput(output);
    await exportContainer(opened, container, (tar) => writeTo({ file: output, fd }, tar));
    return 0;
  },
};
