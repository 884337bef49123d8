import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { DgramSocket } from 'node-unix-socket';
import { notify } from '../../../src/systemd/notify.ts';

describe('notify', () => {
  for (const kind of ['a path', 'an abstract name']) {
    it(`sends all lines as one datagram to ${kind}`, async (t) => {
      const folder = mkdtempSync(path.join(tmpdir(), 'berth-notify-'));
      t.after(() => rmSync(folder, { recursive: true, force: true }));
      const name = path.join(folder, 'socket');
      const socket = new DgramSocket();
      t.after(() => socket.close());
      // systemd writes an abstract name with an @ for its leading zero byte.
      socket.bind(kind === 'a path' ? name : `\0${name}`);
      const received = new Promise<string>((resolve) => {
        socket.once('data', (data: Buffer) => resolve(data.toString()));
      });
      assert.equal(await notify(['MAINPID=7', 'READY=1'], kind === 'a path' ? name : `@${name}`), true);
      assert.equal(await received, 'MAINPID=7\nREADY=1');
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
