import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runsSystemd } from '../../../src/model/systemd.ts';

describe('runsSystemd', () => {
  // As Podman 5.4 answers in .Config.SystemdMode.
  for (const [argv, expected] of [
    [['/sbin/init'], true],
    [['/usr/local/sbin/init', '5'], true],
    [['/usr/lib/systemd/systemd', '--x'], true],
    [['systemd'], true],
    [['/bin/sh', '-c', '/sbin/init'], true],
    [['init'], false],
    [['sh', '-c', '/sbin/init'], false],
    [['/bin/sh', '-c', 'exec /sbin/init'], false],
    [['/lib/systemd/systemd-udevd'], false],
    [['/bin/sh', '/sbin/init'], false],
    [[], false],
  ] as const) {
    it(`says ${expected} for ${JSON.stringify(argv)}`, () => {
      assert.equal(runsSystemd(argv), expected);
    });
  }
});
