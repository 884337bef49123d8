import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { berth, bootWith, leavingNothing, RUNTIMES, type RuntimeName } from '../../support/machine.ts';
import { preparePodman, quote, withoutIds } from '../../support/peer.ts';
import { CASES, type Case } from './table.ts';

interface Runner {
  engine: 'berth' | 'podman';
  runtime: RuntimeName;
}

/** What each case's container showed, by `ENGINE-RUNTIME`. */
const seen = new Map<string, Map<Case, string>>();

describe('a container made with', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('flags', ['busybox', 'layers']);
    await preparePodman(bed, ['busybox', 'layers']);
    await bed.sh(
      'mkdir -p /srv/case/below /srv/inner && echo text >/srv/case/file && touch /srv/inner/deep && cat >/tmp/case.env',
      { input: '# a comment\nCASE_A=1\nCASE_B=two words\n\nCASE_HASH=a#b\n' },
    );
    await leavingNothing(bed, async () => {
      const peer = showAll(bed, { engine: 'podman', runtime: 'crun' }, CASES);
      for (const runtime of RUNTIMES) await showAll(bed, { engine: 'berth', runtime }, CASES);
      await peer;
      await showAll(
        bed,
        { engine: 'podman', runtime: 'runc' },
        CASES.filter(({ byRuntime }) => byRuntime),
      );
      await berth(bed, 'rm', '--all', '--volumes');
    });
  });
  after(() => bed.close());

  for (const item of CASES) {
    test(`${title(item)}, with crun and with runc`, () => {
      const { normalise = (text: string) => text, shows, differs, byRuntime } = item;
      const text = (engine: Runner['engine'], runtime: RuntimeName) =>
        withoutIds(normalise((seen.get(`${engine}-${runtime}`)?.get(item) ?? '').trim())).replace(
          /\bshow-\w+-\w+-\d+\b/g,
          'NAME',
        );
      for (const runtime of RUNTIMES) {
        const own = text('berth', runtime);
        if (typeof shows === 'string') assert.equal(own, shows);
        else if (shows !== undefined) assert.match(own, shows);
        const peers = text('podman', byRuntime ? runtime : 'crun');
        if (differs === undefined) assert.equal(own, peers, `with ${runtime}`);
        else assert.notEqual(own, peers, `no difference any more: ${differs}`);
      }
    });
  }
});

function title({ flags, see, command, image, differs }: Case): string {
  const words = [...flags, ...(image === undefined ? [] : [image]), ...(command ?? [])];
  const peer = differs === undefined ? 'shows what Podman’s shows' : 'differs from Podman’s as meant';
  return `${words.join(' ') || 'no flags'} ${peer} (${see?.slice(0, 60) ?? 'its command'})`;
}

/** Cases of the same flags share a container, which does one after the other. */
function containers(cases: Case[]): { words: string[]; cases: Case[] }[] {
  const groups = Map.groupBy(cases, ({ flags, image, command }) => JSON.stringify([flags, image, command]));
  return [...groups.values()].map((cases) => {
    const [{ flags, image = 'busybox', command } = cases[0] as Case] = cases;
    const script = cases.map(({ see }) => `( ${see} )`).join(`; echo '${MARK}'; `);
    return { words: [...flags, `localhost/${image}`, ...(command ?? ['sh', '-c', script])], cases };
  });
}

const MARK = '-- next --';

/** Runs the containers of some cases to their ends and keeps what they showed. */
async function showAll(bed: Bed, { engine, runtime }: Runner, cases: Case[]): Promise<void> {
  const all = containers(cases);
  const who = `${engine}-${runtime}`;
  const lines = all.map(({ words }, index) => `one show-${who}-${index} ${words.map(quote).join(' ')}`);
  const program = engine === 'podman' ? PODMAN : BERTH;
  const { stdout } = await bed.run(
    // Not run from standard input, which belongs to whatever the script starts.
    ['sh', '-c', `cat >/tmp/show-${who}; exec sh /tmp/show-${who} </dev/null 2>&1`],
    { input: [`runtime=${runtime}`, program, ...lines, 'finish', ''].join('\n') },
  );
  const outputs = stdout.split('\0');
  const shown = all.flatMap(({ cases: group }, index) => {
    const parts = (outputs[index] ?? '').replaceAll('\r', '').split(`${MARK}\n`);
    return group.map((item, part): [Case, string] => [item, parts[part] ?? '']);
  });
  seen.set(who, new Map(shown));
}

/** A runner's part of the script: `one NAME WORDS…` for each container, and `finish`. */
const PODMAN = `
one() {
  name=$1; shift
  case $* in *--network*) ;; *) set -- --network none "$@" ;; esac
  podman --runtime "$runtime" run --rm --name "$name" "$@" 2>&1
  printf '\\0'
}
finish() { :; }`;

/** Created one by one, started by one command, read when all have ended. */
const BERTH = `
names=
one() { name=$1; shift; names="$names $name"; berth create --runtime "$runtime" --name "$name" "$@" 2>&1 >/dev/null; }
finish() {
  berth start $names >/dev/null
  for name in $names; do timeout 300 sh -c "while systemctl -q is-active berth-$name; do sleep 0.02; done"; done
  journalctl --sync
  for name in $names; do berth logs "$name" 2>&1; printf '\\0'; done
}`;
