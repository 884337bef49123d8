/** Command lines about volumes, what they print, and nothing that they leave. `$RT` is the runtime, `$V` where volumes lie. */

export interface Cell {
  title: string;
  /** A shell script; all that it makes is gone at its end. */
  script: string;
  expected: string;
}

/** What a run shows, with the files that a start copies, mounts and gives away. With each runtime. */
export const IN_RUNS: Cell[] = [
  {
    title:
      'the first use copies what the image has there: owners, modes, links, attributes, capabilities, fifos',
    script: `
      berth run --rm --runtime $RT --rootfs -v v:/d /srv/r stat -c '%n %u:%g %a %h %F' /d /d/sub /d/f /d/g /d/suid /d/out /d/p
      getfattr --only-values -n user.note $V/v/_data/f; getcap -n $V/v/_data/suid | sed 's,.*/,,'; getfattr --only-values -n user.top $V/v/_data
      [ $V/v/_data/f -ef $V/v/_data/g ] && readlink $V/v/_data/out; ls -A $V/v
      berth volume inspect v --format '{{.NeedsCopyUp}} {{.NeedsChown}}'; berth volume rm v`,
    expected: `/d 0:0 1775 3 directory
/d/sub 7:8 700 2 directory
/d/f 5:6 640 2 regular file
/d/g 5:6 640 2 regular file
/d/suid 0:0 4755 1 regular file
/d/out 0:0 777 1 symbolic link
/d/p 0:0 600 1 fifo
notesuid cap_net_raw=ep
top../../../etc
_data
volume.json
false false
v`,
  },
  {
    title: 'what is in a volume is not touched, and what a container took away does not come back',
    script: `
      berth volume create v >/dev/null; echo mine >$V/v/_data/f
      berth run --rm --runtime $RT --rootfs -v v:/d /srv/r sh -c 'cat /d/f; ls /d; rm /d/f'
      berth run --rm --runtime $RT --rootfs -v v:/d /srv/r ls /d
      berth volume rm v
      berth run --rm --runtime $RT --rootfs -v w:/d /srv/r sh -c 'rm -r /d/*'
      berth run --rm --runtime $RT --rootfs -v w:/d /srv/r ls -A /d
      berth volume rm w`,
    expected: 'mine\nf\nf\ng\nout\np\nsub\nsuid\nv\nw',
  },
  {
    title: 'nothing is copied with nocopy, said of the mount or the volume, or by a way out of the root',
    script: `
      berth volume create --opt nocopy n >/dev/null
      berth run --rm --runtime $RT --rootfs -v v:/d:nocopy -v n:/d2 -v l:/way /srv/r ls -A /d /d2 /way
      berth volume rm v n l`,
    expected: '/d:\n\n/d2:\n\n/way:\ninside\nv\nn\nl',
  },
  {
    title:
      'where the image has nothing the volume is the user’s; U gives all of a volume or directory to the user',
    script: `
      mkdir -p /srv/u/a; ln -s /etc/passwd /srv/u/l; touch /srv/u/a/f
      berth run --rm --runtime $RT --user 12:34 -v v:/new -v w:/bin:U -v /srv/u:/u:U busybox stat -c '%n %u:%g' /new /bin /bin/sh /u /u/a/f /u/l
      stat -c %u:%g /etc/passwd /srv/u/l; rm -r /srv/u
      berth create -v /etc:/x:U busybox true 2>/dev/null || ln -s /etc /srv/way; berth run --name x -v /srv/way:/x:U busybox true 2>&1 || rm /srv/way; berth rm x; berth volume rm v w`,
    expected: `/new 12:34
/bin 12:34
/bin/sh 12:34
/u 12:34
/u/a/f 12:34
/u/l 12:34
0:0
12:34
Error: chowning host path "/etc" is not allowed: mount a directory below it, or chown by hand
x
v
w`,
  },
  {
    title: 'O keeps what is written to itself, for one run, or in the directories that were named',
    script: `
      mkdir -p /run/o/s /run/o/up /run/o/wk; echo under >/run/o/s/f
      berth create --runtime $RT --name o -v v:/v:O -v /run/o/s:/s:O,upperdir=/run/o/up,workdir=/run/o/wk busybox sh -c 'ls /v /s; echo x >/v/x; echo y >>/s/f' >/dev/null
      berth start --attach o; berth start --attach o; ls $V/v/_data; cat /run/o/s/f /run/o/up/f
      berth rm o; berth volume rm v; rm -r /run/o`,
    expected: '/s:\nf\n\n/v:\n/s:\nf\n\n/v:\nunder\nunder\ny\ny\no\nv',
  },
  {
    title: 'a part of a volume is shown, and no link in the volume leads out of it',
    script: `
      berth volume create v >/dev/null; mkdir $V/v/_data/a; echo in >$V/v/_data/a/f; ln -s ../../../../../../etc $V/v/_data/l; ln -s /a $V/v/_data/k
      for part in a k a/f; do berth run --rm --runtime $RT --mount type=volume,src=v,dst=/x,subpath=$part busybox sh -c 'cat /x/f || cat /x' 2>/dev/null; done
      berth run --rm --runtime $RT --mount type=volume,src=v,dst=/x,subpath=l busybox true 2>&1 || echo $?
      berth volume rm v`,
    expected: `in
in
in
Error: subpath "l" of /var/lib/berth/volumes/v/_data: no such file or directory
127
v`,
  },
  {
    title:
      'an image that a container mounts may be removed as by Podman, and stays there for the container until it is gone',
    script: `
      L=/var/lib/berth/layers; ls $L | sort >/tmp/layers
      mkdir /tmp/i; echo i >/tmp/i/f; tar -cf - -C /tmp/i f | berth import --quiet - i:1 >/dev/null
      berth run -d --runtime $RT --name c --mount type=image,src=i:1,dst=/i busybox sleep 1000 >/dev/null
      berth rmi i:1 >/dev/null; berth exec c cat /i/f; berth restart -t 0 c; berth exec c cat /i/f
      berth rm -f -t 0 c; berth image prune -f; ls $L | sort | diff /tmp/layers - && echo clean; rm -r /tmp/i /tmp/layers`,
    expected: 'i\nc\ni\nc\nclean',
  },
  {
    title: 'an image is shown, read-only or with what is written thrown away, or a part of it; and a devpts',
    script: `
      berth run --rm --runtime $RT --mount type=image,src=busybox,dst=/i busybox sh -c 'ls /i/bin/sh; touch /i/x 2>&1 || true'
      berth run --rm --runtime $RT --mount type=image,src=busybox,dst=/i,rw=true busybox sh -c 'echo y >/i/x; cat /i/x'
      berth run --rm --runtime $RT --mount type=image,src=busybox,dst=/i,subpath=/bin busybox sh -c 'ls /i/sh; ls /i/bin 2>/dev/null || true'
      berth run --rm --runtime $RT --mount type=devpts,dst=/p,mode=620 busybox stat -f -c %T /p`,
    expected: '/i/bin/sh\ntouch: /i/x: Read-only file system\ny\n/i/sh\ndevpts',
  },
  {
    title:
      'a pattern mounts what it names, at another place or its own; a ramfs is one; a volume is made with its options',
    script: `
      rm -rf /tmp/g; mkdir -p /tmp/g/d.txt; for name in a.txt .b.txt c.c; do echo $name >/tmp/g/$name; done; ln -s c.c /tmp/g/l
      berth run --rm --runtime $RT --mount 'type=glob,src=/tmp/g/*.txt,dst=/m,ro' busybox sh -c 'ls -A /m; cat /m/.b.txt; echo x 2>&1 >/m/a.txt || true'
      cd /tmp; berth run --rm --runtime $RT --mount 'type=glob,src=g/[c]*' busybox ls /tmp/g
      berth run --rm --runtime $RT --mount type=ramfs,dst=/m --mount type=ramfs,dst=/n,ro busybox grep -E ' /(m|n) ' /proc/mounts
      berth run --rm --runtime $RT --mount type=volume,src=vo,dst=/v,volume-opt=type=tmpfs,volume-opt=o=size=1m busybox grep ' /v ' /proc/mounts
      berth volume inspect vo --format '{{.Options}}'
      berth run --rm --runtime $RT --mount type=volume,src=vo,dst=/v,volume-opt=type=none busybox stat -f -c %T /v
      berth volume rm vo; rm -r /tmp/g`,
    expected: `.b.txt
a.txt
d.txt
.b.txt
sh: can't create /m/a.txt: Read-only file system
c.c
ramfs /m ramfs rw,relatime 0 0
ramfs /n ramfs ro,relatime 0 0
tmpfs /v tmpfs rw,nosuid,nodev,relatime,size=1024k 0 0
map[SIZE:1m o:size=1m type:tmpfs]
tmpfs
vo`,
  },
  {
    title:
      'a volume with a file system of its own is mounted by the first that uses it and unmounted by the last',
    script: `
      mounts() { grep -c "$V/t/_data" /proc/mounts || true; }
      berth volume create --opt type=tmpfs --opt o=size=1m,uid=5 t >/dev/null
      for name in a b; do berth run -d --runtime $RT --name $name -v t:/t busybox sleep 1000 >/dev/null; done
      berth exec a sh -c 'stat -c %u /t; echo x >/t/x'; berth exec b cat /t/x; berth volume inspect t --format '{{.MountCount}}'
      berth rm -f -t 0 a >/dev/null; mounts; berth volume mount t; systemctl kill -s KILL berth-b; berth wait b >/dev/null
      berth rm -f b >/dev/null; mounts; cat $V/t/_data/x; berth volume inspect t --format '{{.MountCount}}'; berth volume unmount t; mounts
      berth volume rm t`,
    expected: '5\nx\n2\n1\n/var/lib/berth/volumes/t/_data\n1\nx\n1\nt\n0\nt',
  },
  {
    title: 'a start whose volume cannot be mounted leaves nothing but its error',
    script: `
      berth volume create --opt type=ext9 --opt device=/dev/null bad >/dev/null
      berth volume create --opt type=tmpfs good >/dev/null
      berth run --name x --runtime $RT -v good:/g -v bad:/b busybox true 2>&1 || echo $?
      grep -c "$V" /proc/mounts || true; berth rm x; berth volume rm bad good`,
    expected: `Error: mounting volume bad: mount: /var/lib/berth/volumes/bad/_data: unknown filesystem type 'ext9'.; dmesg(1) may have more information after failed mount system call.
126
0
x
bad
good`,
  },
];

