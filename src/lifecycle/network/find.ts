/** Networks by what people call them. */
import { BerthError } from '../../model/errors.ts';
import type { NetworkDefinition } from '../../model/network/network.ts';
import type { Ports } from '../ports.ts';

/**
 * By name, whole ID, or the only beginning of one, in that order.
 * @throws BerthError `no-such-network`, `invalid` when the beginning fits several; Podman's words
 */
export function findNetwork(
  { networkFiles }: Pick<Ports, 'networkFiles'>,
  nameOrId: string,
): NetworkDefinition {
  const named = networkFiles.get(nameOrId);
  if (named !== undefined) return named;
  const [only, second] = networkFiles.list().filter(({ id }) => id.startsWith(nameOrId));
  if (second !== undefined)
    throw new BerthError(
      'invalid',
      `${`more than one result for network ID ${nameOrId}`.trimEnd()}: write more of it`,
    );
  if (only === undefined) throw noSuchNetwork(nameOrId);
  return only;
}

/** Podman's words. */
export function noSuchNetwork(nameOrId: string, exitCode = 125): BerthError {
  return new BerthError(
    'no-such-network',
    `unable to find network with name or ID ${nameOrId}: network not found`,
    { exitCode },
  );
}
