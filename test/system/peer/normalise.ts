/** What two engines' texts must not be compared by: ids, times, and the rules where Berth's form differs everywhere. */
import type { Answer, Aspect } from './case.ts';

const IDENTITY: [pattern: RegExp, text: string][] = [
  [/\b[0-9a-f]{64}\b/g, 'ID'],
  [/\b[0-9a-f]{12}\b/g, 'ID12'],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?(Z|[+-]\d\d:?\d\d))?( UTC)?/g, 'TIME'],
  [/\b(Less than a second|About a minute|\d+ (second|minute)s?)( ago)?\b/g, 'AGE$3'],
  [/ +$/gm, ''],
  // A column is as wide as what is in it.
  [/ {2,}/g, '  '],
];

/** What Podman says in other words or in another place than Berth, on purpose, wherever it says it. */
const PEER: [pattern: RegExp, text: string][] = [
  // With quotes or without, as the flags of start are.
  [/unable to start container ([0-9a-f]{64})/g, 'unable to start container "$1"'],
  // Where in its code an error came up.
  [
    /^(Error: )(running container create option|creating container storage|parsing environment variables): /gm,
    '$1',
  ],
  // A usage error is one line here.
  [/\nSee 'podman ([^']*?) ?--help'/g, ': see berth $1 --help'],
  // A verb that is not known.
  [/\nTry 'podman [^']*--help' for more information/g, ''],
  // Its log lines, of which Berth has the one about a stop, in its own form.
  [/^time="[^\n]*\n/gm, ''],
  [/\bpodman\b/g, 'berth'],
  [/\bPodman\b/g, 'Berth'],
];

const OWN: [pattern: RegExp, text: string][] = [[/^StopSignal [^\n]*\n/gm, '']];

/** The answer of either engine in a form that both share. */
export function normalise(answer: Answer, engine: 'berth' | 'podman'): Answer {
  const rules = [...(engine === 'podman' ? PEER : OWN), ...IDENTITY];
  const tidy = (text: string): string =>
    rules.reduce((left, [pattern, replacement]) => left.replace(pattern, replacement), text);
  return {
    code: answer.code,
    stdout: tidy(answer.stdout),
    stderr: tidy(answer.stderr),
    after: tidy(answer.after),
  };
}

/**
 * Do the two say the same? An error of Berth's begins with Podman's words and may go on with what to do: `WORDS: hint`
 * or `WORDS, hint`.
 */
export function agree(aspect: Aspect, own: string, peers: string): boolean {
  if (own === peers) return true;
  if (aspect !== 'stderr') return false;
  const [ownLines, peerLines] = [own.split('\n'), peers.split('\n')];
  return (
    ownLines.length === peerLines.length &&
    peerLines.every((line, index) => {
      const other = ownLines[index] ?? '';
      return (
        other === line || (line !== '' && /^[:,] /.test(other.slice(line.length)) && other.startsWith(line))
      );
    })
  );
}
