import path from 'node:path';
export function networkDriver(runDir: string): any {
  return { namespacePath: (id: string) => path.join(runDir, 'netns', id) };
}
