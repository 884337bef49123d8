/**
 * Node's own "spec" report, and one rule more: with CI set, a skipped or todo test is a failure. It is
 * named above the closing lines, which stay those of the runner, and decides the exit code.
 */
import { Readable } from 'node:stream';
import { spec, type TestEvent } from 'node:test/reporters';

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  yield* Readable.from(withRule(events)).compose(new spec());
}

async function* withRule(events: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
  const left = new Set<string>();
  for await (const event of events) {
    if (event.type === 'test:pass' || event.type === 'test:fail') {
      const { name, skip, todo } = event.data;
      if (skip !== undefined || todo !== undefined) left.add(name);
    }
    if (process.env.CI && left.size > 0 && isFirstClosingLine(event)) {
      process.exitCode = 1;
      const message = `✖ skipped or todo, which fails in CI: ${[...left].join(' · ')}\n`;
      yield { type: 'test:stderr', data: { file: import.meta.filename, message } };
      left.clear();
    }
    yield event;
  }
}

/** The summary of the whole run comes as diagnostics, "tests N" first. */
function isFirstClosingLine(event: TestEvent): boolean {
  return (
    event.type === 'test:diagnostic' && event.data.nesting === 0 && /^tests \d+$/.test(event.data.message)
  );
}
