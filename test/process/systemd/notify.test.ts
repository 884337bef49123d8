import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { systemCall } from '../../../src/sys/libc.ts';
import { notify } from '../../../src/systemd/notify.ts';

const [AF_UNIX, SOCK_DGRAM, MSG_DONTWAIT] = [1, 2, 0x40];
const socket = systemCall('int socket(int, int, int)');
const bind = systemCall('int bind(int, const void *, uint32)');
const recv = systemCall('int64 recv(int, _Out_ void *, uint64, int)');

describe('notify', () => {
  for (const kind of ['a path', 'an abstract name']) {
    it(`sends all lines as one datagram to ${kind}`, async (t) => {
      const folder = mkdtempSync(path.join(tmpdir(), 'berth-notify-'));
      t.after(() => rmSync(folder, { recursive: true, force: true }));
      const name = path.join(folder, 'socket');
      const receiver = socket(AF_UNIX, SOCK_DGRAM, 0);
      t.after(() => closeSync(receiver));
      // systemd writes an abstract name with an @ for its leading zero byte.
      const address = Buffer.from(`\x01\0${kind === 'a path' ? name : `\0${name}`}`);
      bind(receiver, address, address.length);
      assert.equal(await notify(['MAINPID=7', 'READY=1'], kind === 'a path' ? name : `@${name}`), true);
      const datagram = Buffer.alloc(100);
      assert.equal(
        datagram.toString('utf8', 0, recv(receiver, datagram, datagram.length, MSG_DONTWAIT)),
        'MAINPID=7\nREADY=1',
      );
    });
  }

  it('does nothing when systemd has named no socket', async () => {
    assert.equal(await notify(['READY=1'], ''), false);
    assert.equal(await notify(['READY=1'], undefined), false);
  });

  it('says which socket does not answer', async () => {
    await assert.rejects(notify(['READY=1'], '/nonexistent/socket'), {
      code: 'unit',
      message: /^cannot tell systemd over \/nonexistent\/socket: /,
    });
  });
});
