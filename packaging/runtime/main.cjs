/*
 * What the program in the package runs first: `berth ENTRY ARGUMENT…`, by way of bin/berth. The entry point then sees the
 * arguments where a script has them; src/sys/program.ts sees the rest.
 */
const [entry] = process.argv.splice(2, 1);
globalThis.berthProgram = { entry, compiles: process.env.BUN_JSC_useJIT !== '0' };
// What bin/berth says to Bun is for this process, not for a program or a container that it starts.
for (const name of Object.keys(process.env)) if (name.startsWith('BUN_JSC_')) delete process.env[name];
require(`/$bunfs/root/${entry}.js`);
