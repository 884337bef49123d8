/** Where the text of a secret must not be. */
import assert from 'node:assert/strict';
import type { Bed } from '../../bed/bed.ts';
import { berth, script } from '../../support/machine.ts';

/** The processes' own words are not looked through: a shell's script may say what it has read. */
export async function assertNoTrace(bed: Bed, name: string, text: string): Promise<void> {
  assert.equal(
    await script(bed, `grep -laF '${text}' /var/lib/berth/berth.db* || true`),
    '',
    'in the database',
  );
  assert.equal((await bed.journal()).includes(text), false, 'in the journal');
  assert.equal((await berth(bed, 'inspect', name)).includes(text), false, 'in inspect');
  assert.equal((await berth(bed, 'events', '--stream=false')).includes(text), false, 'in the events');
  const id = await berth(bed, 'inspect', '--format', '{{.Id}}', name);
  const own = `/usr/local/lib/systemd/system/berth-${name}.service /var/lib/berth/containers/${id.trim()}/config.json`;
  assert.equal(await script(bed, `grep -lF '${text}' ${own} || true`), '', 'in the unit or the config');
  // Of this very command neither: the pattern is not the text.
  const pattern = `${text.slice(0, -1)}[${text.slice(-1)}]`;
  assert.equal(await script(bed, `grep -la '${pattern}' /proc/[0-9]*/cmdline || true`), '', 'in arguments');
}
