/** What this command's own file descriptors are. */
import { readdirSync, readlinkSync } from 'node:fs';
import { BerthError } from '../model/errors.ts';
import type { Arguments } from './command.ts';

/** Highest descriptor that a process can be given: the kernel's fs.nr_open, as it usually is. */
const HIGHEST = 1_048_575;

/** What --preserve-fds (so many from 3 on) and --preserve-fd (a list) name. Throws unless the caller has given them all. */
export function preservedDescriptors(args: Arguments): number[] {
  const listed = args.strings('preserve-fd').flatMap((text) => text.split(','));
  const fds = listed.map((text) => {
    const why = /^\d+$/.test(text) ? 'value out of range' : 'invalid syntax';
    if (why === 'invalid syntax' || Number(text) > HIGHEST) {
      const quoted = JSON.stringify(text);
      throw new BerthError(
        'usage',
        `invalid argument ${quoted} for "--preserve-fd" flag: strconv.ParseUint: parsing ${quoted}: ${why}: see berth exec --help`,
      );
    }
    return Number(text);
  });
  const standard = fds.find((fd) => fd < 3);
  if (standard !== undefined) {
    throw new BerthError(
      'invalid',
      `cannot preserve FD ${standard}, consider using the passthrough log-driver to pass STDIO streams into the container: invalid argument`,
    );
  }
  const count = args.int('preserve-fds') ?? 0;
  // One by one: the first that is not there ends it, however many were asked for.
  for (let fd = 3; fd < 3 + count; fd++) assertGiven(fd, 'preserve-fds');
  for (const fd of fds) assertGiven(fd, 'preserve-fd');
  return [...new Set([...Array.from({ length: count }, (_, index) => 3 + index), ...fds])];
}

function assertGiven(fd: number, option: string): void {
  if (isGiven(fd)) return;
  throw new BerthError(
    'invalid',
    `file descriptor ${fd} is not available - the ${option} option requires that file descriptors must be passed`,
  );
}

/** Node's own are of kinds that no shell can give, or pipes of which it holds both ends. */
function isGiven(fd: number): boolean {
  const target = targetOf(fd);
  if (target === undefined || /^anon_inode:|\(deleted\)$/.test(target)) return false;
  if (!target.startsWith('pipe:')) return true;
  const all = readdirSync('/proc/self/fd').map(Number);
  return !all.some((other) => other > 2 && other !== fd && targetOf(other) === target);
}

function targetOf(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}
