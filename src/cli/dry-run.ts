/** The flag that verbs with named steps share. */
import type { Flag } from './command.ts';

export const DRY_RUN: Flag = {
  type: 'bool',
  help: 'Print the steps for the state as it is now, and do none',
};
