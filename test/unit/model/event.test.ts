/** What `events` prints and lets through, as Podman 5.4 does. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EventRecord } from '../../../src/model/event.ts';
import { eventFilter } from '../../../src/model/event-filter.ts';
import { formatObject } from '../../../src/model/template/report.ts';
import { EVENT, eventLine, eventObject } from '../../../src/model/template/shapes/event.ts';
import { typed } from '../../../src/model/template/values.ts';

const ID = 'ab'.repeat(32);
const container = (facts: Partial<EventRecord>): EventRecord => ({
  type: 'container',
  status: 'start',
  id: ID,
  name: 'web',
  image: 'localhost/busybox:latest',
  time: '2026-11-22T14:11:28.509Z',
  attributes: { y: 'z', x: '1' },
  ...facts,
});
const loaded: EventRecord = {
  type: 'image',
  status: 'loadfromarchive',
  id: 'cd'.repeat(32),
  name: 'localhost/busybox:latest',
  image: 'localhost/busybox:latest',
  time: '2026-11-22T14:11:28.000Z',
};

const format = (template: string, event: EventRecord): string =>
  formatObject(template, typed(EVENT, eventObject(event)), { name: 'events' });

describe('an event', () => {
  it('reads as Podman writes it', () => {
    assert.equal(
      eventLine(container({})),
      `2026-11-22 14:11:28.509 +0000 UTC container start ${ID} (image=localhost/busybox:latest, name=web, x=1, y=z)`,
    );
    assert.match(
      eventLine(container({ status: 'health_status', healthStatus: 'healthy', attributes: {} })),
      /name=web, health_status=healthy, health_failing_streak=0, health_log=\)$/,
    );
    assert.equal(
      eventLine(loaded),
      `2026-11-22 14:11:28 +0000 UTC image loadfromarchive ${loaded.id} localhost/busybox:latest`,
    );
  });

  it('has Podman’s keys in JSON, and nanoseconds that no double could hold', () => {
    assert.equal(
      format('{{json .}}', container({ status: 'died', exitCode: 5 })),
      `{"ContainerExitCode":5,"ID":"${ID}","Image":"localhost/busybox:latest","Name":"web","Status":"died","time":1795356688,"timeNano":1795356688509000000,"Type":"container","Attributes":{"x":"1","y":"z"}}\n`,
    );
    assert.equal(
      format('{{json .}}', loaded),
      `{"ID":"${loaded.id}","Name":"localhost/busybox:latest","Status":"loadfromarchive","time":1795356688,"timeNano":1795356688000000000,"Type":"image","Attributes":null}\n`,
    );
  });

  const TEMPLATES: [template: string, text: string][] = [
    ['{{.Attributes}} {{.ContainerExitCode}} {{.Status}}', 'map[x:1 y:z] 5 died\n'],
    ['{{printf "%T %T %T" .ContainerExitCode .Status .Time}}', '*int events.Status int64\n'],
    ['{{.Time}} {{.TimeNano}}', '1795356688 1795356688509000000\n'],
    ['{{.Network}}|{{.HealthStatus}}|{{.Error}}|{{.PodID}}|', '||||\n'],
  ];
  for (const [template, text] of TEMPLATES)
    it(`goes through ${template}`, () =>
      assert.equal(format(template, container({ status: 'died', exitCode: 5 })), text));

  it('has no other fields', () =>
    assert.throws(
      () => format('{{.OOMKilled}}', loaded),
      /can't evaluate field OOMKilled in type system\.Event/,
    ));
});

describe('event filters', () => {
  const EVENTS = [
    container({}),
    container({ status: 'died', exitCode: 5 }),
    container({ name: 'db', id: 'ef'.repeat(32), attributes: {} }),
    loaded,
  ];
  const CASES: [filters: string, passing: number[]][] = [
    ['container=web', [0, 1]],
    ['container=we', []],
    ['container=abab', [0, 1]],
    ['container=web container=db', [0, 1, 2]],
    ['event=died', [1]],
    ['event=die', [1]],
    ['status=start', [0, 2]],
    ['event=start event=died', [0, 1, 2]],
    ['event=foo', []],
    ['type=image', [3]],
    ['image=localhost/busybox:latest', [3]],
    ['image=cdcd', [3]],
    ['label=x=1', [0, 1]],
    ['label=x', []],
    ['label=x=1 label=nope', [0, 1]],
    ['label=x=1 event=died', [1]],
    ['volume=v', []],
    ['pod=p', []],
  ];
  for (const [filters, passing] of CASES)
    it(`${filters} lets through ${passing.length}`, () => {
      const passes = eventFilter(filters.split(' '));
      assert.deepEqual(
        EVENTS.flatMap((event, index) => (passes(event) ? [index] : [])),
        passing,
      );
    });

  for (const text of ['foo=bar', 'noeq', 'container', 'until=1h', 'toString=x'])
    it(`${text} is refused`, () =>
      assert.throws(() => eventFilter([text]), {
        message: new RegExp(`^failed to parse event filters: ${text.split('=')[0]} is an invalid filter`),
      }));
});
