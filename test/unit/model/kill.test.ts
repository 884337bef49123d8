import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endedByKill } from '../../../src/model/kill.ts';
import { initialState } from '../../../src/model/state.ts';

const [HUP, KILL, USR1, TERM, RTMIN3] = [1, 9, 10, 15, 37];

type Row = [title: string, signal: number | undefined, afterS: number, exitCode: number, isKill: boolean];

/** Of a container whose stop signal is RTMIN+3 and whose grace is 10 s. */
const ROWS: Row[] = [
  ['without a kill there is none that ended it', undefined, 0, 137, false],
  ['SIGKILL ends what it is sent to', KILL, 0.1, 137, true],
  ['SIGKILL does so also late, and whatever the code', KILL, 60, 3, true],
  ['a death by the signal is its work', USR1, 0.1, 128 + USR1, true],
  ['a death by another signal is not', USR1, 0.1, 139, false],
  ['an end after a signal that asks for none is a crash', USR1, 0.1, 1, false],
  ['an end after SIGTERM was asked for, whatever the code', TERM, 5, 0, true],
  ['an end after SIGHUP was asked for', HUP, 5, 1, true],
  ['an end after the stop signal of the container was asked for', RTMIN3, 5, 0, true],
  ['what survived SIGTERM for longer than its grace ended by something else', TERM, 10.001, 1, false],
  [
    'what died of a signal long after one of the same number was sent died of another one',
    TERM,
    60,
    143,
    false,
  ],
];

describe('endedByKill', () => {
  for (const [title, signal, afterS, exitCode, isKill] of ROWS) {
    it(`says: ${title}`, () => {
      const at = '2026-01-01T00:00:00.000Z';
      const state = {
        ...initialState(),
        exitCode,
        finishedAt: new Date(Date.parse(at) + afterS * 1000).toISOString(),
        ...(signal === undefined ? {} : { lastKill: { signal, at } }),
      };
      assert.equal(endedByKill(state, { stopSignal: RTMIN3, stopTimeoutSeconds: 10 }), isKill);
    });
  }
});
