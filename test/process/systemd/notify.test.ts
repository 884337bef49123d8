import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { systemCall } from '../../../src/sys/libc.ts';
import { notify, notifyBarrier } from '../../../src/systemd/notify.ts';

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

  it('waits for a receipt: the end of a pipe that the receiver of BARRIER=1 closes', async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'berth-notify-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const name = path.join(folder, 'socket');
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    const receiver = socket(AF_UNIX, SOCK_DGRAM, 0);
    const address = Buffer.from(`\x01\0${name}`);
    bind(receiver, address, address.length);
    assert.equal(notifyBarrier(50, name), false, 'nobody has read it');
    const datagram = Buffer.alloc(100);
    // recv(2) takes no descriptors: the kernel closes what came along.
    const reader = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads');
       parentPort.once('message', () => require('node:fs').readSync(workerData, Buffer.alloc(100)));`,
      { eval: true, workerData: receiver },
    );
    recv(receiver, datagram, datagram.length, MSG_DONTWAIT);
    assert.equal(datagram.toString('utf8', 0, 9), 'BARRIER=1');
    reader.postMessage('read the next one');
    assert.equal(notifyBarrier(10_000, name), true);
    await reader.terminate();
    closeSync(receiver);
    assert.equal(open(), before, 'no descriptor is left open');
  });

  it('does nothing when systemd has named no socket', async () => {
    assert.equal(await notify(['READY=1'], ''), false);
    assert.equal(await notify(['READY=1'], undefined), false);
    assert.equal(notifyBarrier(10_000, ''), false);
  });

  it('says which socket does not answer', async () => {
    await assert.rejects(notify(['READY=1'], '/nonexistent/socket'), {
      code: 'unit',
      message: /^cannot tell systemd over \/nonexistent\/socket: /,
    });
  });
});
