/** The command line that people use. */
import { main } from '../cli/main.ts';

main(process.argv.slice(2));
