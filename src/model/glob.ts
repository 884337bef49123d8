/** Shell patterns as Go's path.Match reads them, in time that grows with pattern × text and no faster. */

/** One step of a pattern: any run of characters, or a test of one. */
type Step = 'any' | ((character: string) => boolean);

/**
 * Does the whole text fit? `*` and `?` stop at a slash, `[a-z]` and `[^a-z]` name one character, `\` takes the next one as
 * it is. Undefined for a pattern that is none (`[`, a `\` at the end).
 */
export function globMatcher(glob: string): ((text: string) => boolean) | undefined {
  const steps = stepsOf([...glob]);
  return steps && ((text) => fits([...text], steps));
}

/** Does the whole text fit a pattern in which `*` is any text, and nothing else is special? */
export function matchesStars(text: string, pattern: string): boolean {
  const steps = [...pattern].map((one): Step => (one === '*' ? 'any' : (character) => character === one));
  return fits([...text], steps, () => true);
}

function stepsOf(glob: readonly string[]): Step[] | undefined {
  const steps: Step[] = [];
  for (let at = 0; at < glob.length; at++) {
    const one = glob[at] ?? '';
    if (one === '*') steps.push('any');
    else if (one === '?') steps.push(isInside);
    else if (one === '[') {
      const end = classEnd(glob, at);
      const test = end === undefined ? undefined : characterClass(glob.slice(at + 1, end));
      if (end === undefined || test === undefined) return undefined;
      steps.push(test);
      at = end;
    } else {
      const literal = one === '\\' ? glob[++at] : one;
      if (literal === undefined) return undefined;
      steps.push((character) => character === literal);
    }
  }
  return steps;
}

/** The index of the bracket that ends a class; one that is escaped does not. */
function classEnd(glob: readonly string[], start: number): number | undefined {
  for (let at = start + 1; at < glob.length; at++) {
    if (glob[at] === '\\') at++;
    else if (glob[at] === ']' && at > start + 1 + (glob[start + 1] === '^' ? 1 : 0)) return at;
  }
  return undefined;
}

/** What stands between the brackets. */
function characterClass(inside: readonly string[]): ((character: string) => boolean) | undefined {
  const negated = inside[0] === '^';
  const ranges: [low: string, high: string][] = [];
  let at = negated ? 1 : 0;
  const next = (): string | undefined => {
    const one = inside[at++];
    return one === '\\' ? inside[at++] : one === '-' || one === ']' ? undefined : one;
  };
  while (at < inside.length) {
    const low = next();
    const isRange = inside[at] === '-';
    if (isRange) at++;
    const high = isRange ? next() : low;
    if (low === undefined || high === undefined) return undefined;
    ranges.push([low, high]);
  }
  const isIn = (character: string): boolean =>
    ranges.some(([low, high]) => low <= character && character <= high);
  return (character) => isIn(character) !== negated;
}

function isInside(character: string): boolean {
  return character !== '/';
}

/** Goes back to the last `any` only: whatever an earlier one could take, the last one can take too, up to a slash. */
function fits(text: readonly string[], steps: readonly Step[], mayTake = isInside): boolean {
  let [at, step] = [0, 0];
  let last: { step: number; at: number } | undefined;
  while (at < text.length) {
    const test = steps[step];
    if (test === 'any') {
      last = { step: step++, at };
    } else if (test?.(text[at] ?? '') === true) {
      at++;
      step++;
    } else if (last !== undefined && mayTake(text[last.at] ?? '')) {
      at = ++last.at;
      step = last.step + 1;
    } else return false;
  }
  return steps.slice(step).every((rest) => rest === 'any');
}
