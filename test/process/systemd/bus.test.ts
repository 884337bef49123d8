/** The connection to a bus that is there and does not answer. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { openBus } from '../../../src/systemd/bus.ts';

describe('the system bus', () => {
  it('is given up when it takes a connection and says nothing', async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'berth-bus-'));
    const socket = path.join(folder, 'socket');
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(socket, resolve);
    });
    process.env.DBUS_SYSTEM_BUS_ADDRESS = `unix:path=${socket}`;
    const hungUp = new Promise((resolve) => {
      server.on('connection', (connection) => connection.resume().on('close', resolve));
    });
    t.after(() => {
      delete process.env.DBUS_SYSTEM_BUS_ADDRESS;
      server.close();
      rmSync(folder, { recursive: true });
    });
    await assert.rejects(openBus(300), {
      code: 'no-systemd',
      message: 'cannot reach systemd over the system bus (no answer in 0.3 s): is dbus.service running?',
    });
    await hungUp;
  });
});
