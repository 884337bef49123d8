/** Addresses and subnets of IPv4 and IPv6 as numbers: which holds which, what comes next, how they are written. Pure. */
import { isIP } from 'node:net';

export interface IpAddress {
  family: 4 | 6;
  value: bigint;
}

export interface Subnet {
  /** Of the network itself: the host bits are zero. */
  base: IpAddress;
  /** Bits of the network, 0 to 32 or 128. */
  prefix: number;
}

const BITS = { 4: 32, 6: 128 } as const;

/** Undefined for anything but a plain address; one of IPv4 that is written as one of IPv6 is of IPv4. */
export function parseAddress(text: string): IpAddress | undefined {
  const family = text.includes('%') ? 0 : isIP(text);
  if (family === 4) return { family, value: join(text.split('.').map(Number), 8) };
  if (family !== 6) return undefined;
  const value = join(groups(text), 16);
  return value >> 32n === 0xffffn ? { family: 4, value: value & 0xffff_ffffn } : { family, value };
}

/** The eight numbers of an IPv6 address. */
function groups(text: string): number[] {
  // What ends in the form of IPv4 counts for two.
  const whole = text.replace(/[^:]*\..*$/, (tail) => {
    const [a = 0, b = 0, c = 0, d = 0] = tail.split('.').map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [before = [], after] = whole
    .split('::')
    .map((part) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))));
  if (after === undefined) return before;
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function join(parts: readonly number[], bits: number): bigint {
  return parts.reduce((value, part) => (value << BigInt(bits)) | BigInt(part), 0n);
}

/** As Go and the kernel write it: RFC 5952. */
export function formatAddress({ family, value }: IpAddress): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
  const parts = Array.from({ length: 8 }, (_, index) => (value >> BigInt(112 - 16 * index)) & 0xffffn);
  const zeros = longestZeros(parts);
  const hex = (some: bigint[]): string => some.map((part) => part.toString(16)).join(':');
  if (zeros.length < 2) return hex(parts);
  return `${hex(parts.slice(0, zeros.at))}::${hex(parts.slice(zeros.at + zeros.length))}`;
}

function longestZeros(parts: readonly bigint[]): { at: number; length: number } {
  let best = { at: 0, length: 0 };
  for (let at = 0; at < parts.length; at++) {
    let length = 0;
    while (parts[at + length] === 0n) length++;
    if (length > best.length) best = { at, length };
  }
  return best;
}

/** `ADDRESS/PREFIX`; host bits are dropped. Undefined for anything else. */
export function parseSubnet(text: string): Subnet | undefined {
  const [, address = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const parsed = parseAddress(address);
  const prefix = Number(digits);
  if (parsed === undefined || prefix > BITS[parsed.family]) return undefined;
  const mask = hostMask({ base: parsed, prefix });
  return { base: { ...parsed, value: parsed.value & ~mask }, prefix };
}

export function formatSubnet({ base, prefix }: Subnet): string {
  return `${formatAddress(base)}/${prefix}`;
}

/** The bits that tell the addresses of the subnet apart. */
function hostMask({ base: { family }, prefix }: Subnet): bigint {
  return (1n << BigInt(BITS[family] - prefix)) - 1n;
}

export function contains(subnet: Subnet, { family, value }: IpAddress): boolean {
  const { base } = subnet;
  return family === base.family && (value & ~hostMask(subnet)) === base.value;
}

export function overlap(one: Subnet, other: Subnet): boolean {
  return contains(one, other.base) || contains(other, one.base);
}

export function plus({ family, value }: IpAddress, count: bigint): IpAddress {
  return { family, value: value + count };
}

/** The last address of the subnet: that of IPv4's broadcasts. */
export function lastOf(subnet: Subnet): IpAddress {
  return plus(subnet.base, hostMask(subnet));
}

/**
 * What hosts can have: not the network's own address, nor IPv4's broadcast. A subnet of one or two addresses has nothing
 * to spare.
 */
export function hostRange(subnet: Subnet): { first: IpAddress; last: IpAddress } {
  const { base } = subnet;
  const last = lastOf(subnet);
  if (last.value - base.value < 2n) return { first: base, last };
  return { first: plus(base, 1n), last: base.family === 4 ? plus(last, -1n) : last };
}
