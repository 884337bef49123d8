/** Networks by what people call them. */
import { BerthError } from '../model/errors.ts';
import type { NetworkDefinition } from '../model/network.ts';
import type { Ports } from './ports.ts';

/** By its name, its ID or the beginning of that. Throws 'no-such-network', or 'invalid' if the beginning fits several. */
export function findNetwork(
  { networkFiles }: Pick<Ports, 'networkFiles'>,
  nameOrId: string,
): NetworkDefinition {
  const named = networkFiles.get(nameOrId);
  if (named !== undefined) return named;
  const found = networkFiles.list().filter(({ id }) => id.startsWith(nameOrId));
  const [first, second] = found;
  if (first === undefined)
    throw new BerthError(
      'no-such-network',
      `unable to find network with name or ID ${nameOrId}: network not found`,
    );
  const whole = found.find(({ id }) => id === nameOrId);
  if (second !== undefined && whole === undefined)
    throw new BerthError('invalid', `more than one result for network ID ${nameOrId}`);
  return whole ?? first;
}
