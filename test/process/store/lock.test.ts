import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { deleteLock, lockContainer } from '../../../src/store/lock.ts';
import { isAlive, processRef } from '../../../src/sys/proc.ts';
import { temporaryFolder } from './records.ts';
import { work } from './workers.ts';

/** What a test that waits in vain may lose. */
const PATIENCE = { timeoutMs: 200 };

describe('the lock of a container', () => {
  it('is held also where its holder cannot be noted', (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(path.join(folder, 'x.holder'));
    const held = lockContainer(folder, 'x');
    assert.throws(() => lockContainer(folder, 'x', PATIENCE), /is kept busy by another process/);
    held.release();
    lockContainer(folder, 'x', PATIENCE).release();
  });

  it('is held by one of twenty processes at a time, although some die holding it', async (t) => {
    const folder = temporaryFolder(t);
    const mortal = [...Array(6).keys()].map((n) => work(t, 'lock', folder, 5, 1 + (n % 3)));
    const others = [...Array(14).keys()].map(() => work(t, 'lock', folder, 5));
    for (const each of [...mortal, ...others]) assert.equal(await each.line(), 'ready');
    for (const each of [...mortal, ...others]) each.go();
    await Promise.all(
      mortal.map(async (each) => {
        assert.equal(await each.line(), 'held');
        each.kill();
        assert.equal(await each.ended, null);
      }),
    );
    assert.deepEqual(await Promise.all(others.map((each) => each.ended)), Array(14).fill(0));

    const killed = new Set(mortal.map(({ pid }) => String(pid)));
    let holder: string | undefined;
    const entered = new Map<string, number>();
    for (const line of readFileSync(path.join(folder, 'log'), 'utf8').trimEnd().split('\n')) {
      const [word, pid = ''] = line.split(' ');
      if (word === 'in') {
        assert.ok(holder === undefined || killed.has(holder), `${pid} came in while ${holder} was inside`);
        holder = pid;
        entered.set(pid, (entered.get(pid) ?? 0) + 1);
      } else {
        assert.equal(holder, pid, `${pid} left, but ${holder} was inside`);
        holder = undefined;
      }
    }
    for (const { pid } of others) assert.equal(entered.get(String(pid)), 5);
  });

  it('is free once its holder is killed', async (t) => {
    const folder = temporaryFolder(t);
    const holder = work(t, 'hold', folder);
    assert.equal(await holder.line(), 'held');
    const waiter = work(t, 'wait', folder);
    assert.equal(await waiter.line(), 'ready');
    holder.kill();
    assert.equal(await waiter.line(), 'held');
  });

  it('is waited for in silence for two seconds, then with the holder’s name, and given up with it', async (t) => {
    const folder = temporaryFolder(t);
    const id = 'id';
    const holder = work(t, 'hold', folder);
    assert.equal(await holder.line(), 'held');
    const told: { holder: string; after: number }[] = [];
    const begin = performance.now();
    const name = new RegExp(`^process ${holder.pid} \\(worker\\) since \\d{4}-\\d\\d-\\d\\dT`);
    assert.throws(
      () =>
        lockContainer(folder, id, {
          timeoutMs: 2300,
          onWait: (text) => told.push({ holder: text, after: performance.now() - begin }),
        }),
      {
        name: 'BerthError',
        code: 'state',
        message: new RegExp(
          `^container id is kept busy by process ${holder.pid} .*: try again, or end that process$`,
        ),
      },
    );
    assert.equal(told.length, 1);
    assert.match(told[0]?.holder ?? '', name);
    const after = told[0]?.after ?? 0;
    assert.ok(after >= 1900, `told after ${after} ms`);
  });

  it('is not inherited by a process that its holder leaves behind', async (t) => {
    const folder = temporaryFolder(t);
    const holder = work(t, 'leave', folder);
    const left = processRef(Number(await holder.line()));
    assert.ok(left !== undefined);
    t.after(() => process.kill(left.pid, 'SIGKILL'));
    await holder.ended;
    lockContainer(folder, 'id', PATIENCE).release();
    assert.equal(isAlive(left), true);
  });

  it('names the command that holds it, where that is known', (t) => {
    const folder = temporaryFolder(t);
    const lock = lockContainer(folder, 'a', { caller: 'berth rm' });
    assert.throws(() => lockContainer(folder, 'a', PATIENCE), {
      message: new RegExp(`^container a is kept busy by process ${process.pid} \\(berth rm\\) since `),
    });
    lock.release();
  });

  it('is one per container, and can be taken again after its release', (t) => {
    const folder = temporaryFolder(t);
    const [a, b] = [lockContainer(folder, 'a', PATIENCE), lockContainer(folder, 'b', PATIENCE)];
    assert.throws(() => lockContainer(folder, 'a', PATIENCE), { code: 'state' });
    a.release();
    lockContainer(folder, 'a', PATIENCE).release();
    b.release();
  });

  it('keeps no journal, which a killed holder would leave behind', (t) => {
    const folder = temporaryFolder(t);
    const lock = lockContainer(folder, 'c');
    assert.deepEqual(readdirSync(folder).sort(), ['c.holder', 'c.lock']);
    lock.release();
  });

  it('leaves no file behind when it is deleted, held or not, there or not', (t) => {
    const folder = temporaryFolder(t);
    const held = lockContainer(folder, 'a');
    deleteLock(folder, 'a');
    held.release();
    deleteLock(folder, 'a');
    for (const suffix of ['lock', 'holder'])
      assert.equal(existsSync(path.join(folder, `a.${suffix}`)), false);
  });
});
