/** What a verb answers in a state that forbids it: Podman's words. */
import { BerthError } from '../model/errors.ts';

/** `WORDS: container state improper`, exit code 125. */
export function improper(words: string): BerthError {
  return new BerthError('state', `${words}: container state improper`);
}
