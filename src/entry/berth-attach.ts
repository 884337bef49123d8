/**
 * `berth-attach [--input] BUNDLE`: relays conmon's attach socket; see runtime/attach-relay.ts. Its owner holds the other
 * end of the socket at file descriptor 3. A byte from there means that the container has been created; the answer is
 * that the connection stands, or why not. It ends when that end is closed.
 */
import { Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { messageOf } from '../model/errors.ts';
import { NO_READER } from '../runtime/attach-exit.ts';
import { relay } from '../runtime/attach-relay.ts';

const { values, positionals } = parseArgs({
  options: { input: { type: 'boolean' } },
  allowPositionals: true,
});
const owner = new Socket({ fd: 3 });
owner.on('error', () => {}); // it closes then
owner.on('close', () => process.exit(0));
owner.once('data', () => {
  relay(positionals[0] ?? '.', {
    input: values.input === true,
    connected: () => owner.write('connected\n'),
  }).then(
    (complete) => process.exit(complete ? 0 : NO_READER),
    (error: unknown) => owner.end(`${messageOf(error)}\n`),
  );
});
