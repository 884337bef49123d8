/*
 * What the program in the package runs first: `berth ENTRY ARGUMENT…`, by way of bin/berth. The entry point then sees the
 * arguments where a script has them.
 */
const [entry] = process.argv.splice(2, 1);
require(`/$bunfs/root/${entry}.js`);
