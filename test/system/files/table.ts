/** Command lines of cp, tried with Podman and with Berth. One line is one case. */

export interface CopyCase {
  /** As a shell has it, after `cp`; containers are `c` and `u` (whose user is app). */
  line: string;
  /** What is looked at afterwards: paths in the root of `c`, of `u`, or on the host. */
  look: { c?: string; u?: string; host?: string };
  /** Why Berth answers otherwise; a case that no longer does fails. */
  deviates?: string;
}

const c = (look: string, ...lines: string[]): CopyCase[] =>
  lines.map((line) => ({ line, look: { c: look } }));
const u = (look: string, ...lines: string[]): CopyCase[] =>
  lines.map((line) => ({ line, look: { u: look } }));
const host = (look: string, ...lines: string[]): CopyCase[] =>
  lines.map((line) => ({ line, look: { host: look } }));

/** Two containers that do not run; `/src` in c and the working directory on the host hold files, links and a FIFO. */
export const CASES: CopyCase[] = [
  ...c('new', 'file c:/new', 'dir c:/new', 'dir/ c:/new', 'dir/. c:/new'),
  ...c(
    'tmp',
    'file c:/tmp',
    'file c:/tmp/new',
    'file c:/tmp/new/',
    'file c:tmp',
    'dir c:/tmp',
    'dir/. c:/tmp',
  ),
  ...c('tmp', 'dir c:/tmp/new/', 'abslink c:/tmp', 'dangling c:/tmp', 'dirlink c:/tmp', 'dirlink/. c:/tmp'),
  ...c(
    'tmp',
    'dir/link c:/tmp/x',
    'nosuch c:/tmp',
    './dir/../file c:/tmp',
    '"no:b" c:/tmp',
    '- c:/tmp <t.tar',
  ),
  ...c('tmp', '- c:/tmp <t.tar.gz', '- c:/tmp <file', '- c:/tmp </dev/null', '- c:/tmp/new <t.tar'),
  ...c('no', 'file c:/no/such', 'dir c:/no/such'),
  ...c(
    'etc',
    'file c:/etc/passwd',
    'dir c:/etc/passwd',
    '--overwrite dir c:/etc/passwd',
    '- c:/etc/passwd <t.tar',
  ),
  ...c('src', 'file c:/srclink', 'file c:/xlink', 'c:/src/. c:/src/two/.', 'file c:/src/sub', 'x c:/src/l'),
  ...c(
    'src',
    'clash/. c:/src',
    '--overwrite clash/. c:/src',
    'file c:/dang',
    'file c:/escape',
    'dir c:/escape/out',
  ),
  ...u(
    'tmp',
    'file u:/tmp',
    'dir u:/tmp',
    '-a=false dir u:/tmp',
    '--archive=false file u:/tmp/x',
    '- u:/tmp <t.tar',
  ),
  ...u('tmp', 'c:/src u:/tmp', 'c:/src/x u:/tmp/new', 'c:/src/x u:/no/new', 'c:/src nosuch:/tmp'),
  ...host(
    'out',
    'c:/src out',
    'c:/src/ out',
    'c:/src/. out',
    'c:/src out/new',
    'c:/src/. out/new',
    'c:/src/x out',
  ),
  ...host(
    'out',
    'c:/src/x out/new',
    'c:/src/x out/new/',
    'c:/src/x out/no/new',
    'c:src/x out',
    'c:/srclink out',
  ),
  ...host('out', 'c:/srclink/. out', 'c:/xlink out/new', 'c:/src/l out', 'c:/dang out', 'c:/nosuch out'),
  ...host('out', '-a=false c:/src out', 'nosuch:/x out', 'file out', 'c:/escape out', 'c: out', ':/x out'),
  ...host('file', 'c:/src/x file', 'c:/src file', '--overwrite c:/src file'),
  ...host('dir', 'c:/src/x dir', 'c:/src/. dir'),
  ...host('x', 'c:/src/x .', '- - <t.tar', '- out <t.tar', 'file -'),
  ...host('list', 'c:/src - | list', 'c:/src/. - | list', 'c:/src/x - | list', 'c:/srclink - | list').map(
    (one) => ({ ...one, deviates: 'whose files they are, instead of the caller' }),
  ),
];

/** The errors of Podman that are its copier's inner life; Berth's are told beside them. */
export const WORDS: [podman: RegExp, berth: RegExp][] = [
  [
    /copier: put: error creating "(\S+)": .*file exists$/,
    /^error creating "(\S+)": .*file exists: use --overwrite/,
  ],
];
