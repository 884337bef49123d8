/** Every group of side-by-side cases. */
import type { Cells, Story } from '../case.ts';
import { CREATE, RUN } from './create.ts';
import { EXEC } from './exec.ts';
import { IMAGES } from './images.ts';
import { ALL, CHANGES, FILES, LISTS } from './lists.ts';
import { LOGS } from './logs.ts';
import { NAMES } from './names.ts';
import { NETWORK_FLAGS, NETWORK_LISTS, PORTS } from './ports.ts';
import { SECRETS } from './secrets.ts';
import { CLEANUP, KILL, RM, START, STOP, WAIT } from './verbs.ts';
import { VOLUME_FLAGS, VOLUMES } from './volumes.ts';

export const GROUPS: (Cells | Story)[] = [
  ...[NAMES, CREATE, RUN, START, STOP, CLEANUP, KILL, WAIT, RM],
  ...[EXEC, LOGS, LISTS, ALL, CHANGES, FILES, IMAGES, SECRETS, VOLUMES, VOLUME_FLAGS],
  ...[PORTS, NETWORK_FLAGS, NETWORK_LISTS],
];
