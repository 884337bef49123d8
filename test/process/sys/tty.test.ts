import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { isTerminal } from '../../../src/sys/tty.ts';

const SOURCE = path.resolve(import.meta.dirname, '../../../src/sys/tty.ts');

it('a pseudo-terminal is a terminal; a pipe, a file, /dev/null, /dev/random and a closed descriptor are none', () => {
  for (const file of ['/dev/null', '/dev/random', '/etc/passwd']) {
    const fd = openSync(file, 'r');
    try {
      assert.equal(isTerminal(fd), false, file);
    } finally {
      closeSync(fd);
    }
  }
  assert.equal(isTerminal(9999), false);
  const told = `import(${JSON.stringify(SOURCE)}).then(({ isTerminal }) => console.log([0, 1, 2].map(isTerminal).join()))`;
  const command = `'${process.execPath}' -e '${told}' 2>/dev/null`;
  // script(1) gives its command a terminal of its own.
  const said = execFileSync('script', ['--quiet', '--command', command, '/dev/null'], { encoding: 'utf8' });
  assert.equal(said.trim(), 'true,true,false');
  assert.equal(
    execFileSync('sh', ['-c', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim(),
    'false,false,false',
  );
});
