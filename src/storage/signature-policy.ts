/** What this host asks of the signatures of images. */
import { join } from 'node:path';
import { readFileIfAny } from '../sys/files.ts';

/** Does containers-policy.json(5) ask for signatures, of whatever place? skopeo reads the first of these files. */
export function demandsSignatures(): boolean {
  const home =
    process.env.HOME === undefined ? [] : [join(process.env.HOME, '.config/containers/policy.json')];
  for (const file of [...home, '/etc/containers/policy.json']) {
    const text = readFileIfAny(file);
    if (text !== undefined) return /"(signedBy|sigstoreSigned)"/.test(text);
  }
  return false;
}
