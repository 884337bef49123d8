/** Networks as the lifecycle sees them: namespaces, netavark, and the ports of the host. */
import { networkNamespaces } from './namespaces.ts';
import { setUp, tearDown } from './netavark.ts';
import { reservePorts } from './reserved-ports.ts';

export function networkDriver(runDir: string) {
  return { ...networkNamespaces(runDir), setUp, tearDown, reservePorts };
}
