/**
 * `npm run demo [-- --here | --shell]`: the main job, in the commands that a person would type, each with what it shows and how
 * long it takes. Ends with 0 only if every step showed what it should.
 */
import { ensureImage } from '../bed/images.ts';
import { bootInstalled } from '../bed/installed.ts';
import { type Machine, thisHost } from './machine.ts';
import { STEPS } from './steps.ts';

const here = process.argv.includes('--here');
process.exitCode = here ? await tell(thisHost(await ensureImage('redis'))) : await inBed();

async function inBed(): Promise<number> {
  await using bed = await bootInstalled({ name: 'demo', images: ['redis'] });
  console.log(`A Debian 13 machine with Berth installed, up after ${Math.round(bed.bootMs)} ms.\n`);
  const failed = await tell({
    archive: '/images/redis.tar',
    sh: (script) => bed.run(['sh', '-c', `exec 2>&1\n${script}`]),
    reboot: () => bed.reboot(),
  });
  return failed === 0 && process.argv.includes('--shell') ? await bed.shell() : failed;
}

/** Does every step, telling it; the first that fails ends the demo. */
async function tell(machine: Machine): Promise<number> {
  const begin = performance.now();
  for (const [index, step] of STEPS.entries()) {
    const started = performance.now();
    console.log(`${index + 1}. ${step.title}`);
    const skipped = await step.run(machine, async (script) => {
      console.log(`   # ${script}`);
      const { code, stdout, stderr } = await machine.sh(script);
      const output = `${stdout}${stderr}`.trimEnd();
      if (output !== '') console.log(output.replace(/^/gm, '     '));
      return { code, output };
    });
    if (typeof skipped === 'string') console.log(`   (${skipped})`);
    else if (!skipped) {
      console.log(`\nThis is not what it should have shown. The demo ends here.`);
      return 1;
    }
    console.log(`   ${Math.round(performance.now() - started)} ms\n`);
  }
  console.log(`All ${STEPS.length} steps showed what they should, in ${((performance.now() - begin) / 1000).toFixed(1)} s.

What to try next${here ? ', on this machine' : ', in a shell of such a machine with the container running: npm run demo -- --shell'}
${tips()}`);
  return 0;
}

/** The test machine has neither an editor nor man. */
function tips(): string {
  const edit = here
    ? ['systemctl edit berth-cache', 'add a drop-in, say Nice=5 below [Service]']
    : ['systemctl edit --stdin berth-cache', 'add a drop-in: type [Service], Nice=5 and Ctrl-D'];
  const manual = here
    ? ['man berth-unit', 'how a container looks to systemd']
    : ['man -l packaging/man/berth-unit.7', 'how a container looks to systemd (not in there: here)'];
  return [
    ['systemctl status berth-cache', 'a service like any other: cgroup, main process, last lines of output'],
    edit,
    ['journalctl -u berth-cache', 'its output, with what systemd and Berth had to say'],
    manual,
    ['berth rm -f cache', 'remove it, its unit and what it wrote'],
  ]
    .map(([command = '', meaning]) => `  ${command.padEnd(35)}  ${meaning}`)
    .join('\n');
}
