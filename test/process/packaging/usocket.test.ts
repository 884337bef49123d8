/** The socket that stands in for node:net under dbus-next, in the runtime that it is for. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { BUN, root } from '../../../packaging/build.ts';

const SHIM = path.join(root, 'packaging/shims/usocket.cjs');

/** What a script that has the class says; it gets the socket's path as PATH. */
async function say(script: string, socketPath: string): Promise<string> {
  const source = `const { USocket } = require(${JSON.stringify(SHIM)}); const PATH = ${JSON.stringify(socketPath)}; ${script}`;
  const child = spawn(BUN, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  assert.equal(code, 0);
  return said;
}

async function listening(t: TestContext, serve: (socket: Socket) => void): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'berth-usocket-'));
  const server: Server = createServer(serve);
  t.after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  const socketPath = path.join(folder, 's');
  server.listen(socketPath);
  await once(server, 'listening');
  return socketPath;
}

describe('usocket', () => {
  it('sends what was written before it was connected, and more than the other side takes at once, in order', async (t) => {
    const socketPath = await listening(t, (socket) => socket.pipe(socket));
    const script = `
      const sent = require('node:crypto').randomBytes(5_000_000);
      const socket = new USocket({ path: PATH });
      socket.write('first');
      socket.write(sent.subarray(0, 3_000_000));
      socket.once('connect', () => socket.write(sent.subarray(3_000_000)));
      socket.on('readable', function all() {
        const bytes = socket.read(5_000_005);
        if (bytes === null) return;
        console.log(bytes.toString('latin1', 0, 5), sent.equals(bytes.subarray(5)), socket.read(1));
        socket.end();
      });`;
    assert.equal(await say(script, socketPath), 'first true null\n');
  });

  it('tells who comes later of what came before, and of the end', async (t) => {
    const socketPath = await listening(t, (socket) => socket.end('abcd'));
    const script = `
      const socket = new USocket({ path: PATH });
      socket.once('readable', () => {
        console.log(String(socket.read(1)), socket.writable);
        socket.on('readable', () => console.log(String(socket.read(3)), socket.read(1)));
      });
      socket.on('end', () => console.log('end', socket.writable));`;
    assert.equal(await say(script, socketPath), 'a true\nbcd null\nend false\n');
  });

  it('says what is wrong where nobody listens', async () => {
    const script = `
      const socket = new USocket({ path: PATH });
      socket.on('error', (error) => console.log(error.code, error.message, socket.writable));`;
    assert.equal(await say(script, '/nonexistent/s'), 'ENOENT connect ENOENT /nonexistent/s false\n');
  });
});
