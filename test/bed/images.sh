# Makes one OCI layout; run in the bed's root file system, in the cache's image folder.
#   images.sh SCRATCH LAYOUT NAME BASE-LAYOUT
set -eu
scratch=$1 layout=$2 name=$3 base=$4
rootfs=$scratch/rootfs
mkdir -p "$rootfs"

# Adds the scratch root (or the folder given) as one layer, exactly as it is there.
add_layer() {
  tar --create --file="$scratch/layer.tar" --sort=name --numeric-owner --xattrs --xattrs-include='*' \
    --directory="${1:-$rootfs}" .
  umoci raw add-layer --image "$layout:latest" "$scratch/layer.tar"
}

new_image() {
  umoci init --layout "$layout"
  umoci new --image "$layout:latest"
}

applets() {
  mkdir -p "$rootfs/bin"
  [ -e "$rootfs/bin/busybox" ] || cp /usr/bin/busybox "$rootfs/bin/busybox"
  for applet in $(/usr/bin/busybox --list); do
    [ -e "$rootfs/bin/$applet" ] || ln -s busybox "$rootfs/bin/$applet"
  done
}

busybox() {
  applets
  mkdir -p "$rootfs/etc" "$rootfs/root" "$rootfs/home/app" "$rootfs/proc" "$rootfs/sys" "$rootfs/dev" "$rootfs/run" "$rootfs/usr" "$rootfs/var"
  mkdir -m 1777 "$rootfs/tmp"
  chmod 700 "$rootfs/root"
  printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'nobody:x:65534:65534:nobody:/:/bin/false' \
    'app:x:1000:1000:app:/home/app:/bin/sh' >"$rootfs/etc/passwd"
  printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' 'app:x:1000:' 'extra:x:2000:app' >"$rootfs/etc/group"
  chown 1000:1000 "$rootfs/home/app"
  new_image
  add_layer
  umoci config --image "$layout:latest" --config.cmd /bin/sh \
    --config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
}

redis() {
  applets
  rm -rf "$rootfs/usr/share/doc" "$rootfs/usr/share/man" "$rootfs/usr/share/locale" "$rootfs/var/cache" "$rootfs/var/lib/apt" "$rootfs/var/lib/dpkg"
  cp "$rootfs/usr/share/base-passwd/passwd.master" "$rootfs/etc/passwd"
  cp "$rootfs/usr/share/base-passwd/group.master" "$rootfs/etc/group"
  echo 'redis:x:999:999:redis:/var/lib/redis:/bin/sh' >>"$rootfs/etc/passwd"
  echo 'redis:x:999:' >>"$rootfs/etc/group"
  mkdir -p "$rootfs/var/lib/redis" "$rootfs/var/log/redis"
  chown 999:999 "$rootfs/var/lib/redis" "$rootfs/var/log/redis"
  new_image
  add_layer
  umoci config --image "$layout:latest" --config.workingdir /var/lib/redis --config.exposedports 6379/tcp \
    --config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    --config.cmd redis-server --config.cmd --bind --config.cmd 127.0.0.1 \
    --config.cmd --dir --config.cmd /var/lib/redis --config.cmd --appendonly --config.cmd yes
}

nginx() {
  applets
  rm -rf "$rootfs/usr/share/doc" "$rootfs/usr/share/man" "$rootfs/usr/share/locale" "$rootfs/var/cache" "$rootfs/var/lib/apt" "$rootfs/var/lib/dpkg" \
    "$rootfs/usr/lib/python3" "$rootfs/usr/share/perl" "$rootfs/usr/lib/x86_64-linux-gnu/perl"
  cp "$rootfs/usr/share/base-passwd/passwd.master" "$rootfs/etc/passwd"
  cp "$rootfs/usr/share/base-passwd/group.master" "$rootfs/etc/group"
  mkdir -p "$rootfs/srv" "$rootfs/var/log/nginx" "$rootfs/var/lib/nginx" "$rootfs/run"
  echo 'nginx is here' >"$rootfs/srv/index.html"
  cat >"$rootfs/etc/nginx/nginx.conf" <<'END'
user www-data;
worker_processes 1;
error_log stderr;
pid /run/nginx.pid;
events {}
http {
  access_log off;
  server {
    listen 80;
    listen [::]:80;
    root /srv;
  }
}
END
  new_image
  add_layer
  umoci config --image "$layout:latest" --config.exposedports 80/tcp --config.stopsignal SIGQUIT \
    --config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    --config.cmd nginx --config.cmd -g --config.cmd 'daemon off;'
}

# Three layers: busybox; one that adds; one that takes away.
layers() {
  cp -a "$base/." "$layout"

  mkdir -p "$rootfs/data/opaque/below" "$rootfs/data/removed-dir" "$rootfs/data/kept"
  echo one >"$rootfs/data/hard"
  ln "$rootfs/data/hard" "$rootfs/data/hard-too"
  ln -s hard "$rootfs/data/soft"
  ln -s /data/hard "$rootfs/data/soft-absolute"
  ln -s ../../../../etc/passwd "$rootfs/data/soft-up"
  cp /usr/bin/busybox "$rootfs/data/setuid"
  chown 1000:2000 "$rootfs/data/setuid"
  chmod 6755 "$rootfs/data/setuid"
  mkfifo -m 640 "$rootfs/data/fifo"
  echo attributes >"$rootfs/data/attributes"
  setfattr -n user.berth -v 'a value' "$rootfs/data/attributes"
  cp /usr/bin/busybox "$rootfs/data/capable"
  setcap cap_net_bind_service+ep "$rootfs/data/capable"
  echo old >"$rootfs/data/opaque/old"
  echo old >"$rootfs/data/opaque/below/old"
  echo gone >"$rootfs/data/removed"
  echo gone >"$rootfs/data/removed-dir/file"
  echo first >"$rootfs/data/replaced"
  mkdir "$rootfs/data/dir-to-file"
  echo file >"$rootfs/data/file-to-dir"
  echo 'a name' >"$rootfs/data/ä name with blanks"
  long=$(printf '%0200d' 0)
  echo long >"$rootfs/data/$long"
  touch -d '2001-02-03 04:05:06.789' "$rootfs/data/kept"
  add_layer

  top=$scratch/top
  mkdir -p "$top/data/opaque" "$top/data/file-to-dir" "$top/bin"
  : >"$top/data/.wh.removed"
  : >"$top/data/.wh.removed-dir"
  : >"$top/data/opaque/.wh..wh..opq"
  echo new >"$top/data/opaque/new"
  echo second >"$top/data/replaced"
  : >"$top/data/.wh.file-to-dir.was"
  echo inside >"$top/data/file-to-dir/inside"
  echo now-a-file >"$top/data/dir-to-file"
  : >"$top/bin/.wh.vi"
  touch -r "$rootfs/data/kept" "$top/data"
  add_layer "$top"
  umoci config --image "$layout:latest" --config.user app:extra --config.workingdir /data \
    --config.entrypoint /bin/sh --config.entrypoint -c --config.cmd 'id; ls' --config.label org.example.kind=layers \
    --config.env GREETING=hello --config.stopsignal SIGINT --config.volume /data/kept
}

"$name"
