import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { assertNoLeaks, leakSnapshot } from '../../bed/leaks.ts';
import { execute, query } from '../../support/database.ts';
import { berth, bootWith, remove, script } from '../../support/machine.ts';

/** Command line after `berth`, what it says on standard error, its exit code if that is not 125. */
const CASES: [line: string, error: string | RegExp, code?: number][] = [
  ['create --pull never nosuch true', 'nosuch: image not known: pull it first with berth pull'],
  ['create nosuch true', /^short-name "nosuch" did not resolve to an alias and no unqualified-search/],
  ['create sha256:0123 true', /^short-name "sha256:0123" did not resolve to an alias/],
  ['pull --creds me a', 'credentials have no name or no password: write --creds USERNAME:PASSWORD'],
  [
    'pull docker-daemon:a',
    'pulling from docker-daemon is not supported: use docker://, docker-archive:, oci-archive:, oci:, dir:, containers-storage:',
  ],
  ['pull oci:', 'invalid image reference oci:: write oci:PATH'],
  [
    'create --name taken busybox true',
    /^the container name "taken" is already in use by [0-9a-f]{64}\. You have to remove that container to be able to reuse that name: that name is already in use, or use --replace to instruct Berth to do so\.$/,
  ],
  [
    "create --name 'a b' busybox true",
    'names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument: "a b"',
  ],
  [
    'create --name ../x busybox true',
    'names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument: "../x"',
  ],
  ['create --bogus busybox true', 'unknown flag: --bogus: see berth create --help'],
  [
    'create -v /nonexist:/x busybox true',
    'statfs /nonexist: no such file or directory: make it before creating the container',
  ],
  [
    'create -v v/l:/x busybox true',
    'creating named volume "v/l": running volume create option: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument',
  ],
  ['create -v vol:/x:nocreate busybox true', 'no volume with name "vol" found: no such volume'],
  [
    'create --mount type=image,src=nosuch,dst=/x -v vol:/y busybox true',
    'nosuch: image not known: pull it first with berth pull, or load it with berth load -i ARCHIVE',
  ],
  [
    'create -p 80:x busybox true',
    'parsing container port: invalid port number: strconv.Atoi: parsing "x": invalid syntax',
  ],
  [
    'create --network nosuch busybox true',
    'unable to find network with name or ID nosuch: network not found',
  ],
  ['create --label =x busybox true', /^unable to process labels: invalid label format: "=x"/],
  [
    'create --rm --restart always busybox true',
    'the --rm option conflicts with --restart, when the restartPolicy is not "" and "no"',
  ],
  [
    'create --health-on-failure kill busybox true',
    'cannot set on-failure action to kill without a health check',
  ],
  [
    'create --no-healthcheck --health-cmd x busybox true',
    'cannot specify both --no-healthcheck and --health-cmd',
  ],
  ['create --health-interval 1x busybox true', /^invalid healthcheck-interval: /],
  ['create --health-cmd x --health-retries 0 busybox true', 'healthcheck-retries must be greater than 0'],
  ['create --env-file /nonexist busybox true', /^parsing file "\/nonexist": open \/nonexist: /],
  ['create --cap-add bogus busybox true', '"CAP_BOGUS": unknown capability'],
  ['create --stop-signal BOGUS busybox true', 'invalid signal: BOGUS'],
  ['create --restart sometimes busybox true', /sometimes/],
  ['create --memory lots busybox true', /^invalid value for memory: /],
  [
    "create --entrypoint '' busybox",
    'no command or entrypoint provided, and no CMD or ENTRYPOINT from image: write a command after the image',
  ],
  ['create --rootfs /nonexist true', /^faccessat \/nonexist: no such file or directory/],
  ['create --runtime kata busybox true', 'OCI runtime kata is not installed'],
  [
    'create --log-driver syslog busybox true',
    'invalid log driver: invalid argument: use journald, k8s-file, none, passthrough',
  ],
  ['create', 'requires at least 1 arg(s), only received 0: see berth create --help'],
  ['create --name', 'flag needs an argument: --name: see berth create --help'],
  ['bogus', 'unrecognized command `berth bogus`: see berth --help'],
  ['--bogus ps', 'unknown flag: --bogus: see berth --help'],
  ['start nosuch', 'no container with name or ID "nosuch" found: no such container'],
  ['stop nosuch', 'no container with name or ID "nosuch" found: no such container'],
  ['rm nosuch', 'no container with ID or name "nosuch" found: no such container', 1],
  ['inspect nosuch', 'no such object: "nosuch"'],
  ['logs nosuch', 'no container with name or ID "nosuch" found: no such container'],
  ['exec nosuch true', 'no container with name or ID "nosuch" found: no such container'],
  ['exec taken true', 'can only create exec sessions on running containers: container state improper'],
  [
    'healthcheck run nosuch',
    'unable to look up nosuch to perform a health check: no container with name or ID "nosuch" found: no such container',
  ],
  ['healthcheck run taken', /^container [0-9a-f]{64} is not running$/],
  ['load -i /nonexist', /^faccessat \/nonexist: no such file or directory$/],
  ['load -i /etc/passwd', /^not an image archive, or a broken one: /],
  ['load -i /tmp/cut.tar', 'not an image archive, or a broken one: Unexpected end of data'],
  ['load </dev/null', /./],
  ['ps --format {{.Names', /^template: ps:1: /],
  ['--root /proc/x ps', "cannot make /proc/x/berth.db: ENOENT: no such file or directory, mkdir '/proc/x'"],
  [
    '--root /etc/passwd/x ps',
    "cannot make /etc/passwd/x/berth.db: ENOTDIR: not a directory, mkdir '/etc/passwd/x'",
  ],
];

