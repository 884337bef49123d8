import { refreshAll } from '../../lifecycle/sync.ts';
import { asBerthError } from '../../model/errors.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  path: ['system', 'refresh'],
  usage: '',
  summary:
    'Bring all records in line with what runs, and finish removals that a crash or a boot has interrupted.',
  flags: {},
  positionals: [0, 0],
  async run(_args, { ports, warn }) {
    const failures = await refreshAll(await ports());
    for (const failure of failures) warn(`Error: ${asBerthError(failure).message}`);
    return failures.length > 0 ? 125 : 0;
  },
};
