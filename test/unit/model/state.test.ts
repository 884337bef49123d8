import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ContainerStatus,
  displayStatus,
  hasPayload,
  initialState,
  type Operation,
  type Verdict,
  verdict,
} from '../../../src/model/state.ts';

const STATUSES: ContainerStatus[] = [
  'configured',
  'created',
  'running',
  'stopping',
  'stopped',
  'paused',
  'exited',
  'removing',
];

const WORDS: Record<string, Verdict> = { yes: 'allowed', done: 'done', no: 'refused' };

/** Columns in the order of STATUSES. */
const MATRIX = `
  operation    configured created running stopping stopped paused exited removing
  init         yes        no      no      no       yes     no     yes    no
  start        yes        yes     done    no       yes     no     yes    no
  stop         done       yes     yes     yes      done    no     done   no
  unit-stop    done       yes     yes     yes      done    yes    done   no
  restart      yes        yes     yes     yes      yes     no     yes    no
  kill         no         no      yes     yes      no      yes    no     no
  pause        no         no      yes     no       no      no     no     no
  unpause      no         no      no      no       no      yes    no     no
  attach       no         no      yes     no       no      no     no     no
  exec         no         no      yes     no       no      no     no     no
  healthcheck  no         no      yes     no       no      no     no     no
  cleanup      yes        yes     done    done     yes     done   yes    done
  remove       yes        yes     no      no       yes     no     yes    yes
  rename       yes        yes     yes     yes      yes     yes    yes    no
  update       yes        yes     yes     yes      yes     yes    yes    no
  mount        yes        yes     yes     yes      yes     yes    yes    no
  export       yes        yes     yes     yes      yes     yes    yes    no
`;

describe('verdict', () => {
  const [heading = [], ...rows] = MATRIX.trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));

  it('is tabulated here for every status', () => assert.deepEqual(heading.slice(1), STATUSES));

  for (const [operation, ...words] of rows) {
    it(`of ${operation} is the one of the table in every status`, () => {
      assert.deepEqual(
        STATUSES.map((status) => verdict(operation as Operation, status)),
        words.map((word) => WORDS[word]),
      );
    });
  }
});

describe('a status', () => {
  it('is shown under the word that Podman shows', () => {
    assert.deepEqual(STATUSES.map(displayStatus), [
      'created',
      'initialized',
      'running',
      'stopping',
      'stopped',
      'paused',
      'exited',
      'removing',
    ]);
  });

  it('has a payload from the runtime’s create until the end is recorded', () => {
    assert.deepEqual(STATUSES.filter(hasPayload), ['created', 'running', 'stopping', 'paused']);
  });

  it('is configured, with nothing started, right after create', () => {
    assert.deepEqual(initialState(), {
      status: 'configured',
      startNumber: 0,
      exitCode: 0,
      oomKilled: false,
      stopRequested: false,
      error: '',
      startFailure: 0,
    });
  });
});
