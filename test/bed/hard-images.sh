# Makes one OCI layout of the kinds that are hard to unpack; run as images.sh is.
#   hard-images.sh SCRATCH LAYOUT NAME BASE-LAYOUT
set -eu
scratch=$1 layout=$2 name=$3 base=$4
rootfs=$scratch/rootfs
mkdir -p "$rootfs"

# Adds a folder as one layer; the rest are options of tar.
add_layer() {
  folder=$1
  shift
  tar --create --file="$scratch/layer.tar" --sort=name --numeric-owner --xattrs --xattrs-include='*' "$@" --directory="$folder" .
  umoci raw add-layer --image "$layout:latest" "$scratch/layer.tar"
}

on_busybox() {
  cp -a "$base/." "$layout"
}

# Names, owners, times, kinds of files.
odd() {
  on_busybox
  (odd_files)
  add_layer "$rootfs"
}

odd_files() {
  mkdir -p "$rootfs/odd/one/two" "$rootfs/odd/three" "$rootfs/odd/empty"
  cd "$rootfs/odd"
  echo linked >one/two/name
  ln one/two/name three/other-name
  ln one/two/name and-another
  ln -s one/two/name soft
  ln -P soft hard-link-to-soft
  mkfifo -m 622 fifo
  mknod -m 660 block b 7 200
  mknod -m 666 character c 1 3
  mknod -m 600 large c 500 70000
  chown 3000000000:2147483648 large
  echo far >far && chown 100000:4294967294 far
  cp /usr/bin/busybox setuid && chmod 6755 setuid && chown 1000:1000 setuid
  mkdir -m 3777 sticky && chown 70000:70000 sticky
  truncate -s 3M sparse
  printf data | dd of=sparse bs=1 seek=1500000 conv=notrunc status=none
  long=$(printf '%0250d' 7)
  mkdir "$long" && echo long >"$long/$long"
  echo odd >"$(printf 'n\nl \t"\\\351\377')"
  echo umlaut >"ä€𝄞"
  echo attributes >attributes
  setfattr -n user.one -v 'a value' attributes
  setfattr -n user.empty attributes
  setfattr -n trusted.binary -v 0x00ff0a3d attributes
  setfattr -n trusted.fifo -v x fifo
  setfattr -h -n trusted.link -v x soft
  setfattr -n user.dir -v d three
  touch -d '2001-02-03 04:05:06.123456789' attributes
  touch -h -d '1999-12-31 23:59:59.999999999' soft
  touch -d '2020-01-01 00:00:00.000000001' three
  touch -d '1970-01-01 00:00:00' empty
}

# Whiteouts over three layers: what was hidden comes back, and is hidden again.
hidden() {
  on_busybox
  mkdir -p "$rootfs/a/b/c" "$rootfs/keep/deep" "$rootfs/o"
  for f in a/1 a/b/2 a/b/c/3 keep/4 keep/deep/5 o/6; do echo "$f" >"$rootfs/$f"; done
  ln "$rootfs/a/1" "$rootfs/keep/linked"
  add_layer "$rootfs"
  mkdir -p "$scratch/two/a/b" "$scratch/two/keep/deep" "$scratch/two/o"
  : >"$scratch/two/a/.wh.1"
  : >"$scratch/two/a/b/.wh.c"
  : >"$scratch/two/keep/.wh.4"
  : >"$scratch/two/o/.wh..wh..opq"
  echo fresh >"$scratch/two/o/7"
  echo again >"$scratch/two/keep/deep/5"
  add_layer "$scratch/two"
  mkdir -p "$scratch/three/a/b/c" "$scratch/three/keep"
  echo back >"$scratch/three/a/1"
  echo back >"$scratch/three/a/b/c/8"
  : >"$scratch/three/keep/.wh.deep"
  : >"$scratch/three/.wh.o"
  add_layer "$scratch/three"
  mkdir -p "$scratch/four/o" "$scratch/four/a"
  echo last >"$scratch/four/o/9"
  : >"$scratch/four/a/.wh.b"
  chmod 701 "$scratch/four/o"
  add_layer "$scratch/four"
}

# The real ping, which anyone may run because of its file capability.
ping() {
  setcap cap_net_raw+ep "$rootfs/usr/bin/ping"
  rm -rf "$rootfs/usr/share/doc" "$rootfs/usr/share/man" "$rootfs/usr/share/locale" "$rootfs/var/cache" "$rootfs/var/lib/apt"
  mkdir -p "$rootfs/etc"
  echo 'root:x:0:0:root:/root:/bin/sh' >"$rootfs/etc/passwd"
  umoci init --layout "$layout"
  umoci new --image "$layout:latest"
  add_layer "$rootfs"
  umoci config --image "$layout:latest" --config.user 1234:1234 --config.cmd ping \
    --config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
}

# Twenty thousand small files.
many() {
  on_busybox
  for d in $(seq 200); do
    mkdir -p "$rootfs/many/$d"
    (cd "$rootfs/many/$d" && seq 2000 | split --lines=20 --suffix-length=3 - file-)
  done
  add_layer "$rootfs"
}

"$name"
