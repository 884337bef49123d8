import { dryCreate } from '../../lifecycle/dry-run.ts';
import { runContainer } from '../../lifecycle/run.ts';
import { BerthError } from '../../model/errors.ts';
import { isTerminal } from '../../wiring/output.ts';
import type { Command } from '../command.ts';
import { chosenStreams, DETACH_KEYS, detachKeys, SIG_PROXY } from '../flags/attach.ts';
import { CREATE_FLAGS, createRequest } from '../flags/create.ts';
import { warnOfRealTime } from '../flags/limit.ts';
import { warnOfDiscardedPorts } from '../flags/network.ts';
import { compileIfPulling, pullListener, registryAccess } from '../flags/pull.ts';

export const command: Command = {
  path: ['run'],
  usage: 'IMAGE [COMMAND [ARG…]]',
  summary:
    'Create a container and start it. Exits with its exit code; with --detach at once, printing its ID.',
  flags: {
    ...CREATE_FLAGS,
    attach: { type: 'strings', short: 'a', help: 'Attach only to these: stdin, stdout, stderr' },
    detach: { type: 'bool', short: 'd', help: 'Leave it to run in the background and print its ID' },
    'detach-keys': DETACH_KEYS,
    passwd: { type: 'bool', help: 'Give a uid that has none a line in /etc/passwd', default: 'true' },
    rmi: {
      type: 'bool',
      help: 'With --rm, which it implies: also remove the image, unless other containers use it',
    },
    'sig-proxy': SIG_PROXY,
  },
  stopAtPositional: true,
  positionals: [1, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const { ports, argv, print, warn, hooksDirs } = context;
    await compileIfPulling(args, context);
    const removesImage = args.bool('rmi');
    if (removesImage && args.has('rm') && !args.bool('rm'))
      throw new BerthError('usage', 'the --rmi option does not work without --rm');
    const parsed = createRequest(args, argv);
    const asked = removesImage ? { ...parsed, autoRemove: true, autoRemoveImage: true as const } : parsed;
    const request = {
      ...asked,
      ...(asked.autoRemove ? { ephemeral: true as const } : {}),
      ...(args.bool('passwd', true) ? {} : { passwd: false as const }),
      ...(hooksDirs === undefined ? {} : { hooksDirs }),
    };
    const pull = {
      access: registryAccess(args),
      listener: pullListener(args.bool('quiet'), { warn }),
    };
    warnOfRealTime(args, warn);
    warnOfDiscardedPorts(request, warn);
    const chosen = chosenStreams(args);
    const keys = detachKeys(args);
    if (args.bool('dry-run')) {
      print(dryCreate(await ports(), request, { start: true }));
      return 0;
    }
    if (args.bool('detach')) {
      let id = '';
      await runContainer(await ports(), request, { pull, onCreated: (config) => (id = config.id) });
      print(`${id}\n`);
      return 0;
    }
    if (request.terminal && request.interactive && !isTerminal(0))
      warn('The input device is not a TTY. The --tty and --interactive flags might not work properly');
    const streams = chosen ?? { stdin: request.interactive, stdout: true, stderr: true };
    let id = '';
    return runContainer(await ports(), request, {
      pull,
      onCreated: (config) => (id = config.id),
      attach: {
        ...streams,
        detachKeys: keys,
        sigProxy: args.bool('sig-proxy', true),
        // Nothing will be heard of it here.
        ...(streams.stdout || streams.stderr ? {} : { onStarted: () => print(`${id}\n`) }),
      },
    });
  },
};
