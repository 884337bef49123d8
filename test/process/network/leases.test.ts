/** The book of addresses as a file: what is written is read, whoever dies in between. That Podman reads it, too, is shown in system/network. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Lease } from '../../../src/model/network/network.ts';
import {
  type BoltBucket,
  changeBolt,
  emptyBolt,
  type PageWrite,
  parseBolt,
} from '../../../src/network/bolt.ts';
import { leaseBook } from '../../../src/network/leases.ts';

function bookFile(t: TestContext): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'leases-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return path.join(folder, 'networks', 'ipam.db');
}

const id = (number: number): string => number.toString(16).padStart(64, '0');

function lease(number: number, network = 'front'): Lease {
  return {
    network,
    subnets: ['10.91.0.0/16', 'fd00:91::/64'],
    addresses: [`10.91.${number >> 8}.${number & 255}`, `fd00:91::${number.toString(16)}`],
    containerId: id(number),
  };
}

describe('the book of addresses', () => {
  it('says who has what in a network, of both families', (t) => {
    const book = leaseBook(bookFile(t));
    assert.deepEqual([...book.leasesIn('front')], []);
    book.grantLeases([lease(7), { ...lease(7), network: 'back', addresses: ['10.91.0.9'] }, lease(8)]);
    assert.deepEqual(Object.fromEntries(book.leasesIn('front')), {
      '10.91.0.7': id(7),
      'fd00:91::7': id(7),
      '10.91.0.8': id(8),
      'fd00:91::8': id(8),
    });
    assert.deepEqual(Object.fromEntries(book.leasesIn('back')), { '10.91.0.9': id(7) });
    book.releaseLeases(id(7), 'front');
    assert.deepEqual([...book.leasesIn('front').keys()], ['10.91.0.8', 'fd00:91::8']);
    assert.deepEqual([...book.leasesIn('back').keys()], ['10.91.0.9']);
    book.releaseLeases(id(7));
    book.releaseLeases(id(7));
    assert.deepEqual([...book.leasesIn('back')], []);
    assert.deepEqual([...book.leasesIn('nowhere')], []);
  });

  it('gives a container that comes again other addresses for its old ones', (t) => {
    const book = leaseBook(bookFile(t));
    book.grantLeases([lease(7)]);
    book.grantLeases([{ ...lease(9), containerId: id(7) }]);
    assert.deepEqual([...book.leasesIn('front').keys()], ['10.91.0.9', 'fd00:91::9']);
  });

  it('has room for hundreds of containers, and lets go of their pages', (t) => {
    const file = bookFile(t);
    const book = leaseBook(file);
    const numbers = Array.from({ length: 300 }, (_, index) => index + 2);
    book.grantLeases(numbers.map((number) => lease(number)));
    assert.equal(book.leasesIn('front').size, 600);
    for (const number of numbers.slice(0, 290)) book.releaseLeases(id(number));
    assert.equal(book.leasesIn('front').size, 20);
    // Each change needs other pages than the state before it, of 90 kB at most; what holds all pieces has some room to spare.
    assert.ok(readFileSync(file).length < 400_000);
  });

  it('is begun where there is a file without anything in it', (t) => {
    const file = bookFile(t);
    leaseBook(file).grantLeases([lease(7)]);
    writeFileSync(file, '');
    assert.deepEqual([...leaseBook(file).leasesIn('front')], []);
    leaseBook(file).grantLeases([lease(8)]);
    assert.equal(leaseBook(file).leasesIn('front').size, 2);
  });

  it('is left alone when it is something else, or broken', (t) => {
    const file = bookFile(t);
    leaseBook(file).grantLeases([lease(7)]);
    const whole = readFileSync(file);
    const broken = [Buffer.from('no book'), Buffer.alloc(8192, 7), whole.subarray(0, 8192)];
    for (const text of broken) {
      writeFileSync(file, text);
      const refused = { code: 'network', message: /^the addresses in .*\/ipam\.db cannot be used: / };
      assert.throws(() => leaseBook(file).leasesIn('front'), refused);
      assert.throws(() => leaseBook(file).grantLeases([lease(8)]), refused);
      assert.throws(() => leaseBook(file).releaseLeases(id(7)), refused);
      assert.deepEqual(readFileSync(file), text);
    }
  });
});

describe('a file of bbolt', () => {
  const apply = (file: Buffer, writes: readonly PageWrite[]): Buffer => {
    const size = Math.max(file.length, ...writes.map(({ offset, data }) => offset + data.length));
    const result = Buffer.concat([file, Buffer.alloc(size - file.length)]);
    for (const { offset, data } of writes) data.copy(result, offset);
    return result;
  };
  const bucket = (entries: [string, Uint8Array | BoltBucket][], sequence = 0n): BoltBucket => ({
    sequence,
    entries: new Map(entries),
  });
  const plain = ({ sequence, entries }: BoltBucket): unknown => [
    sequence,
    [...entries].map(([key, value]) => [
      key,
      value instanceof Uint8Array ? Buffer.from(value).toString() : plain(value),
    ]),
  ];

  it('has its old state until the last write, and then the new one, at each of many changes', () => {
    let file = emptyBolt();
    let before = plain(bucket([]));
    for (let round = 0; round < 40; round++) {
      const entries = Array.from({ length: (round * 37) % 300 }, (_, index): [string, Uint8Array] => [
        `\xff${String(index).padStart(4, '0')}`,
        Buffer.from(`${round}-`.repeat(index % 9)),
      ]);
      const next = bucket([
        ['a', bucket([['deep', bucket(entries, 3n)]], 1n)],
        ['b', Buffer.from(String(round))],
      ]);
      const writes = changeBolt(parseBolt(file), next);
      for (let done = 0; done < writes.length; done++)
        assert.deepEqual(plain(parseBolt(apply(file, writes.slice(0, done))).root), before);
      file = apply(file, writes);
      before = plain(next);
      assert.deepEqual(plain(parseBolt(file).root), before);
    }
  });

  it('in which the newer meta page is damaged is as it was before the last change', () => {
    const old = emptyBolt();
    const writes = changeBolt(parseBolt(old), bucket([['a', Buffer.from('1')]]));
    const file = apply(old, writes);
    const meta = writes.at(-1);
    assert.ok(meta);
    file.writeUInt8(file.readUInt8(meta.offset + 40) ^ 1, meta.offset + 40);
    assert.deepEqual(plain(parseBolt(file).root), plain(bucket([])));
  });

  it('is read with branches and buckets within values, and refused where a page is there twice or is none', () => {
    const page = (flags: number, elements: Buffer[], bodies: Buffer): Buffer => {
      const header = Buffer.alloc(16);
      header.writeUInt16LE(flags, 8);
      header.writeUInt16LE(elements.length, 10);
      return Buffer.concat([header, ...elements, bodies]);
    };
    const numbers = (...values: number[]): Buffer => {
      const words = Buffer.alloc(values.length * 4);
      for (const [index, value] of values.entries()) words.writeUInt32LE(value, index * 4);
      return words;
    };
    const leaf = (flags: number, key: string, value: Buffer): Buffer =>
      page(2, [numbers(flags, 16, key.length, value.length)], Buffer.concat([Buffer.from(key), value]));
    const inline = Buffer.concat([numbers(0, 0, 5, 0), leaf(0, 'k', Buffer.from('v'))]);
    const branch = (first: number, second: number): Buffer =>
      page(1, [numbers(32, 1, first, 0), numbers(17, 1, second, 0)], Buffer.from('ab'));
    const whole = (data: Buffer): Buffer => Buffer.concat([data, Buffer.alloc(4096 - data.length)]);
    const fileOf = (root: Buffer): Buffer =>
      apply(apply(emptyBolt(), changeBolt(parseBolt(emptyBolt()), bucket([]))), [
        // The root of that change is page 3.
        { offset: 3 * 4096, data: whole(root) },
        { offset: 4 * 4096, data: whole(leaf(0, 'a', Buffer.from('1'))) },
        { offset: 5 * 4096, data: whole(leaf(1, 'b', inline)) },
      ]);
    assert.deepEqual(
      plain(parseBolt(fileOf(branch(4, 5))).root),
      plain(
        bucket([
          ['a', Buffer.from('1')],
          ['b', bucket([['k', Buffer.from('v')]], 5n)],
        ]),
      ),
    );
    assert.throws(() => parseBolt(fileOf(branch(4, 4))), /page 4 is there twice/);
    assert.throws(() => parseBolt(fileOf(branch(3, 4))), /page 3 is there twice/);
    assert.throws(() => parseBolt(fileOf(branch(4, 900))), /outside|range|not in the file/i);
    assert.throws(() => parseBolt(fileOf(page(16, [], Buffer.alloc(0)))), /of no kind/);
  });
});
