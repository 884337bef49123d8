/**
 * Asks Podman every template of cases.ts and writes what it says to peer.json, with the data it had.
 *
 *     node test/unit/template/record.ts ROOT
 *
 * ROOT is a Debian root file system with Podman 5.4 and BusyBox, as the bed's (test/bed); it is not changed: the
 * work happens in an overlay, in a mount and PID namespace of its own. Needs root.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CASES, HEADINGS, type Verb } from './cases.ts';

const COMMANDS: Record<Verb, string> = {
  inspect: 'podman inspect one three',
  ps: 'podman ps -a',
  version: 'podman version',
  images: 'podman images',
};

// Not ImageID: Podman breaks down over it when a container has no image.
const VIEW = 'ID Pod Command Names Status Ports Networks Restarts CreatedAt'.split(' ');

const PREPARE = `
export PODMAN_IGNORE_CGROUPSV1_WARNING=1 LC_ALL=C.UTF-8
mkdir -p /etc/containers /root/rootfs/bin
cat >/etc/containers/containers.conf <<'CONF'
[containers]
default_ulimits = []
pids_limit = 0
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
CONF
cat >/etc/containers/storage.conf <<'CONF'
[storage]
driver = "vfs"
graphroot = "/var/lib/containers/storage"
runroot = "/run/containers/storage"
CONF
cp /bin/busybox /root/rootfs/bin/
{
  podman create --network none --name one --label a=1 --label b=two --env X=y --health-cmd true \\
    --health-interval 90s --volume /tmp:/data:ro --ulimit nofile=100:200 --rootfs /root/rootfs /bin/busybox sleep 100
  podman create --network podman --name three --label a=3 --health-cmd true --volume /tmp:/data --publish 8080:80 \\
    --restart on-failure:3 --entrypoint '["/bin/busybox"]' --rootfs /root/rootfs echo "<&> é" sleep
} >/dev/null 2>&1
`;

const [root] = process.argv.slice(2);
if (root === undefined) throw new Error('say where the root file system with Podman is');

const verbs = Object.keys(CASES) as Verb[];
const questions = [
  'podman --version',
  'podman inspect one three',
  "podman ps -a --format '{{json .}}'",
  'podman version --format json',
  ...VIEW.map((name) => `podman ps -a --format '{{json .${name}}}'`),
  ...Object.entries(HEADINGS).map(
    ([verb, names]) =>
      `podman ${verb} --format ${quote(`table ${names.map((name) => `{{.${name}}}`).join('\\t')}`)}`,
  ),
  ...verbs.flatMap((verb) => CASES[verb].map((format) => `${COMMANDS[verb]} --format ${quote(format)}`)),
];
const [version, inspect, ps, versions, ...rest] = ask(root, questions);
const view = rest.splice(0, VIEW.length).map(({ stdout }) => stdout.trim().split('\n'));
const headings = rest.splice(0, Object.keys(HEADINGS).length).map(({ stdout }) => stdout.split('\n')[0]);
const rows = (ps?.stdout ?? '').trim().split('\n');
const cases = verbs.flatMap((verb) =>
  CASES[verb].map((format) => {
    const { stdout = '', stderr = '', exitCode = -1 } = rest.shift() ?? {};
    return { verb, format, exitCode, stdout, stderr };
  }),
);
const recorded = {
  podman: version?.stdout.trim(),
  inspect: JSON.parse(inspect?.stdout ?? ''),
  ps: rows.map((row, index) => ({
    json: JSON.parse(row),
    view: Object.fromEntries(VIEW.map((name, column) => [name, JSON.parse(view[column]?.[index] ?? '')])),
  })),
  version: JSON.parse(versions?.stdout ?? ''),
  headings: Object.fromEntries(
    Object.keys(HEADINGS).map((verb, index) => [verb, headings[index]?.trimEnd().split(/ {2,}/)]),
  ),
  cases,
};
writeFileSync(path.join(import.meta.dirname, 'peer.json'), `${JSON.stringify(recorded, null, 1)}\n`);
console.log(`${cases.length} answers of ${recorded.podman}`);

interface Answer {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** Runs command lines in the prepared root, one after the other. */
function ask(lower: string, lines: string[]): Answer[] {
  const dir = mkdtempSync('/var/tmp/berth-record-');
  for (const name of ['upper', 'work', 'merged']) mkdirSync(path.join(dir, name));
  const enter = `
    mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/merged"
    cd "$2/merged"
    mount -t proc proc proc; mount --rbind /sys sys; mount --rbind /dev dev
    mount -t tmpfs tmpfs run; mount -t tmpfs tmpfs tmp
    exec chroot . /bin/bash -s`;
  const answers = lines.map(
    (line) =>
      `${line} >/tmp/out 2>/tmp/err; code=$?; printf '%s\\0%s\\0' "$(base64 -w0 /tmp/out)" "$(base64 -w0 /tmp/err)"; printf '%s\\0' $code`,
  );
  try {
    const { stdout, stderr, status } = spawnSync(
      'unshare',
      ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-ec', enter, 'sh', path.resolve(lower), dir],
      { input: `${PREPARE}${answers.join('\n')}\n`, encoding: 'utf8', maxBuffer: 2 ** 28 },
    );
    if (status !== 0) throw new Error(`the recording ended with ${status}: ${stderr}`);
    const fields = stdout.split('\0');
    return lines.map((_, index) => ({
      stdout: Buffer.from(fields[3 * index] ?? '', 'base64').toString(),
      stderr: Buffer.from(fields[3 * index + 1] ?? '', 'base64').toString(),
      exitCode: Number(fields[3 * index + 2]),
    }));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
