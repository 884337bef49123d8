/**
 * `berth-attach [--input] BUNDLE`: relays conmon's attach socket; see runtime/attach-relay.ts. Its owner holds the other
 * end of the socket at file descriptor 3. A byte from there means that the container has been created; the answer is
 * that the connection stands, or why not. It ends when that end is closed.
 */
import { readSync, writeSync } from 'node:fs';
import { messageOf } from '../model/errors.ts';
import { NO_READER } from '../runtime/attach-exit.ts';
import { relay } from '../runtime/attach-relay.ts';

const OWNER = 3;

const args = process.argv.slice(2);
process.exit(hearOwner() ? relayTo(args.at(-1) ?? '.', args[0] === '--input') : 0);

/** False when there will be nothing to relay. */
function hearOwner(): boolean {
  try {
    return readSync(OWNER, Buffer.alloc(1)) === 1;
  } catch {
    return false;
  }
}

function relayTo(bundle: string, input: boolean): number {
  try {
    const end = relay(bundle, { input, owner: OWNER, connected: () => tellOwner('connected') });
    return end === 'unread' ? NO_READER : 0;
  } catch (error) {
    tellOwner(messageOf(error));
    return 0;
  }
}

function tellOwner(line: string): void {
  try {
    writeSync(OWNER, `${line}\n`);
  } catch {
    // It has gone, which is heard by reading.
  }
}
