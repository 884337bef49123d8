/** What a create consists of. lifecycle/create.ts does the steps. */
import type { ContainerConfig } from '../config.ts';
import { type Plan, stepsOf } from './plan.ts';

export type CreateStep =
  | 'insert-row'
  | 'make-volumes'
  | 'take-lock'
  | 'make-directory'
  | 'copy-secrets'
  | 'write-config'
  | 'write-unit'
  | 'write-cidfile'
  | 'record-created';

/**
 * The row comes first of all, as `removing`: a create that is killed is finished by the next rm or create. Before it,
 * not even the lock is taken, whose file nobody would find again.
 */
export function planCreate({ cidFile, mounts, secrets = [] }: ContainerConfig): Plan<CreateStep> {
  return {
    of: 'create',
    steps: stepsOf<CreateStep>(
      'insert-row',
      'take-lock',
      ['make-volumes', mounts.some(({ volume }) => volume !== undefined)],
      'make-directory',
      ['copy-secrets', secrets.length > 0],
      'write-config',
      'write-unit',
      ['write-cidfile', cidFile !== undefined],
      'record-created',
    ),
  };
}
