import { exportVolume } from '../../lifecycle/volume/content.ts';
import { findVolume } from '../../lifecycle/volume/volumes.ts';
import { BerthError } from '../../model/errors.ts';
import { printsToTerminal } from '../../wiring/output.ts';
import type { Command } from '../command.ts';
import { openOutput, writeTo } from '../output-file.ts';

export const command: Command = {
  path: ['volume', 'export'],
  usage: 'VOLUME',
  summary: 'Write what is in a volume as a tar, to standard output or a file.',
  flags: { output: { type: 'string', short: 'o', help: 'The file to write' } },
  positionals: [1, 1],
  async run(args, { ports, stream }) {
    const [name = ''] = args.positionals;
    const output = args.string('output') ?? '';
    if (output === '' && printsToTerminal())
      throw new BerthError('usage', 'cannot use terminal as a destination: use -o, or redirect');
    const opened = await ports();
    const volume = findVolume(opened, name, new BerthError('no-such-volume', `no such volume ${name}`));
    if (output === '') await exportVolume(opened, volume, stream);
    else {
      const fd = openOutput(output, `could not create tarball file '${output}': `);
      await exportVolume(opened, volume, (tar) => writeTo({ file: output, fd }, tar));
    }
    return 0;
  },
};