/** What stays and what goes, and what is told. */
export const BY_NAME: Cell[] = [
  {
    title:
      'an anonymous volume goes with --rm and rm -v, not with rm, and never while another container has it',
    script: `
      berth run --rm -v /a busybox true; berth volume ls -q | wc -l
      berth create --name a -v /a busybox true >/dev/null; berth create --name b --volumes-from a busybox true >/dev/null
      berth rm -v a; berth volume ls -q | wc -l; berth rm -v b; berth volume ls -q | wc -l
      berth create --name c -v /a busybox true >/dev/null; berth rm c; berth volume ls -q --filter dangling=true | wc -c; berth volume prune -f | wc -l
      berth create --name d -v n:/n busybox true >/dev/null; berth rm -v d; berth volume rm n`,
    expected: '0\na\n1\nb\n0\nc\n65\n1\nd\nn',
  },
  {
    title:
      'the image’s VOLUMEs are anonymous volumes with its files, tmpfs or directories, unless something lies there',
    script: `
      kinds() { berth inspect "$1" --format '{{range .Mounts}}{{.Type}} {{.Destination}};{{end}}'; berth rm -v "$1"; }
      berth run --name i --entrypoint ls layers -A /data/kept; kinds i
      berth create --name j -v /tmp:/data/kept layers >/dev/null; kinds j
      berth create --name k --image-volume ignore layers >/dev/null; kinds k
      berth create --name l --image-volume tmpfs layers >/dev/null; kinds l; berth volume ls -q`,
    expected: `volume /data/kept;
i
bind /data/kept;
j

k

l`,
  },
  {
    title: 'a volume that is used is not removed, with --force its containers go first',
    script: `
      berth run -d --name a -v v:/v busybox sleep 1000 >/dev/null
      berth volume rm v 2>&1 | sed 's/[0-9a-f]\\{64\\}/ID/'; berth volume rm v 2>/dev/null || echo $?
      berth volume rm nosuch || echo $?; berth volume rm -f nosuch; berth volume rm -f -t 0 v; berth ps -aq; berth volume ls -q`,
    expected: `Error: volume v is being used by the following container(s): ID: volume is being used
2
1
v`,
  },
  {
    title: 'cp reaches into volumes, also those that are mounted for that time only',
    script: `
      berth volume create --opt type=bind --opt device=/srv/r/d m >/dev/null; echo text >/tmp/file
      berth create --name a -v v:/v -v m:/m --mount type=volume,src=w,dst=/w,subpath=sub busybox true >/dev/null; mkdir $V/w/_data/sub
      berth cp /tmp/file a:/v/one; cat $V/v/_data/one; berth cp a:/m/f - | tar t; berth cp /tmp/file a:/w/; ls $V/w/_data/sub
      grep -c "$V" /proc/mounts || true; berth rm a; berth volume rm v m w; rm /tmp/file`,
    expected: 'text\nf\nfile\n0\na\nv\nm\nw',
  },
  {
    title: 'export and import keep what is in a volume',
    script: `
      berth volume create v >/dev/null; cp -a /srv/r/d/. $V/v/_data; berth volume create w >/dev/null; echo stays >$V/w/_data/z
      berth volume export v | gzip | berth volume import w -; (cd $V/w/_data; stat -c '%n %u:%g %a %h' f g sub suid; cat z; getfattr --only-values -n user.note f; echo)
      berth volume create e >/dev/null; berth volume export -o /tmp/e.tar e; berth volume import e /tmp/e.tar; rm /tmp/e.tar
      berth volume import e /nosuch || echo $?; echo rubbish | berth volume import e - || echo $?; berth volume rm v w e`,
    expected: 'f 5:6 640 2\ng 5:6 640 2\nsub 7:8 700 2\nsuid 0:0 4755 1\nstays\nnote\n125\n125\nv\nw\ne',
  },
  {
    title: 'system prune --volumes takes what no container has then, and system df counts it before',
    script: `
      berth create --name a -v v:/v busybox true >/dev/null; head -c 1000 /dev/zero >$V/v/_data/x
      berth system df --format '{{.Type}} {{.Total}} {{.Active}} {{.Size}} {{.Reclaimable}}' | tail -1
      berth system prune -f | head -1; berth system df --format '{{.Reclaimable}}' | tail -1; berth system prune -f --volumes`,
    expected:
      'Local Volumes 1 1 1kB 0B (0%)\nDeleted Containers\n1kB (100%)\nDeleted Volumes\nv\nTotal reclaimed space: 1kB',
  },
  {
    title: 'events tell of it',
    script: `
      since=$(date --utc +%Y-%m-%dT%H:%M:%S.%3NZ); berth volume create --opt type=tmpfs t >/dev/null; berth volume mount t >/dev/null; berth volume unmount t >/dev/null; berth volume rm t >/dev/null
      berth events --since $since --stream=false --filter volume=t | cut -d ' ' -f 5-
      berth events --since $since --stream=false --filter event=create --filter type=volume --format '{{.Type}} {{.Status}} {{.Name}} {{.ID}}'`,
    expected: 'volume create t\nvolume mount t\nvolume unmount t\nvolume remove t\nvolume create t',
  },
];