/** Something that is taken away for one command, and given back. */
const MISSING: { what: string; take: string; give: string; line: string; error: RegExp }[] = [
  {
    what: 'conmon',
    take: 'mv /usr/bin/conmon /usr/bin/conmon.away',
    give: 'mv /usr/bin/conmon.away /usr/bin/conmon',
    line: 'create busybox true',
    error: /^Error: conmon is not installed: install the package conmon$/,
  },
  {
    what: 'conmon, since the container was made',
    take: 'mv /usr/bin/conmon /usr/bin/conmon.away',
    give: 'mv /usr/bin/conmon.away /usr/bin/conmon; systemctl reset-failed berth-taken',
    line: 'start taken',
    error:
      /^Error: unable to start container "[0-9a-f]{64}": cannot run conmon: no such program, install the package that has it$/,
  },
  {
    what: 'crun and runc',
    take: 'mv /usr/bin/crun /usr/bin/crun.away; mv /usr/sbin/runc /usr/sbin/runc.away',
    give: 'mv /usr/bin/crun.away /usr/bin/crun; mv /usr/sbin/runc.away /usr/sbin/runc',
    line: 'create busybox true',
    error: /^Error: no OCI runtime is installed: install the package crun or runc$/,
  },
  {
    what: 'the container’s runtime',
    take: 'mv /usr/bin/crun /usr/bin/crun.away',
    give: 'mv /usr/bin/crun.away /usr/bin/crun; systemctl reset-failed berth-taken',
    line: 'start taken',
    error:
      /^Error: unable to start container "[0-9a-f]{64}": .*cannot run \/usr\/bin\/crun: no such program, install the package that has it\)?$/,
  },
];

