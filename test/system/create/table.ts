/**
 * Create flags and what a container shows of them. One entry per case: add a line to add a case.
 * Unless `differs` says why not, Podman's container of the same command line must show exactly the same.
 */

export interface Case {
  flags: string[];
  /** Shell script run as the container's command; its standard output is what is compared. */
  see?: string;
  /** Words after the image, instead of a script. */
  command?: string[];
  /** busybox unless told. */
  image?: string;
  /** What the output must be, or match, whoever runs it. */
  shows?: string | RegExp;
  /** Berth deviates on purpose; why. */
  differs?: string;
  /** The runtimes do it differently: compare with Podman on the same one. */
  byRuntime?: true;
  /** How to make two outputs comparable. */
  normalise?: (text: string) => string;
}

/** Deviations from Podman that are meant. */
const ROOT_GROUP =
  'without --user too the own group is among the supplementary ones, as login(1) has it: no special case';
const CONTAINERENV =
  'Podman leaves the file empty unless privileged; Berth says which engine, container and image';

const ACCOUNTS = 'cat /etc/passwd /etc/group; ls -l /etc/passwd /etc/group | cut -d" " -f1-9';
const CAPS = 'grep -E "^(Cap|NoNewPrivs|Seccomp)" /proc/self/status';
const DEVICES = 'cd /dev; for f in $(find . | sort); do stat -c "%n %F %a %u:%g %t:%T" $f; done';
const MOUNTS = 'cat /proc/self/mountinfo';

