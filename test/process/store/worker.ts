/**
 * One of many processes at the same store or lock: `worker.ts TASK …`. Says a word on stdout when it is ready or has got
 * somewhere, and waits for a line on stdin where the test sets the pace.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, readSync } from 'node:fs';
import path from 'node:path';
import { initialState } from '../../../src/model/state.ts';
import { lockContainer } from '../../../src/store/lock.ts';
import { openStore } from '../../../src/store/store.ts';
import { container, event } from './records.ts';

const [task = '', folder = '', ...rest] = process.argv.slice(2);
const NOW = '2026-03-01T12:00:00.000Z';

/** Blocks until the test writes a line. */
function go(): void {
  readSync(0, Buffer.alloc(1));
}

/** Writes a line at once, even if the process is killed right after. */
function say(text: string | number | boolean): void {
  process.stdout.write(`${text}\n`);
}

function hang(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const TASKS: Record<string, () => void> = {
  /** Opens the store together with all others; says whether it was the one to notice the reboot. */
  refresh() {
    say('ready');
    go();
    const store = openStore(folder);
    say('open');
    go();
    say('asking');
    say(store.refreshIfRebooted('this boot', NOW));
    store.close();
  },

  /** Makes a container of its own and counts its starts, with an event for each, in one transaction each. */
  write() {
    const [name = '', times = ''] = rest;
    const store = openStore(folder);
    const config = container(name);
    store.transaction(() => store.insertContainer(config, initialState()));
    say('ready');
    go();
    say('writing');
    for (let n = 1; n <= Number(times); n++) {
      store.transaction(() => {
        store.saveState(config.id, { ...initialState(), startNumber: n });
        store.appendEvent(event(config.id, { name }));
      });
    }
    say('done');
  },

  /** Takes the lock again and again, noting each time in and out; hangs inside at the time told. */
  lock() {
    const [times = '', hangAt = ''] = rest;
    const log = path.join(folder, 'log');
    say('ready');
    go();
    for (let n = 1; n <= Number(times); n++) {
      const held = lockContainer(folder, 'id');
      appendFileSync(log, `in ${process.pid}\n`);
      if (n === Number(hangAt)) {
        say('held');
        hang();
      }
      appendFileSync(log, `out ${process.pid}\n`);
      held.release();
    }
  },

  hold() {
    lockContainer(folder, 'id');
    say('held');
    hang();
  },

  /** Waits for the lock and says when it has it. */
  wait() {
    say('ready');
    lockContainer(folder, 'id');
    say('held');
  },

  /** Takes the lock, leaves a process behind as conmon is left behind, and dies. */
  leave() {
    lockContainer(folder, 'id');
    const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
    child.unref();
    say(child.pid ?? 0);
    process.kill(process.pid, 'SIGKILL');
  },
};

TASKS[task]?.();
