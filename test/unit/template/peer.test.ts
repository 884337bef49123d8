/** Podman is the oracle: the same templates on the same data give the same text, or the same error. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { BerthError } from '../../../src/model/errors.ts';
import { formatObject, formatObjects, formatRows, isJson } from '../../../src/model/template/report.ts';
import { CONTAINER, INSPECT_ALIASES } from '../../../src/model/template/shapes/container.ts';
import {
  type ContainerView,
  LISTED_CONTAINER,
  listedContainer,
} from '../../../src/model/template/shapes/listed.ts';
import { VERSION_HALF, VERSION_REPORT } from '../../../src/model/template/shapes/version.ts';
import { typed } from '../../../src/model/template/values.ts';
import { CASES, HEADINGS, type Verb } from './cases.ts';

interface Recorded {
  podman: string;
  inspect: object[];
  ps: { json: { Created: string }; view: ContainerView }[];
  version: { Client: object };
  headings: Record<'ps' | 'images', string[]>;
  cases: { verb: Verb; format: string; exitCode: number; stdout: string; stderr: string }[];
}

const peer = JSON.parse(readFileSync(new URL('./peer.json', import.meta.url), 'utf8')) as Recorded;

const NO_ADDRESS = 'Podman prints an address of its memory';

/** Where Berth does otherwise on purpose, with what it prints; a case that agrees again has to leave this list. */
const DEVIATIONS: Record<string, { why: string; says: string | RegExp }> = {
  '{{$}}': { why: NO_ADDRESS, says: /^\[&\{&\{[0-9a-f]{64} / },
  '{{range .State}}x{{end}}': {
    why: NO_ADDRESS,
    says: /range can't iterate over \{1\.2\.0 created .* &\{ 0 \[\]\} false/,
  },
  '{{- range .}}{{.Name}}{{end}}': { why: NO_ADDRESS, says: /range can't iterate over \{&\{.{290,300}…\n$/ },
  '{{range $c := .}}{{$c.Name}}{{end}}': { why: NO_ADDRESS, says: /1:25.*range can't iterate over \{&\{/ },
  '{{range $i, $c := . }}{{$i}}{{$c.Name}}{{end}}': {
    why: NO_ADDRESS,
    says: /1:29.*range can't iterate over \{&\{/,
  },
  '{{printf "%v %v" .Config.OnBuild .Config.Passwd}}': {
    why: NO_ADDRESS,
    says: '<nil> true\n<nil> true\n',
  },
  '{{.}}': {
    why: NO_ADDRESS,
    says: /^\{&\{5\.4\.2 5\.4\.2 go1\.24\.4 {2}Sun Dec 21 16:42:01 2025 1766335321 Debian linux\/amd64 linux\} <nil>\}\n$/,
  },
  '{{json .Config}}': {
    why: 'Podman writes < > & as \\u003c here and nowhere else',
    says: /"Cmd":\["echo","<&> é","sleep"\]/,
  },
  '{{json .}} ': { why: 'holds .Config', says: /"Cmd":\["echo","<&> é","sleep"\]/ },
  '{{len nil}}': {
    why: 'Podman shows the text of a panic',
    says: 'Error: template: inspect:1:13: executing "inspect" at <len nil>: error calling len: len of untyped nil\n',
  },
  '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}': {
    why: 'Podman shows the text of a panic for the index right behind the end',
    says: /error calling index: index out of range: 0\n$/,
  },
};

const headers = Object.fromEntries(HEADINGS.ps.map((name, index) => [name, peer.headings.ps[index] ?? '']));

function ours(verb: Verb, format: string): string {
  switch (verb) {
    case 'inspect':
      return formatObjects(
        format,
        peer.inspect.map((object) => typed(CONTAINER, object)),
        { name: 'inspect', aliases: INSPECT_ALIASES },
      );
    case 'ps':
      return formatRows({
        name: 'ps',
        format,
        table: '{{.ID}}\t{{.Names}}',
        headers,
        rows: peer.ps.map(({ json, view }) => listedContainer(json, { ...view, Created: json.Created })),
        type: LISTED_CONTAINER,
      });
    case 'version':
      return version(format);
    case 'images':
      return formatRows({
        name: 'images',
        format,
        table: '',
        headers: Object.fromEntries(
          HEADINGS.images.map((name, index) => [name, peer.headings.images[index] ?? '']),
        ),
        rows: [],
        type: LISTED_CONTAINER,
      });
  }
}

/** Podman tries the client's half when the whole fails, and its second error is the one to see. */
function version(format: string): string {
  try {
    return formatObject(format, typed(VERSION_REPORT, peer.version), { name: 'version' });
  } catch (error) {
    if (!(error instanceof BerthError) || !error.message.includes('executing')) throw error;
    return formatObject(format, typed(VERSION_HALF, peer.version.Client), { name: 'version' });
  }
}

function answer(verb: Verb, format: string): { exitCode: number; text: string } {
  try {
    return { exitCode: 0, text: ours(verb, format) };
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    return { exitCode: error.exitCode, text: `Error: ${error.message}\n` };
  }
}

describe('templates say what Podman says', () => {
  for (const { verb, format, exitCode, stdout, stderr } of peer.cases) {
    const deviation = DEVIATIONS[format];
    it(`${verb} --format ${JSON.stringify(format)}`, () => {
      if (isJson(format)) return assert.ok(stdout.startsWith('['), 'Podman prints JSON');
      const said = answer(verb, format);
      const wanted = { exitCode, text: exitCode === 0 ? stdout : stderr };
      if (deviation === undefined) return assert.deepEqual(said, wanted);
      assert.notDeepEqual(said, wanted, 'no deviation any more');
      if (typeof deviation.says === 'string') assert.equal(said.text, deviation.says);
      else assert.match(said.text, deviation.says);
    });
  }

  it('was recorded from the templates of cases.ts', () => {
    const asked = (Object.keys(CASES) as Verb[]).flatMap((verb) =>
      CASES[verb].map((format) => `${verb} ${format}`),
    );
    assert.deepEqual(
      peer.cases.map(({ verb, format }) => `${verb} ${format}`),
      asked,
    );
    assert.ok(asked.length >= 120);
  });

  it('deviates only where a case is recorded', () => {
    const formats = new Set(peer.cases.map(({ format }) => format));
    assert.deepEqual(
      Object.keys(DEVIATIONS).filter((format) => !formats.has(format)),
      [],
    );
  });
});
