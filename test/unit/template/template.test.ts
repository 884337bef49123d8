/** What the recorded answers of Podman do not cover: plain JavaScript, Maps, zones, limits, and each function alone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BerthError } from '../../../src/model/errors.ts';
import { alignColumns } from '../../../src/model/template/columns.ts';
import { sprintf } from '../../../src/model/template/printf.ts';
import { LISTED_CONTAINER, listedContainer } from '../../../src/model/template/shapes/listed.ts';
import { parseTemplate } from '../../../src/model/template/template.ts';
import {
  as,
  DURATION,
  INT,
  map,
  pointer,
  STRING,
  slice,
  struct,
  TIME,
  uint,
} from '../../../src/model/template/types.ts';
import { inferred, typed } from '../../../src/model/template/values.ts';

function run(text: string, data: unknown = {}): string {
  return parseTemplate(text, { name: 't' }).execute(data);
}

function refusal(text: string, data: unknown = {}): string {
  try {
    run(text, data);
  } catch (error) {
    assert.ok(error instanceof BerthError, String(error));
    assert.equal(error.code, 'usage');
    assert.equal(error.exitCode, 125);
    return error.message;
  }
  return assert.fail(`${text} was taken`);
}

describe('plain JavaScript as data', () => {
  it('has structs for objects and maps for Maps', () => {
    const data = {
      Name: 'one',
      Labels: new Map([
        ['b', 2],
        ['a', 1],
      ]),
      List: ['x', 'y'],
    };
    assert.equal(
      run('{{.Name}} {{.Labels}} {{.List}} {{.Labels.nope}}', data),
      'one map[a:1 b:2] [x y] <no value>',
    );
    assert.equal(run('{{.}}', data), '{one map[a:1 b:2] [x y]}');
    assert.equal(
      refusal('{{.Nope}}', data),
      'template: t:1:2: executing "t" at <.Nope>: can\'t evaluate field Nope in type struct',
    );
  });

  it('prints null in a struct as no value and takes it for false', () => {
    assert.equal(run('{{.a}}{{if .a}}yes{{else}}no{{end}}', { a: null }), '<no value>no');
  });

  it('does not see what every object inherits', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
      assert.match(refusal(`{{.${name}}}`, { a: 1 }), /can't evaluate field/);
    assert.equal(run('{{.constructor}} {{index . "toString"}}', new Map()), '<no value> <no value>');
    assert.match(refusal('{{toString}}'), /function "toString" not defined/);
  });

  it('keeps whole numbers beyond 2^53 when they come as bigint', () => {
    assert.equal(
      run('{{.n}} {{json .n}}', { n: 9223372036854775807n }),
      '9223372036854775807 9223372036854775807',
    );
  });

  it('tries an alias only when the field itself is missing', () => {
    const template = parseTemplate('{{.Id}} {{.Src}}', { name: 't' });
    assert.equal(
      template.execute({ Id: 'own', ID: 'no', Source: 's' }, { aliases: { Id: 'ID', Src: 'Source' } }),
      'own s',
    );
  });
});

describe('typed data', () => {
  const inner = struct('p.Inner', { A: INT });
  const outer = struct('p.Outer', {
    Name: as('name', STRING),
    Nil: pointer(inner),
    Set: pointer(inner),
    List: slice(STRING),
    Map: map(uint('uint16'), uint('uint16')),
    When: TIME,
    Every: DURATION,
  });
  const value = typed(outer, { name: 'n', Set: { A: 5 }, Map: { 80: 1, 9: 2 }, Every: 90_000_000_000 });

  it('has the zero value of a type where JSON has nothing', () => {
    assert.equal(
      run('{{.Nil}} {{.List}} {{.When}} {{len .List}}', value),
      '<nil> [] 0001-01-01 00:00:00 +0000 UTC 0',
    );
    assert.equal(run('{{.Set.A}} {{.Name}} {{.Every}}', value), '5 n 1m30s');
  });

  it('orders numeric keys of a map as numbers, and finds them', () => {
    assert.equal(run('{{.Map}} {{index .Map 80}}', value), 'map[9:2 80:1] 1');
  });

  it('names the type in errors, with its pointer', () => {
    assert.match(refusal('{{.Set.B}}', value), /in type \*p\.Inner$/);
    assert.match(refusal('{{.Nil.A}}', value), /nil pointer evaluating \*p\.Inner\.A$/);
    assert.match(refusal('{{.Nope}}', value), /in type p\.Outer$/);
  });

  it('writes the keys of JSON, also those the type does not know', () => {
    const extra = typed(outer, { name: 'n', Berth: { unit: 'u' } });
    assert.equal(run('{{json .}}', extra), '{"name":"n","Berth":{"unit":"u"}}');
  });

  it('shows a time in its own zone', () => {
    const time = typed(TIME, '2026-01-02T03:04:05.120+02:00');
    assert.equal(run('{{.}}', time), '2026-01-02 03:04:05.12 +0200 +0200');
    assert.equal(run('{{.Unix}} {{.UnixMilli}} {{.Hour}}', time), '1767315845 1767315845120 3');
    assert.equal(run('{{.Format "02 Jan 06 3:04PM -07:00 .999"}}', time), '02 Jan 26 3:04AM +02:00 .12');
  });
});

describe('a row of ps', () => {
  const view = {
    ID: 'abc',
    ImageID: '',
    Pod: '',
    Command: 'sleep',
    Names: 'one',
    Status: 'Up',
    Ports: '',
    Networks: '',
    Size: '',
    Restarts: '0',
    RunningFor: 'x ago',
    CreatedAt: '',
    CreatedHuman: 'x ago',
    Created: '2026-11-22T10:00:00.5Z',
  };
  const row = typed(
    LISTED_CONTAINER,
    listedContainer({ Id: 'abcdef', Names: ['one'], Namespaces: { Mnt: '7' } }, view),
  );

  it('shows its view to templates and its object in JSON', () => {
    assert.equal(
      run('{{.ID}} {{.Names}} {{.MNT}} {{.Namespaces.MNT}} {{.RunningFor}}', row),
      'abc one 7 7 x ago',
    );
    assert.equal(run('{{.Created}} {{.CGROUPNS}}', row), '2026-11-22 10:00:00.5 +0000 UTC ');
    assert.equal(run('{{json .}}', row), '{"Id":"abcdef","Names":["one"],"Namespaces":{"Mnt":"7"}}');
  });
});

describe('printf', () => {
  const cases: [string, unknown[], string][] = [
    ['%d%%', [5], '5%'],
    ['%5.1f|%-7.2f|%07.2f', [2.71459, 2.71459, -2.71459], '  2.7|2.71   |-002.71'],
    ['%x %X %#x % x', ['hi', 'hi', 'hi', 'hi'], '6869 6869 0x6869 68 69'],
    ['%q %q', ['a"b\n', 10], '"a\\"b\\n" \'\\n\''],
    ['%c%c', [0x1f600, 65], '\u{1f600}A'],
    ['%U %#U', [0x1f600, 65], "U+1F600 U+0041 'A'"],
    ['%v %v', [null, undefined], '<nil> <nil>'],
    ['%s', [[1, 'a']], '[%!s(int=1) a]'],
    ['%d', [], '%!d(MISSING)'],
    ['x', [1, 'a'], 'x%!(EXTRA int=1, string=a)'],
    ['%[2]s %[1]s', ['a', 'b'], 'b a'],
    ['%[5]d', [1], '%!d(BADINDEX)'],
    ['%.*f', [1, 2.25], '2.2'],
    ['%*d', ['x', 1], '%!(BADWIDTH)1'],
    ['%08.3d|%+05d', [7, 7], '     007|+0007'],
    ['%t', ['x'], '%!t(string=x)'],
    ['%', [], '%!(NOVERB)'],
    ['%9999999d', [1], '1'],
  ];
  for (const [format, args, wanted] of cases) {
    it(`${JSON.stringify(format)} gives ${JSON.stringify(wanted)}`, () => {
      assert.equal(sprintf(format, args.map(inferred)), wanted);
    });
  }
});

describe('functions on text', () => {
  it('count bytes, as Go does', () => {
    assert.equal(run('{{len "é"}} {{slice "éa" 2}} {{truncate "abc" 2}} {{index "é" 0}}'), '2 a ab 195');
  });

  it('make titles of words in any script', () => {
    assert.equal(run('{{title "élan vital-ly o\'neil a_b 1x"}}'), "Élan Vital-Ly O'Neil A_b 1x");
  });

  it('refuse what would fill the memory', () => {
    assert.match(refusal('{{pad "x" 999999999 0}}'), /error calling pad: the text is too long/);
    assert.match(refusal('{{pad "x" -1 0}}'), /error calling pad/);
    const doubling = `{{$x := "aaaaaaaa"}}${'{{$x = print $x $x}}'.repeat(40)}`;
    assert.match(refusal(doubling), /error calling print: the text is too long/);
  });
});

describe('templates that would not end', () => {
  it('are cut after so many steps', () => {
    assert.match(refusal('{{range 1000000000}}{{end}}'), /it does not end within 1000000 steps/);
    assert.match(refusal('{{range 100000}}{{range 100000}}{{end}}{{end}}'), /it does not end/);
  });

  it('are cut when they call themselves for ever', () => {
    assert.match(
      refusal('{{define "a"}}{{template "a"}}{{end}}{{template "a"}}'),
      /exceeded maximum template depth/,
    );
  });

  it('are refused when nested too deeply', () => {
    assert.match(refusal(`{{${'('.repeat(5000)}1${')'.repeat(5000)}}}`), /nested too deeply/);
    assert.match(refusal('{{if 1}}'.repeat(5000) + '{{end}}'.repeat(5000)), /nested too deeply/);
  });
});

describe('columns', () => {
  it('are at least 12 wide, two apart, and each block of lines has its own', () => {
    assert.equal(
      alignColumns('a\tb\nlonger than twelve\tb\n'),
      'a                   b\nlonger than twelve  b\n',
    );
    assert.equal(
      alignColumns('a\tb\nplain\nlonger than twelve\tb\n'),
      'a           b\nplain\nlonger than twelve  b\n',
    );
    assert.equal(
      alignColumns('é\t1\t2\nab\t\t3\n'),
      'é           1           2\nab                      3\n',
    );
  });

  it('leave text without tabs alone', () => {
    assert.equal(alignColumns('a b\n\n c\n'), 'a b\n\n c\n');
  });
});

describe('the printed tree', () => {
  it('is the template again', () => {
    const text =
      '{{range $i, $e := .L}}{{if and $i (eq $e.Name "x")}}{{$e.Name | printf "%q"}}{{else}}{{(index .A 0).B}}{{end}}{{else}}none{{end}}{{with $x := 1.5}}{{break2}}{{end}}'.replace(
        '{{break2}}',
        "{{'a'}}",
      );
    assert.equal(parseTemplate(text, { name: 't' }).print(), text);
  });
});
