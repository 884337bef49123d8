/** What is done with images that are here: names, removal, archives, mounts, and new ones of tars and containers. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import { killRounds } from '../../support/kill-rounds.ts';
import {
  answer,
  berth,
  bootWith,
  createShell,
  leavingNothing,
  RUNTIMES,
  remove,
  script,
} from '../../support/machine.ts';
import { preparePodman } from '../../support/peer.ts';

/** Command lines that are refused, each with one line, and nothing has changed afterwards. */
const WRONG: [line: string, code: number, error: RegExp][] = [
  ['tag busybox', 125, /requires at least 2 arg\(s\), only received 1/],
  ['tag nosuch x', 125, /nosuch: image not known/],
  ['tag busybox good "BAD Name"', 125, /normalizing name "BAD Name": .*invalid reference format/],
  ['tag busybox good Upper', 125, /repository name must be lowercase/],
  [`tag busybox x@sha256:${'0'.repeat(64)}`, 125, /tag by digest not supported/],
  ['untag busybox nosuch', 125, /localhost\/nosuch:latest: tag not known/],
  ['rmi', 125, /image name or ID must be specified/],
  ['rmi --all x', 125, /when using the --all switch, you may not pass any images names or IDs/],
  ['rmi nosuch', 1, /nosuch: image not known/],
  ['rmi "BAD X"', 125, /invalid reference format/],
  [
    'image prune --force --filter bad',
    125,
    /filter input must be in the form of filter=value: bad is invalid/,
  ],
  ['image prune --force --filter bad=1', 125, /invalid image filter "bad"/],
  ['image prune x', 125, /takes no arguments/],
  ['image mount --format x', 125, /unknown --format argument: "x"/],
  ['image mount busybox nosuch', 125, /nosuch: image not known/],
  ['image unmount', 125, /image name or ID must be specified/],
  ['save', 125, /need at least 1 argument/],
  ['save -o /tmp/new busybox nosuch:', 125, /invalid reference format/],
  ['save -o /tmp/new nosuch', 125, /nosuch: image not known/],
  ['save --format x -o /tmp/new busybox', 125, /format value must be one of oci-dir oci-archive/],
  [
    'save --format oci-archive -m -o /tmp/new busybox layers',
    125,
    /unsupported format "oci-archive" for saving multiple/,
  ],
  ['save --compress -o /tmp/new busybox', 125, /--compress can only be set when --format is 'docker-dir'/],
  [
    'save -o /nonexistent/x busybox',
    125,
    /opening file "\/nonexistent\/x": open \/nonexistent\/x: no such file or dir/,
  ],
  ['save -o /tmp busybox', 125, /opening file "\/tmp": open \/tmp: is a directory/],
  ['save -o /etc/passwd busybox', 125, /docker-archive doesn't support modifying existing images/],
  ['save --format oci-dir busybox', 125, /--format oci-dir writes a directory: name it with --output/],
  ['save --format docker-dir -o /etc/passwd busybox', 125, /not a directory/],
  ['save -o a:b busybox', 125, /invalid filename \(should not contain ':'\) "a:b"/],
  ['import', 125, /accepts between 1 and 2 arg\(s\), received 0/],
  ['import nosuch.tar', 125, /error opening "nosuch.tar": open nosuch.tar: no such file or directory/],
  ['import /tmp', 125, /error reading "\/tmp": read \/tmp: is a directory/],
  ['import http://x/y.tar', 125, /cannot import from a URL/],
  ['import /etc/passwd x', 125, /broken layer: /],
  ['import /images/busybox.tar "BAD X"', 125, /parsing reference "BAD X": invalid reference format/],
  ['import -c "BAD x" /images/busybox.tar', 125, /invalid change "BAD x" - invalid instruction BAD/],
  ['commit nosuch', 125, /no container with name or ID "nosuch" found: no such container/],
  ['commit base "BAD X"', 125, /parsing reference "BAD X": invalid reference format/],
  ['commit -m text base', 125, /messages are only compatible with the docker image format \(-f docker\)/],
  ['commit -f x base', 125, /unrecognized image format "x"/],
  ['commit -c x base', 125, /invalid change "x" - must be formatted as KEY VALUE/],
  ['commit --config nosuch base', 125, /--config: open nosuch: no such file or directory/],
  ['commit --config /etc/passwd base', 125, /--config: \/etc\/passwd is not JSON/],
  [
    'commit --iidfile /nonexistent/x base',
    125,
    /failed to write image ID: open \/nonexistent\/x: no such file/,
  ],
];

/** Everything that there is to tell of a tree. */
const TREE = `LC_ALL=C find . -mindepth 1 \\( -type d -printf '%P %y %m %U:%G\\n' -o -type l -printf '%P %y %U:%G %l\\n' -o -printf '%P %y %m %U:%G %n %s\\n' \\) | sort
  LC_ALL=C find . -type f | sort | xargs -d '\\n' sha256sum; find . -print0 | sort -z | xargs -0 getfattr --absolute-names --no-dereference --dump --match='^(user|security)' 2>/dev/null || true`;

/** All images are whole: their layers make the tars that their configs name. */
const WHOLE = `for id in $(berth images --all --quiet --no-trunc | sort -u); do berth save --quiet "$id" >/dev/null; done`;

/** Removes all images; nothing of them may be left. */
const EMPTY = `berth rmi --all --force >/dev/null
  [ "$(find /var/lib/berth/layers -mindepth 1 | wc -l)" = 1 ] || { find /var/lib/berth/layers -maxdepth 2; exit 1; }`;

describe('images that are here', () => {
  let bed: Bed;
  before(async () => {
    bed = await bootWith('image-verbs', ['busybox', 'layers']);
    await preparePodman(bed, ['busybox', 'layers']);
    // Made once for a boot.
    await script(bed, 'berth image mount busybox && berth image unmount busybox && cd /tmp');
  });
  after(() => bed.close());

  const reload = () =>
    script(bed, 'for i in busybox layers; do berth load --quiet -i /images/$i.tar >/dev/null; done');
  const layers = () => script(bed, 'ls -A /var/lib/berth/layers | sort');
  const state = () =>
    script(
      bed,
      'berth images --all --no-trunc | sort; ls -A /var/lib/berth/layers /var/lib/berth/layers/tmp /tmp',
    );

  test('a wrong command line is one line with the right exit code, and changes nothing', async () => {
    await createShell(bed, 'base', 'true');
    const before = await state();
    const results = await script(
      bed,
      WRONG.map(
        ([line]) =>
          `berth ${line} >/tmp/.o 2>/tmp/.e </dev/null && c=0 || c=$?; echo "$c $(cat /tmp/.o /tmp/.e | tr '\\n' '~')"; rm /tmp/.o /tmp/.e`,
      ).join('\n'),
    );
    const lines = results.split('\n');
    for (const [index, [line, code, error]] of WRONG.entries()) {
      const [, got = '', text = ''] = /^(\d+) (.*)$/.exec(lines[index] ?? '') ?? [];
      assert.deepEqual([got, text.split('~').length], [String(code), 2], `${line}: ${text}`);
      assert.match(text, /^Error: /, line);
      assert.match(text, error, line);
    }
    assert.equal(await state(), before);
    await remove(bed, 'base');
  });

  test('save writes what Podman and load take for the same image, in every format', async () => {
    const wanted = await script(bed, 'podman images --quiet --no-trunc layers');
    const out = await bed.sh(`
      mkdir /tmp/save; cd /tmp/save
      berth save --quiet layers >stdout.tar
      berth save --quiet -o file.tar layers other:1 another
      berth save --quiet -m -o many.tar busybox layers busybox
      berth save --quiet --format oci-archive layers >oci.tar
      berth save --quiet --format oci-dir -o oci layers
      berth save --quiet --format docker-dir -o docker layers
      berth save --quiet --format docker-dir --compress -o packed layers
      : >empty; berth save --quiet -o empty layers; cmp empty stdout.tar
      berth rmi layers >/dev/null
      for what in stdout.tar file.tar many.tar oci.tar oci docker packed; do
        podman rmi --force layers >/dev/null
        podman load --quiet -i $what >/dev/null
        podman image exists ${wanted} || echo "Podman has another ID of $what"
        berth load --quiet -i $what >/dev/null
        berth image exists ${wanted} || echo "another ID of $what"
        berth rmi --force ${wanted} >/dev/null
      done
      tar xOf file.tar manifest.json | jq --compact-output '.[].RepoTags'
      tar xOf many.tar manifest.json | jq --compact-output '.[].RepoTags'
      cd /; rm -r /tmp/save
      podman load --quiet -i /images/layers.tar >/dev/null; berth load --quiet -i /images/layers.tar >/dev/null`);
    assert.deepEqual(out.split('\n'), [
      '["localhost/other:1","localhost/another:latest","localhost/layers:latest"]',
      '["localhost/busybox:latest"]',
      '["localhost/layers:latest"]',
    ]);
  });

  test('save notices a layer that is not what it was, and leaves no file', async () => {
    const top = await script(
      bed,
      `berth image inspect layers | jq --raw-output '.[0].GraphDriver.Data.UpperDir'`,
    );
    await script(bed, `cp -p ${top}/data/opaque/new /tmp/kept; echo NEW >${top}/data/opaque/new`);
    for (const target of ['-o /tmp/bad.tar', '--format oci-dir -o /tmp/bad']) {
      const result = await answer(bed, 'save', '--quiet', ...target.split(' '), 'layers');
      assert.equal(result.code, 125);
      assert.match(
        result.stderr,
        /^Error: layer [0-9a-f]{64} is not what it was when it was stored: [^\n]+$/,
      );
    }
    const [left = ''] = [await script(bed, 'ls /tmp; ls /tmp/bad')];
    assert.doesNotMatch(left, /bad\.tar|index\.json|\.tmp/);
    await script(bed, `cp -p /tmp/kept ${top}/data/opaque/new; rm -r /tmp/kept /tmp/bad; ${WHOLE}`);
  });

  test('import makes the image that Podman makes of the same tar, however it is packed', async () => {
    const out = await bed.sh(`
      mkdir -p /tmp/import/root/bin; cd /tmp/import
      cp /usr/bin/busybox root/bin/sh; ln root/bin/sh root/bin/hard; ln -s sh root/bin/ash; chmod 4755 root/bin/hard
      setfattr -n user.x -v y root/bin/sh; mkfifo root/fifo; mkdir -m 1777 root/tmp
      tar --create --xattrs --file=root.tar --directory=root .
      gzip --keep root.tar; zstd --quiet --keep root.tar; xz --keep root.tar; touch -r root.tar root.tar.*
      flags="--quiet --message said -c CMD=/bin/sh -c LABEL=a=b -c ENV=A=b -c EXPOSE=80 --variant v8"
      podman import $flags root.tar new
      for file in root.tar root.tar.gz root.tar.zst root.tar.xz; do berth import $flags $file new; done
      berth import --quiet - <root.tar.gz >/dev/null
      cat root.tar | berth import --quiet - piped | cut -d: -f1
      berth run --rm piped /bin/ash -c 'echo ran'
      berth image prune --force | wc -l
      cd "$(berth image mount new)"; ${TREE}; cd /tmp; echo ---
      cd "$(podman image mount new)"; ${TREE}; cd /tmp
      podman rmi --force new >/dev/null; berth rmi --force new piped >/dev/null; rm -r /tmp/import`);
    const [ids = [], rest = []] = [out.split('\n').slice(0, 5), out.split('\n').slice(5)];
    assert.deepEqual([...new Set(ids)].length, 1, out);
    assert.deepEqual(rest.slice(0, 3), ['sha256', 'ran', '1']);
    const [own, peers] = rest.slice(3).join('\n').split('---\n');
    assert.equal(own?.trim(), peers?.trim());
  });

  for (const runtime of RUNTIMES) {
    test(`commit makes an image with all that the container changed, with ${runtime}`, async () => {
      await leavingNothing(bed, async () => {
        const payload =
          'rm /bin/vi; rm -r /data/opaque; mkdir /data/opaque; echo y >/data/opaque/y; rm /data/hard-too; echo more >>/data/hard; mv /data/kept /data/moved; chmod 700 /tmp; mkfifo /pipe; ln /data/hard /again; chown 7:8 /data/attributes; sleep 1000';
        const flags = [
          ...['--runtime', runtime, '--user', 'root', '--entrypoint', '', '--stop-timeout', '0'],
          // What is in a volume is not the image's.
          ...['--image-volume', 'ignore'],
        ];
        await bed.ok([
          'berth',
          'create',
          '--name',
          'work',
          ...flags,
          '-e',
          'FOO=bar',
          'layers',
          'sh',
          '-c',
          payload,
        ]);
        await berth(bed, 'start', 'work');
        // The last thing that the payload does before it sleeps.
        await script(bed, 'until [ "$(berth exec work stat -c %u:%g /data/attributes)" = 7:8 ]; do :; done');
        const out = await bed.sh(`
          for flag in --pause=false --pause --squash; do
            id=$(berth commit --quiet $flag -c 'CMD ["true"]' -c LABEL=a=b --iidfile /tmp/id work made)
            [ "$(cat /tmp/id)" = "$id" ]
            cd "$(berth image mount made)"; ${TREE}; cd /; echo ---
            berth image inspect made --format '{{.Config.Cmd}} {{.Config.Labels.a}} {{.Config.Env}}'; echo ---
            berth save --quiet made | podman load --quiet | sed 's/.*: //'; podman run --rm --network none made ls /data; echo ---
            [ "$(berth inspect work --format '{{.State.Status}}')" = running ]
            berth rmi made >/dev/null; podman rmi --force made >/dev/null 2>&1
          done
          rm /tmp/id
          cd /var/lib/berth/containers/$(berth inspect work --format '{{.Id}}')/merged; ${TREE}`);
        const parts = out.split('---\n').map((part) => part.trim());
        const tree = parts.at(-1);
        for (const at of [0, 3, 6]) {
          assert.equal(parts[at], tree);
          assert.match(parts[at + 1] ?? '', /^\[true\] b \[container=podman .*FOO=bar.*\]$/);
          assert.match(parts[at + 2] ?? '', /^localhost\/made:latest\n/);
          assert.match(parts[at + 2] ?? '', /\bmoved\b/);
          assert.doesNotMatch(parts[at + 2] ?? '', /hard-too/);
        }
        await remove(bed, 'work');
      });
    });
  }

  test('rmi removes the layers that nobody else has, and those of a container only with it', async () => {
    await script(bed, EMPTY);
    await reload();
    const all = await layers();
    await createShell(bed, 'user', 'true');
    await berth(bed, 'tag', 'busybox', 'other');
    assert.equal(await berth(bed, 'rmi', 'busybox'), 'Untagged: localhost/busybox:latest');
    const refused = await answer(bed, 'rmi', 'other');
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /^Error: image used by [0-9a-f]{64}: image is in use by a container: /);
    assert.equal(await layers(), all);
    assert.match(
      await berth(bed, 'rmi', 'layers'),
      /^Untagged: localhost\/layers:latest\nDeleted: [0-9a-f]{64}$/,
    );
    assert.equal((await layers()).split('\n').length, 2, 'the layer of busybox, and tmp');
    assert.equal(await berth(bed, 'start', '--attach', 'user'), '');
    assert.match(
      await berth(bed, 'rmi', '--force', 'other'),
      /^Untagged: localhost\/other:latest\nDeleted: /,
    );
    assert.equal(await berth(bed, 'ps', '--all', '--quiet'), '');
    assert.equal(await layers(), 'tmp');
    await reload();
  });

  test('an image that others were made of can go; they keep its layers', async () => {
    await leavingNothing(bed, async () => {
      const out = await bed.sh(`
        berth create --name c busybox true >/dev/null; berth commit --quiet c child >/dev/null; berth rm c >/dev/null
        berth rmi busybox >/dev/null; berth run --rm child echo lives; ${WHOLE}
        berth load --quiet -i /images/busybox.tar >/dev/null; berth rmi child >/dev/null`);
      assert.equal(out, 'lives');
    });
  });

  test('prune takes what has no name, with --all what has no container, and asks before', async () => {
    const before = await script(bed, 'berth images --all --quiet --no-trunc | sort');
    const out = await script(
      bed,
      `berth create --name c busybox true >/dev/null
       berth commit --quiet c >/tmp/nameless; berth commit --quiet c named >/dev/null
       printf 'n\\n' | berth image prune; echo; berth image prune --force; berth system prune --force --filter until=10h
       printf 'y\\n' | berth image prune --all --filter label!=x; berth rm c; rm /tmp/nameless
       berth images --format '{{.Repository}}'; berth load --quiet -i /images/layers.tar`,
    );
    assert.match(
      out,
      /^WARNING! This command removes all dangling images\.\nAre you sure you want to continue\? \[y\/N\] \n[0-9a-f]{64}\nTotal reclaimed space: 0B\nWARNING! This command removes all images without at least one container associated with them\.\nAre you sure you want to continue\? \[y\/N\] ([0-9a-f]{64}\n){2}c\nlocalhost\/busybox\nLoaded image: localhost\/layers:latest$/,
    );
    assert.equal(await script(bed, 'berth images --all --quiet --no-trunc | sort'), before);
  });

  test('a mounted image is read-only, counted, and gone with the boot or with the image', async () => {
    const path = await berth(bed, 'image', 'mount', 'layers');
    await script(bed, `! touch ${path}/new 2>/dev/null; [ -e ${path}/data/kept ]`);
    await berth(bed, 'image', 'mount', 'layers');
    const id = await berth(bed, 'image', 'unmount', 'layers');
    assert.equal(await berth(bed, 'image', 'mount'), `localhost/layers:latest  ${path}`);
    assert.equal(await berth(bed, 'image', 'unmount', 'layers'), id);
    assert.equal(await berth(bed, 'image', 'mount'), '');
    assert.equal(await berth(bed, 'image', 'unmount', 'layers'), '');
    await berth(bed, 'image', 'mount', '--all');
    await berth(bed, 'rmi', 'layers');
    assert.match(await berth(bed, 'image', 'mount'), /^localhost\/busybox:latest {2}\S+$/);
    await bed.reboot();
    assert.equal(await berth(bed, 'image', 'mount'), '');
    assert.equal(await script(bed, 'ls /run/berth/images 2>/dev/null || true'), '');
    // A count of the last boot counts nothing.
    await berth(bed, 'image', 'mount', 'busybox');
    await berth(bed, 'image', 'unmount', 'busybox');
    assert.equal(await berth(bed, 'image', 'mount'), '');
    await reload();
  });

  test('kill -9 of rmi, save and commit at random moments: every image stays whole, and nothing stays behind', async () => {
    await createShell(bed, 'work', 'true');
    const verbs = [
      'berth rmi layers',
      'berth save --quiet -o /tmp/saved.tar layers',
      'berth save --quiet --format oci-dir -o /tmp/saved layers',
      'berth commit --quiet --pause work made',
    ];
    for (const verb of verbs) {
      const rounds = killRounds(3, {
        strike: `${verb} >/dev/null 2>&1 & pid=$!; sleep $delay; if kill -9 $pid 2>/dev/null; then hit=yes; fi; wait $pid || true`,
        recover: `
          ${WHOLE}
          [ ! -e /tmp/saved.tar ] || { tar tf /tmp/saved.tar >/dev/null; rm /tmp/saved.tar; }
          [ ! -e /tmp/saved/index.json ] || berth load --quiet -i /tmp/saved >/dev/null
          rm -rf /tmp/saved
          berth load --quiet -i /images/layers.tar >/dev/null`,
      });
      await bed.sh(rounds, { timeoutMs: 600_000 });
    }
    await remove(bed, 'work');
    // What a dead import had begun is known for dead after a while; the rest goes at once.
    await script(bed, 'rm -rf /var/lib/berth/layers/tmp/*');
    await script(bed, EMPTY);
    await reload();
  });

  test('loads, removals and creates at the same time never leave an image or a container without its layers', async () => {
    await bed.sh(
      `for round in 1 2 3 4; do
         berth load --quiet -i /images/layers.tar >/dev/null &
         berth rmi --force layers >/dev/null & berth image prune --all --force >/dev/null &
         berth create --name "c$round" --user root --entrypoint '' layers true >/dev/null 2>/tmp/refused || grep -q 'image not known' /tmp/refused &
         wait
         ${WHOLE}
         for name in $(berth ps --all --format '{{.Names}}'); do berth start --attach $name; done
       done; rm /tmp/refused; berth rm --all --force >/dev/null`,
      { timeoutMs: 600_000 },
    );
    await script(bed, EMPTY);
    await reload();
  });

  test('a commit that is killed while the container is paused lets it go on', async () => {
    await leavingNothing(bed, async () => {
      await createShell(
        bed,
        'busy',
        'dd if=/dev/urandom of=/big bs=1M count=40 2>/dev/null; touch /ready; sleep 1000',
        ['--stop-timeout', '0'],
      );
      await bed.ok(['berth', 'start', 'busy']);
      await bed.sh(`
        until berth exec busy ls /ready 2>/dev/null; do :; done
        cgroup=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/$(berth inspect busy --format '{{.State.Pid}}')/cgroup)
        berth commit --quiet --pause busy >/dev/null & pid=$!
        until grep -q 'frozen 1' $cgroup/cgroup.events; do :; done
        kill -9 $pid; wait $pid || true
        until grep -q 'frozen 0' $cgroup/cgroup.events; do :; done
        [ "$(berth inspect busy --format '{{.State.Status}}')" = running ]`);
      await remove(bed, 'busy');
      await script(bed, 'rm -rf /var/lib/berth/layers/tmp/*');
    });
  });

  for (const runtime of RUNTIMES) {
    test(`run --rmi takes the image along, unless another container has it, with ${runtime}`, async () => {
      const out = await bed.sh(`
        run="berth run --runtime ${runtime} --rmi"
        berth create --name other busybox true >/dev/null
        berth tag busybox alias; $run alias true; berth image exists alias || echo alias is gone
        $run busybox true; berth image exists busybox && echo in use
        berth rm other >/dev/null
        berth inspect $($run -d --name w busybox sleep 1000) --format '{{.HostConfig.AutoRemove}} {{.HostConfig.AutoRemoveImage}}'
        berth stop --time 0 w; berth image exists busybox || echo gone
        ls /var/lib/berth/layers | wc -l; berth load --quiet -i /images/busybox.tar
        berth create --name c busybox true >/dev/null; berth container cleanup --rmi c 2>&1 || echo $?
        berth container cleanup --rm --rmi c; berth image exists busybox || echo gone`);
      assert.match(
        out,
        /^alias is gone\nin use\ntrue true\nw\ngone\n4\nLoaded image: localhost\/busybox:latest\nError: image used by [0-9a-f]{64}: image is in use by a container: [^\n]+\n125\nc\ngone$/,
      );
      await reload();
    });
  }

  test('events tell what happened to images, and names are shown with their history', async () => {
    const out = await bed.sh(`
      since=$(date --utc +%Y-%m-%dT%H:%M:%S.%3NZ); berth tag busybox one:1 two; berth untag busybox two
      berth images --history --format '{{.Repository}} {{.History}}' | grep ^localhost/one
      berth rmi one:1; berth save --quiet busybox >/dev/null
      berth events --stream=false --since "$since" --filter type=image --format '{{.Status}} {{.Name}}'`);
    assert.deepEqual(out.split('\n'), [
      'localhost/one localhost/two:latest, localhost/one:1, localhost/busybox:latest',
      'Untagged: localhost/one:1',
      'tag one:1',
      'tag two',
      'untag localhost/two:latest',
      'remove one:1',
      'untag localhost/one:1',
      'save ',
    ]);
  });
});
