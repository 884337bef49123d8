/**
 * The book of who has which address, which Podman keeps (containers/common, libnetwork/netavark/ipam.go): a bucket for each
 * network, in it one for each subnet, from an address's bytes to a container's ID, and `ids`, from the ID to all of its addresses.
 * Berth writes its own into it, so that neither gives away what the other has. Each call needs the lock of networks; who opens
 * the file locks it, too, as bbolt does.
 */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { BerthError, messageOf } from '../model/errors.ts';
import {
  contains,
  formatAddress,
  formatSubnet,
  type IpAddress,
  parseAddress,
  parseSubnet,
} from '../model/network/ip-address.ts';
import type { Lease } from '../model/network/network.ts';
import { lockFile } from '../sys/file-lock.ts';
import { makeDirectory, writeFileAtomic } from '../sys/files.ts';
import { type BoltBucket, changeBolt, emptyBolt, parseBolt } from './bolt.ts';

/** In a network's bucket, beside those of its subnets. */
const IDS = 'ids';

export function leaseBook(file: string) {
  return {
    /** Owners by address, of one network. Throws BerthError 'network' for a book that cannot be read. */
    leasesIn(network: string): Map<string, string> {
      const owners = new Map<string, string>();
      if (!existsSync(file)) return owners;
      open(file, (root) => {
        for (const [name, subnet] of bucketIn(root, network)?.entries ?? [])
          if (name !== IDS && isBucket(subnet))
            for (const { address, owner } of leasesOf(subnet)) owners.set(formatAddress(address), owner);
        return false;
      });
      return owners;
    },

    /** All of them, or none. What the containers had before in these networks is theirs no more. */
    grantLeases(leases: readonly Lease[]): void {
      if (leases.length === 0) return;
      begin(file);
      open(file, (root) => {
        for (const { network, subnets, addresses, containerId } of leases) {
          const bucket = makeBucket(root, network);
          forget(bucket, containerId);
          for (const text of addresses) {
            const address = parseAddress(text);
            const subnet = subnets.map(parseSubnet).find((one) => one && address && contains(one, address));
            if (address === undefined || subnet === undefined) continue;
            makeBucket(bucket, formatSubnet(subnet)).entries.set(keyOf(address), Buffer.from(containerId));
          }
          makeBucket(bucket, IDS).entries.set(containerId, Buffer.from(JSON.stringify(addresses)));
        }
        return true;
      });
    },

    /** In one network, or all. */
    releaseLeases(containerId: string, network?: string): void {
      if (!existsSync(file)) return;
      open(file, (root) => {
        const networks = network === undefined ? [...root.entries.values()] : [bucketIn(root, network)];
        return networks.map((one) => forget(one, containerId)).includes(true);
      });
    },
  };
}

/** Writes an empty book where there is none, or only the name of one, as a Podman that was killed may leave it. */
function begin(file: string): void {
  if (existsSync(file) && readFileSync(file).length > 0) return;
  makeDirectory(path.dirname(file), 0o755);
  writeFileAtomic(file, emptyBolt(), { mode: 0o600 });
}

/** Shows the whole to `work`, and writes it down if that says that it has changed it. */
function open(file: string, work: (root: BoltBucket) => boolean): void {
  const fd = openSync(file, 'r+');
  try {
    lockFile(fd);
    if (fstatSync(fd).size === 0) return;
    const book = parseBolt(readFileSync(fd));
    if (!work(book.root)) return;
    for (const { offset, data } of changeBolt(book, book.root)) {
      if (writeSync(fd, data, 0, data.length, offset) !== data.length)
        throw new Error('no room for it is left');
    }
  } catch (error) {
    throw new BerthError('network', `the addresses in ${file} cannot be used: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    closeSync(fd);
  }
}

/** Takes a container's addresses out of a network's bucket; whether it had any. */
function forget(network: Value | undefined, containerId: string): boolean {
  if (!isBucket(network)) return false;
  let hasChanged = false;
  for (const [name, value] of network.entries) {
    if (!isBucket(value)) continue;
    if (name === IDS) hasChanged = value.entries.delete(containerId) || hasChanged;
    else
      for (const { key, owner } of leasesOf(value))
        if (owner === containerId) hasChanged = value.entries.delete(key) || hasChanged;
  }
  return hasChanged;
}

/** What a subnet's bucket has, but for `lastIP`, where Podman's search goes on. */
function leasesOf({ entries }: BoltBucket): { key: string; address: IpAddress; owner: string }[] {
  return [...entries].flatMap(([key, value]) => {
    const address = addressOf(key);
    return address === undefined || isBucket(value)
      ? []
      : [{ key, address, owner: Buffer.from(value).toString() }];
  });
}

type Value = Uint8Array | BoltBucket;

function isBucket(value: Value | undefined): value is BoltBucket {
  return value !== undefined && !(value instanceof Uint8Array);
}

function bucketIn({ entries }: BoltBucket, name: string): BoltBucket | undefined {
  const value = entries.get(Buffer.from(name).toString('latin1'));
  return isBucket(value) ? value : undefined;
}

function makeBucket(parent: BoltBucket, name: string): BoltBucket {
  const there = bucketIn(parent, name);
  if (there !== undefined) return there;
  const made: BoltBucket = { sequence: 0n, entries: new Map() };
  parent.entries.set(Buffer.from(name).toString('latin1'), made);
  return made;
}

/** The bytes of an address, 4 or 16 of them, which no other key has as many of. */
function addressOf(key: string): IpAddress | undefined {
  const family = key.length === 4 ? 4 : key.length === 16 ? 6 : undefined;
  return family && { family, value: BigInt(`0x${Buffer.from(key, 'latin1').toString('hex')}`) };
}

function keyOf({ family, value }: IpAddress): string {
  return Buffer.from(value.toString(16).padStart(family === 4 ? 8 : 32, '0'), 'hex').toString('latin1');
}
