/** Which package of the distribution a file belongs to. */
import { run } from './spawn.ts';

/** NAME_VERSION_ARCHITECTURE by dpkg, as Podman writes it; "Unknown" if no package has the file, or there is no dpkg. */
export async function packageOf(file: string): Promise<string> {
  const unknown = { code: 127, stdout: '' };
  const query = (...args: string[]) => run('dpkg-query', args).catch(() => unknown);
  // "conmon:amd64, other: /usr/bin/conmon"
  const owner = /^([^\s,]+?)(?:, .*)?: \//m.exec((await query('--search', file)).stdout)?.[1];
  if (owner === undefined) return 'Unknown';
  const { code, stdout } = await query('--show', '--showformat', FORM, owner);
  return code === 0 ? stdout : 'Unknown';
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query(1) writes its variables so
const FORM = '${Package}_${Version}_${Architecture}';
