import type { Cells, Difference } from '../case.ts';
import { inTerminal, withoutEcho } from '../tidy.ts';

const CODE: Difference = {
  why: 'an error before the command ran is 125, as for every verb; Podman says 255',
  code: '125',
};
const GROUPS: Difference = {
  why: 'the own group is among the supplementary ones (CVE-2022-2989)',
  stdout: /groups=/,
};
const HOSTNAME: Difference = {
  why: 'it has HOSTNAME, as the container’s own command has',
  stdout: /^HOSTNAME=/m,
};

export const EXEC: Cells = {
  title: 'exec',
  shared: true,
  cells: [
    ['created', 'berth exec % true', { differs: CODE }],
    ['initialized', 'berth exec % true', { differs: CODE }],
    ['running', 'berth exec % true'],
    ['paused', 'berth exec % true', { differs: CODE }],
    ['exited', 'berth exec % true', { differs: CODE }],
    ['running', 'berth exec %'],
    ['running', 'berth exec % false'],
    ['running', 'berth exec % sh -c "exit 42"'],
    ['running', 'berth exec % sh -c "kill -9 \\$\\$"'],
    ['running', 'berth exec % nosuch'],
    ['running', 'berth exec % /nosuch'],
    ['running', 'berth exec % /etc'],
    ['running', 'berth exec % /etc/passwd'],
    ['running', 'berth exec % ""'],
    ['running', 'berth exec % echo out'],
    ['running', 'berth exec % sh -c "echo out; echo err >&2; exit 3"'],
    ['running', 'berth exec % id', { differs: GROUPS }],
    ['running', 'berth exec --user app % id', { differs: GROUPS }],
    ['running', 'berth exec --user 1000:2000 % id', { differs: GROUPS }],
    [
      'running',
      'berth exec --user nosuch % id',
      { differs: { why: 'what makes run end with 126 does so here', code: '126' } },
    ],
    ['running', 'berth exec --workdir /etc % pwd'],
    ['running', 'berth exec --workdir /nosuch % pwd'],
    ['running', 'berth exec --workdir etc % pwd'],
    ['running', 'berth exec --env A=1 -e B= % sh -c "echo \\$A-\\$B-\\$C"'],
    ['running', 'berth exec --env =x % env'],
    ['running', 'berth exec --env-file nosuch % env'],
    ['running', 'printf "X=1\\n# no\\nY\\n" >vars; berth exec --env-file vars % env', { differs: HOSTNAME }],
    ['running', 'berth exec % env', { differs: HOSTNAME }],
    ['running', 'printf in | berth exec -i % cat'],
    ['running', 'printf in | berth exec % cat'],
    ['running', 'head -c 200000 /dev/zero | berth exec -i % sh -c "wc -c"'],
    ['running', 'berth exec % sh -c "ls /proc/self/fd | wc -l"'],
    ['running', 'berth exec --privileged % grep CapEff /proc/self/status'],
    ['running', 'berth exec % grep CapEff /proc/self/status'],
    ['running', 'berth exec --detach % sleep 100'],
    ['running', 'berth exec --detach % nosuch'],
    [
      'running',
      'berth exec -t % tty',
      {
        differs: {
          why: 'not yet: without a terminal of one’s own',
          code: '125',
          stdout: '',
          stderr: /tcgetattr/,
        },
      },
    ],
    ['running', 'berth exec --detach-keys bogus-x % true', { differs: CODE }],
    ['running', 'berth exec --bogus % true'],
    ['running', 'berth exec --preserve-fds -1 % true'],
    ['running', 'berth exec --preserve-fd 5 % sh -c "head -n 1 <&5" 5</etc/passwd'],
    [
      'running',
      'berth exec --preserve-fd 4,3 % sh -c "head -n 1 <&3; head -n 1 <&4" 3</etc/passwd 4</etc/group',
    ],
    ['running', 'berth exec --preserve-fd 3,9 % true 3</etc/passwd'],
    ['running', 'berth exec --preserve-fd 2 % true'],
    ['running', 'berth exec --preserve-fd x % true'],
    ['running', 'berth container cleanup --exec nosuch %'],
    [
      'running',
      'berth container cleanup --exec "$(berth exec --detach % sleep 1000)" % 2>&1 | sed "/^time=/d; s/session [0-9a-f]*/session/"',
    ],
    ['running', 'berth exec --latest % true', { differs: CODE }],
    ['running', 'berth exec --wait 1 % true'],
    ['running', 'berth container exec % echo alias'],
    ['running', inTerminal('berth exec -it % tty'), { tidy: withoutEcho }],
    ['running', inTerminal("berth exec -it % sh -c 'exit 5'"), { tidy: withoutEcho }],
  ],
};
