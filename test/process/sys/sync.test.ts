/** System calls that are made in a thread of their own, and the one that writes a file system to its disk. */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { describe, it } from 'node:test';
import { BerthError } from '../../../src/model/errors.ts';
import { slowSystemCall } from '../../../src/sys/libc.ts';
import { syncFileSystem } from '../../../src/sys/sync.ts';

describe('slow system calls', () => {
  it('leave this process to go on meanwhile', async () => {
    const order: string[] = [];
    const slow = slowSystemCall('int usleep(uint32)')(100_000).then(() => order.push('call'));
    setImmediate(() => order.push('process'));
    await slow;
    assert.deepEqual(order, ['process', 'call']);
  });

  it('fail with the error of their thread, by the name that Node gives it', async () => {
    await assert.rejects(slowSystemCall('int fsync(int)')(-1), {
      message: 'EBADF: bad file descriptor, fsync',
      code: 'EBADF',
      syscall: 'fsync',
    });
  });
});

describe('syncFileSystem', () => {
  it('takes any path of it, and says which it cannot', async () => {
    assert.equal(await syncFileSystem(tmpdir()), undefined);
    await assert.rejects(syncFileSystem('/absent'), (error) => {
      assert.ok(error instanceof BerthError);
      assert.equal(error.code, 'storage');
      assert.match(error.message, /^cannot write \/absent to disk: ENOENT: /);
      return true;
    });
  });
});
