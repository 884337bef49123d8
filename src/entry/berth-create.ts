/** `berth-create [--root DIR] [flags] IMAGE [COMMAND]`: what `berth create` does, for units and scripts. */
import { main } from '../cli/main.ts';

main(['create', ...process.argv.slice(2)]);
