/** What the frame of an entry point says about an error. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { report } from '../../../src/wiring/main.ts';

test('a read-only file system is answered with where to look, not called a bug', (t) => {
  const write = t.mock.method(process.stderr, 'write', () => true);
  const error = Object.assign(new Error("EROFS: read-only file system, open '/run/x'"), { code: 'EROFS' });
  const exitCode = report(error);
  write.mock.restore();
  assert.equal(exitCode, 125);
  assert.match(
    String(write.mock.calls[0]?.arguments[0]),
    /^Error: EROFS: read-only file system, open '\/run\/x': .*ProtectSystem=.*berth-unit\(7\).*\n$/,
  );
});
