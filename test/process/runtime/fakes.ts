/** Programs that do wrong on purpose, in place of conmon or a runtime: only for what the real ones cannot be made to do. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { type RuntimePaths, runtimePaths } from '../../../src/runtime/paths.ts';
import { config } from '../../support/config.ts';

export interface Stage {
  folder: string;
  paths: RuntimePaths;
  /** An executable of that name with that shell script in it; its path. */
  program(name: string, script: string): string;
  /** Ends the process whose pid a script has put into that file. */
  end(name: string): void;
}

/** A run directory with an empty bundle in it, removed after the test. */
export function stage(t: TestContext): Stage {
  const folder = mkdtempSync(path.join(tmpdir(), 'berth-runtime-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const paths = runtimePaths(folder, config().id);
  mkdirSync(paths.bundle, { recursive: true });
  return {
    folder,
    paths,
    program(name, script) {
      const file = path.join(folder, name);
      writeFileSync(file, `#!/bin/sh\n${script}\n`);
      chmodSync(file, 0o755);
      return file;
    },
    end(name) {
      process.kill(Number(readFileSync(path.join(folder, name), 'utf8')), 'SIGKILL');
    },
  };
}