describe('a mistake', () => {
  let bed: Bed;
  /** Everything that a failed command must leave as it is: files, rows. */
  let files: string;
  before(async () => {
    bed = await bootWith('errors');
    await script(bed, 'head -c 100000 /images/busybox.tar >/tmp/cut.tar');
    await berth(bed, 'create', '--name', 'taken', 'busybox', 'true');
    // Once to its end, so that what the first start makes (mount points) is there.
    await berth(bed, 'start', 'taken');
    await script(
      bed,
      'until [ "$(systemctl show -P ActiveState berth-taken)" = inactive ]; do sleep 0.02; done',
    );
    files = await inventory();
  });
  after(() => bed.close());

  /** Files of the instance but for the database's journal, units, and rows of everything that is not a history. */
  async function inventory(): Promise<string> {
    const [rows] = await query(
      bed,
      'SELECT (SELECT group_concat(id) FROM container) c, (SELECT group_concat(id) FROM image) i, (SELECT count(*) FROM image_name) n',
    );
    const list =
      '{ find /var/lib/berth /usr/local/lib/systemd; find /run/berth/containers -mindepth 1; } 2>/dev/null | grep -v /berth.db- | sort';
    return `${JSON.stringify(rows)}\n${await script(bed, list)}`;
  }

  for (const [line, error, code = 125] of CASES) {
    test(`berth ${line}: one line of error, exit code ${code}, and nothing has changed`, async () => {
      const result = await bed.nsenter(['sh', '-c', `berth ${line}`]);
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, /^Error: [^\n]+\n$/);
      const text = result.stderr.slice('Error: '.length, -1);
      if (typeof error === 'string') assert.equal(text, error);
      else assert.match(text, error);
      assert.equal(await inventory(), files);
    });
  }

  for (const { what, take, give, line, error } of MISSING) {
    test(`berth ${line} without ${what}: one line that says what to do, and nothing has changed`, async () => {
      const snapshot = await leakSnapshot(bed);
      await script(bed, take);
      const result = await bed.nsenter(['sh', '-c', `berth ${line}`]);
      await script(bed, give);
      assert.equal(result.code, 125, result.stderr);
      assert.match(result.stderr.trimEnd(), error);
      assert.equal(await inventory(), files);
      await assertNoLeaks(bed, snapshot);
    });
  }

  test('is a system bus that does not answer: told so, and nothing has changed', async () => {
    const result = await bed.nsenter(['berth', 'create', 'busybox', 'true'], {
      env: { DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent' },
    });
    assert.equal(result.code, 125);
    assert.match(
      result.stderr,
      /^Error: cannot reach systemd over the system bus \(.*\): is dbus\.service running\?\n$/,
    );
    assert.equal(await inventory(), files);
  });

  test('is to run it as another user: told so, without a trace', async () => {
    for (const words of [['ps'], ['create', 'busybox', 'true'], ['start', 'taken']]) {
      const result = await bed.run(['berth', ...words], { user: 'nobody' });
      assert.equal(result.code, 125);
      assert.match(result.stderr, /^Error: [^\n]*berth must run as root\n$/);
    }
    assert.equal(await inventory(), files);
  });

  test('is to start a container where systemd is not PID 1: told so; a list needs none', async () => {
    // The installed root without the machine around it: no /run/systemd, other processes.
    const alone = (line: string) =>
      bed.nsenter([
        'unshare',
        '--mount',
        '--pid',
        '--fork',
        'sh',
        '-c',
        `mount -t tmpfs tmpfs /run; mount -t proc proc /proc; ${line}`,
      ]);
    for (const line of ['berth create busybox true', 'berth start taken', 'berth rm taken']) {
      const result = await alone(line);
      assert.equal(result.code, 125, line);
      assert.match(
        result.stderr,
        /^Error: (unable to start container "\w+": )?systemd does not run as PID 1 here: [^\n]+\n$/,
        line,
      );
    }
    assert.equal((await alone('berth version')).code, 0);
    assert.match((await alone('berth ps -a')).stdout, / taken\n$/);
    assert.equal(await inventory(), files);
  });

  test('in the database hides nothing: ps names the damaged row, shows the others, and exits with 125', async () => {
    await berth(bed, 'create', '--name', 'damaged', 'busybox', 'true');
    await berth(bed, 'create', '--name', 'newer', 'busybox', 'true');
    await execute(bed, `UPDATE container SET state = '{"status":' WHERE name = 'damaged'`);
    await execute(
      bed,
      `UPDATE container SET config = json_set(config, '$.version', 99) WHERE name = 'newer'`,
    );
    const ps = await bed.nsenter(['berth', 'ps', '-a']);
    assert.match(ps.stdout, / taken\n/);
    assert.match(ps.stderr, /^[^\n]*damaged[^\n]*$/m);
    assert.match(ps.stderr, /^[^\n]*newer[^\n]*newer Berth[^\n]*$/m);
    assert.equal(ps.code, 125);
    const start = await bed.nsenter(['berth', 'start', 'newer']);
    assert.equal(start.code, 125);
    assert.match(start.stderr, /^Error: [^\n]*written by a newer Berth \(config version 99[^\n]*\n$/);
    await execute(bed, `UPDATE container SET config = json_set(config, '$.version', 1) WHERE name = 'newer'`);
    await remove(bed, 'newer');
    const removed = await bed.nsenter(['berth', 'rm', '--force', 'damaged']);
    assert.equal(removed.code, 0, removed.stderr);
    assert.equal(await inventory(), files);
  });

  test('is to use a database of a newer Berth, or one that is none: told so, and it stays as it is', async () => {
    await script(bed, 'mkdir -p /tmp/newer /tmp/none && head -c 8192 /dev/urandom >/tmp/none/berth.db');
    await berth(bed, '--root', '/tmp/newer', 'ps');
    const dir = await script(bed, 'dirname $(find /tmp/newer -name berth.db)');
    await execute(bed, 'PRAGMA user_version = 99', dir);
    const newer = await bed.nsenter(['berth', '--root', '/tmp/newer', 'ps']);
    assert.equal(newer.code, 125);
    assert.match(
      newer.stderr,
      /^Error: [^\n]* has schema version 99, this Berth knows \d+: it was written by a newer Berth, install that one\n$/,
    );
    await script(
      bed,
      `cp /tmp/none/berth.db ${dir}/berth.db; rm -f ${dir}/berth.db-*; sha256sum ${dir}/berth.db >/tmp/sum`,
    );
    const none = await bed.nsenter(['berth', '--root', '/tmp/newer', 'ps']);
    assert.equal(none.code, 125);
    assert.match(none.stderr, /^Error: [^\n]*berth\.db is damaged[^\n]*\n$/);
    await script(bed, 'sha256sum --check --status /tmp/sum; rm -r /tmp/newer /tmp/none');
  });
});