export const CASES: Case[] = [
  // Who and where
  { flags: [], see: 'id', shows: 'uid=0(root) gid=0(root) groups=0(root)', differs: ROOT_GROUP },
  {
    flags: ['--user', 'app'],
    see: 'id; echo $HOME',
    shows: /^uid=1000\(app\) gid=1000\(app\) groups=1000\(app\),2000\(extra\)\n\/home\/app$/,
  },
  { flags: ['--user', '1000'], see: 'id; echo $HOME' },
  { flags: ['--user', 'app:extra'], see: 'id' },
  { flags: ['--user', '1000:2000'], see: 'id' },
  { flags: ['--user', 'root:app'], see: 'id' },
  { flags: ['--user', 'nobody'], see: 'id; echo $HOME' },
  { flags: ['--user', '4242'], see: `id; echo $HOME; ${ACCOUNTS}` },
  { flags: ['--user', '4242:4343'], see: `id; ${ACCOUNTS}` },
  { flags: ['--user', '4242', '--read-only', '-w', '/tmp'], see: `id; echo $HOME; ${ACCOUNTS}` },
  {
    flags: ['--user', 'daemon', '--hostuser', 'daemon,lp', '--hostuser', 'root'],
    see: `id; ${ACCOUNTS}`,
    // Podman's group file has no line for it either, and its id(1) says so in other words.
    normalise: (text) => text.replace(/ groups=.*/, ''),
  },
  {
    flags: [
      '--user',
      '4242',
      '--passwd-entry',
      'me:x:$UID:$GID:$NAME:/home:/bin/sh',
      '--group-entry',
      'us:x:$GID:',
    ],
    see: `id; echo $HOME; ${ACCOUNTS}`,
  },
  {
    flags: ['--user', 'app', '--group-add', '4242,root', '--group-add', '4242'],
    see: 'id -G | xargs -n 1 | sort',
  },
  {
    flags: ['--sysctl', 'net.ipv4.ip_forward=1,kernel.shmmax=4096'],
    see: 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax',
    shows: '1\n4096',
  },
  { flags: [], see: 'pwd', shows: '/' },
  { flags: ['--workdir', '/home/app'], see: 'pwd', shows: '/home/app' },
  { flags: ['--umask', '0077'], see: 'umask', shows: '0077' },
  { flags: [], see: 'umask; cat /proc/self/oom_score_adj; cat /proc/1/comm' },
  // The image's own word
  { flags: [], image: 'layers', command: [], shows: /uid=1000\(app\) gid=2000\(extra\)/ },
  { flags: [], image: 'layers', command: ['pwd; echo $GREETING'], shows: '/data\nhello' },
  { flags: ['--entrypoint', ''], image: 'layers', command: ['echo', 'x y'], shows: 'x y' },
  { flags: ['--entrypoint', '/bin/echo'], image: 'layers', command: ['a'], shows: 'a' },
  {
    flags: ['--entrypoint', '["/bin/echo","one word","%n"]'],
    image: 'layers',
    command: ['$HOME'],
    shows: 'one word %n $HOME',
  },
  { flags: ['--user', 'root', '--workdir', '/'], image: 'layers', command: ['id -u; pwd'], shows: '0\n/' },
  // Environment and names
  { flags: [], see: 'env | sort' },
  {
    flags: ['-e', 'A=1', '--env', 'B=', '-e', 'A=2', '-e', 'SP=a "b" $c %d \\e'],
    see: 'env | sort',
    shows: /^SP=a "b" \$c %d \\e$/m,
  },
  { flags: ['-e', 'PATH=/bin', '-e', 'HOME=/x', '-e', 'HOSTNAME=y'], see: 'env | sort' },
  {
    flags: ['--env-file', '/tmp/case.env'],
    see: 'env | grep CASE_ | sort',
    shows: /^CASE_A=1\nCASE_B=two words\nCASE_HASH=a#b$/,
  },
  { flags: ['--env-file', '/tmp/case.env', '-e', 'CASE_A=flag'], see: 'echo $CASE_A', shows: 'flag' },
  { flags: ['--unsetenv-all', '-e', 'PATH=/bin', '-e', 'A=1'], see: 'env | sort', shows: /^A=1\nHOME/ },
  {
    flags: ['--unsetenv', 'GREETING', '--unsetenv', 'container'],
    image: 'layers',
    command: ['env | grep -v ^PATH= | sort'],
  },
  {
    flags: [
      '--env-merge',
      'GREETING=$GREETING, you',
      '--env-merge',
      'PATH=$PATH:/x',
      '--env-merge',
      'A=$container$HOME',
    ],
    image: 'layers',
    command: ['env | sort'],
    shows: /^GREETING=hello, you$/m,
  },
  {
    flags: ['--hostname', 'web'],
    see: 'hostname; cat /etc/hostname; echo $HOSTNAME',
    shows: 'web\nweb\nweb',
  },
  { flags: [], see: 'hostname; cat /etc/hostname' },
  { flags: [], see: 'cat /etc/hosts' },
  { flags: ['--hostname', 'web'], see: 'cat /etc/hosts' },
  {
    flags: [
      '--hostname',
      'web',
      '--add-host',
      'a;web:1.2.3.4,six:::1',
      '--hosts-file',
      'none',
      '--no-hostname',
    ],
    see: 'cat /etc/hosts; ls /etc/hostname 2>&1; hostname',
    shows: /^1.2.3.4\ta web\n::1\tsix\n127.0.0.1\tlocalhost\n/,
  },
  { flags: ['--no-hosts', '--network', 'host', '--dns', 'none'], see: 'ls /etc/hosts /etc/resolv.conf 2>&1' },
  { flags: [], see: 'cat /etc/resolv.conf 2>&1' },
  {
    flags: [],
    see: 'cat /run/.containerenv',
    shows:
      /^engine="berth"\nname="NAME"\nid="ID"\nimage="localhost\/busybox:latest"\nimageid="ID"\nrootless=0$/,
    differs: CONTAINERENV,
  },
  // Capabilities and their like
  { flags: [], see: CAPS },
  { flags: ['--user', 'app'], see: CAPS },
  { flags: ['--cap-add', 'NET_ADMIN'], see: CAPS },
  { flags: ['--cap-add', 'all'], see: CAPS },
  { flags: ['--cap-drop', 'all'], see: CAPS, shows: /^CapEff:\t0000000000000000$/m },
  { flags: ['--cap-drop', 'ALL', '--cap-add', 'cap_chown,setuid'], see: CAPS },
  { flags: ['--cap-drop', 'chown', '--cap-drop', 'KILL'], see: CAPS },
  { flags: ['--cap-add', 'net_admin', '--user', 'app'], see: CAPS },
  { flags: ['--security-opt', 'no-new-privileges'], see: CAPS, shows: /^NoNewPrivs:\t1$/m },
  { flags: ['--security-opt', 'seccomp=unconfined'], see: CAPS },
  // Forbidden by the profile: keyctl and unshare of a user namespace.
  { flags: [], see: 'unshare -U true 2>&1; echo $?' },
  // The host's devices, and all at once
  { flags: ['--privileged'], see: CAPS },
  { flags: ['--privileged'], see: MOUNTS, normalise: mounts, byRuntime: true },
  { flags: ['--privileged'], see: DEVICES, byRuntime: true },
  { flags: ['--privileged', '--user', 'app', '--security-opt', 'mask=/home'], see: `${CAPS}; ls /home` },
  {
    flags: ['--device', '/dev/fuse:/dev/x:r', '--device', '/dev/net:/dev/tuns'],
    see: `${DEVICES}; (: </dev/x) && echo read; (: >/dev/x) 2>&1`,
    shows: /read\n.*can't create \/dev\/x: Operation not permitted$/,
    byRuntime: true,
  },
  {
    flags: ['--device-cgroup-rule', 'c 10:229 r', '--cap-add', 'MKNOD'],
    see: 'mknod /dev/x c 10 229; (: </dev/x) && echo read; (: >/dev/x) 2>&1',
    shows: "read\nsh: can't create /dev/x: Operation not permitted",
  },
  // As if the command were systemd
  {
    flags: ['--systemd', 'always'],
    see: `${MOUNTS}; stat -c "%a %n" /run /run/lock /tmp /var/log/journal`,
    normalise: (text) => mounts(text).replace('/sys/fs/cgroup nodev,noexec,nosuid,', '/sys/fs/cgroup '),
    byRuntime: true,
  },
  {
    flags: ['--systemd', 'always'],
    see: 'test $container_uuid = $(hostname)$(echo $container_uuid | cut -c 13-) && mkdir /sys/fs/cgroup/x && rmdir /sys/fs/cgroup/x && echo writable',
    shows: 'writable',
  },
  {
    flags: ['--init', '--read-only', '--user', 'app', '--cgroup-conf', 'cgroup.max.depth=3'],
    see: 'tr "\\0" " " </proc/1/cmdline | cut -c 1-22; grep podman-init /proc/self/mountinfo; cat /sys/fs/cgroup/cgroup.max.depth',
    normalise: mounts,
    shows: /^\/run\/podman-init -- sh$[\s\S]*\n3$/m,
    byRuntime: true,
  },
  // Mounts
  { flags: [], see: MOUNTS, normalise: mounts, byRuntime: true },
  { flags: ['--read-only'], see: MOUNTS, normalise: mounts, byRuntime: true },
  { flags: ['--read-only', '--read-only-tmpfs=false'], see: MOUNTS, normalise: mounts, byRuntime: true },
  { flags: ['--network', 'host'], see: MOUNTS, normalise: mounts, byRuntime: true },
  {
    flags: ['--read-only'],
    see: 'for d in / /etc /tmp /run /var/tmp /dev/shm; do touch $d/x 2>/dev/null && echo $d; done',
  },
  {
    flags: ['--read-only', '--read-only-tmpfs=false'],
    see: 'for d in / /etc /tmp /run /var/tmp /dev/shm; do touch $d/x 2>/dev/null && echo $d; done',
  },
  {
    flags: ['--tmpfs', '/scratch:size=1m,mode=700'],
    see: `${MOUNTS}; stat -c "%a %u" /scratch`,
    normalise: mounts,
    byRuntime: true,
  },
  {
    flags: ['--tmpfs', '/scratch'],
    see: 'grep scratch /proc/self/mountinfo; stat -c %a /scratch',
    normalise: mounts,
    byRuntime: true,
  },
  { flags: ['--tmpfs', '/home'], see: 'ls /home' },
  {
    flags: [
      ...['--mount', 'type=bind,src=/srv/case,dst=/mnt,ro,bind-propagation=rslave,bind-nonrecursive'],
      ...['--mount', 'type=tmpfs,target=/scratch,tmpfs-size=1m,tmpfs-mode=700,noexec'],
    ],
    see: MOUNTS,
    normalise: mounts,
    byRuntime: true,
  },
  {
    flags: ['-v', '/srv/case:/mnt'],
    see: 'cat /mnt/file; touch /mnt/x && rm /mnt/x && echo written; grep /mnt /proc/self/mountinfo',
    shows: /^text\nwritten$/m,
    normalise: mounts,
    byRuntime: true,
  },
  {
    flags: ['-v', '/srv/case:/mnt:ro'],
    see: 'cat /mnt/file; touch /mnt/x 2>&1; grep /mnt /proc/self/mountinfo',
    shows: /Read-only file system/,
    normalise: mounts,
    byRuntime: true,
  },
  {
    flags: ['-v', '/srv/case:/mnt:ro', '-v', '/srv/inner:/mnt/below'],
    see: 'ls /mnt /mnt/below; touch /mnt/below/x && rm /mnt/below/x && echo written; touch /mnt/x 2>&1',
    shows: /written/,
  },
  { flags: ['-v', '/srv/inner:/mnt/below', '-v', '/srv/case:/mnt:ro'], see: 'ls /mnt/below', shows: 'deep' },
  { flags: ['-v', '/srv/case/file:/etc/file:ro'], see: 'cat /etc/file', shows: 'text' },
  {
    flags: ['-v', '/srv/case:/mnt:noexec,nodev'],
    see: 'grep /mnt /proc/self/mountinfo',
    normalise: mounts,
    byRuntime: true,
  },
  { flags: [], see: 'df -k /dev/shm | tail -1; stat -c "%a %u" /dev/shm' },
  { flags: ['--shm-size', '1m'], see: 'df -k /dev/shm | tail -1', shows: / 1024 / },
  // The kernel's own files
  {
    flags: [],
    see: 'for f in /proc/kcore /proc/keys /proc/timer_list /proc/latency_stats /proc/sched_debug; do [ -e $f ] && cat $f 2>&1 | wc -c; done; ls /proc/acpi /proc/scsi /sys/firmware /sys/dev/block 2>&1 | grep -v :$',
  },
  {
    flags: [],
    see: 'for f in /proc/sys/kernel/hostname /proc/sysrq-trigger /proc/irq/x /proc/bus/x /proc/fs/x; do echo 1 2>&1 >$f; done; touch /sys/x /sys/fs/cgroup/x 2>&1',
    shows: /Read-only file system/,
  },
  {
    flags: ['--security-opt', 'mask=/proc/version:/home'],
    see: 'cat /proc/version | wc -c; ls /home | wc -l',
    shows: '0\n0',
  },
  {
    flags: ['--security-opt', 'unmask=/sys/firmware:/proc/keys'],
    see: MOUNTS,
    normalise: mounts,
    byRuntime: true,
  },
  { flags: ['--security-opt', 'unmask=ALL'], see: MOUNTS, normalise: mounts, byRuntime: true },
  { flags: [], see: 'cat /proc/sys/net/ipv4/ping_group_range /proc/sys/net/ipv4/ip_unprivileged_port_start' },
  {
    flags: ['--tz', 'Europe/Berlin'],
    see: 'stat -c "%a %s %F" /etc/localtime; date +%Z; echo x >/etc/localtime && echo written',
    shows: /\nCES?T\nwritten$/,
  },
  {
    flags: ['--tz', 'Asia/Tokyo', '--read-only'],
    see: 'date +%Z; grep localtime /proc/self/mountinfo',
    normalise: mounts,
  },
  { flags: ['--tz', 'local'], see: 'date +%Z; cksum </etc/localtime' },
  {
    flags: ['--chrootdirs', '/mnt/r', '--ulimit', 'host'],
    see: 'find /mnt/r; grep /mnt/r /proc/self/mountinfo; grep -E "^Max (open files|processes)" /proc/self/limits',
    normalise: mounts,
    byRuntime: true,
  },
  { flags: ['--personality', 'LINUX32'], see: 'uname -m', byRuntime: true },
  {
    flags: ['--image-volume', 'tmpfs'],
    image: 'layers',
    command: ['grep /data /proc/self/mountinfo; stat -c "%a %u:%g" /data/kept'],
    normalise: mounts,
  },
  // Devices, limits, namespaces
  {
    flags: [],
    see: DEVICES,
    byRuntime: true,
  },
  { flags: [], see: 'find /dev -type l -exec ls -l {} + | sed "s/.*\\/dev/dev/"', byRuntime: true },
  {
    flags: [],
    see: 'mknod /tmp/d b 8 0 2>&1; echo >/dev/null && head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c',
  },
  { flags: [], see: 'grep -E "^Max (open files|processes|core)" /proc/self/limits' },
  { flags: [], see: 'ls /sys/class/net; cat /sys/class/net/lo/flags; ip -o addr', shows: /^lo\n0x9\n/ },
  {
    flags: ['--network', 'host'],
    see: 'ls /sys/class/net; hostname; cat /etc/hostname /etc/hosts /etc/resolv.conf',
  },
  {
    flags: [
      '--network=host',
      '--dns',
      '1.1.1.1',
      '--dns-search',
      'q',
      '--dns-option',
      'o',
      '--hosts-file',
      '/tmp/case.env',
    ],
    see: 'cat /etc/resolv.conf /etc/hosts',
    shows: /^search q.*\nnameserver 1.1.1.1\noptions o/,
  },
  { flags: [], see: 'grep ^0: /proc/self/cgroup', shows: '0::/' },
  { flags: [], see: 'ls /proc/self/fd | wc -l; readlink /proc/self/fd/0' },
  {
    flags: ['-t'],
    see: 'tty; ls -l /dev/console | cut -c1-10; stty size; echo $TERM',
    normalise: (text) => text.replaceAll('\r', ''),
  },
  { flags: ['-i'], see: 'readlink /proc/self/fd/0 | cut -c1-5', shows: /^pipe:$/ },
];

/** mountinfo without what differs from one container to the next: ids, devices, sources and overlay's directories. */
export function mounts(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      const match = /^\d+ \d+ \S+ \S+ (\S+) (\S+) (.*?)- (\S+) \S+ (\S+)$/.exec(line);
      if (match === null) return line;
      const [, point, options = '', optional = '', type, superOptions = ''] = match;
      const tidy = superOptions
        .split(',')
        .filter((option) => !/^(lowerdir|upperdir|workdir|inode|nr_inodes|uuid|fsync=volatile)/.test(option))
        .sort();
      const propagation = optional.replace(/\d+/g, 'N').trim();
      // Berth mounts image layers nodev, as many distributions configure it for Podman; crun's root loses it, runc's not.
      const flags = options.split(',').filter((option) => point !== '/' || option !== 'nodev');
      return [point, flags.sort(), propagation, type, tidy].join(' ');
    })
    .sort()
    .join('\n');
}
