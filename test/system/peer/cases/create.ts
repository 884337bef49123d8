import type { Cell, Cells } from '../case.ts';
import { withoutEcho } from '../tidy.ts';

const BOX = 'localhost/busybox';

const NOT_ITS_ERROR = { why: 'a refused command is no error of the container', after: / error= / };
const OWN_GROUP = {
  why: 'the own group is among the supplementary ones (CVE-2022-2989)',
  stdout: /groups=0\(root\)/,
};
const NO_REASON = 'Podman takes a value that can mean nothing';
const EARLY = 'what cannot work is refused by create, not by the first start';

/** What create refuses, and what it makes: `after` compares inspect. */
export const CREATE: Cells = {
  title: 'create',
  cells: [
    ['absent', `berth create --name % ${BOX}`],
    ['absent', `berth create --name % busybox`],
    ['absent', `berth create --name % busybox:latest true`],
    ['absent', `berth create --name % --pull never nosuch`],
    ['absent', `berth create --name % --pull bogus ${BOX}`],
    ['absent', `berth create --name "a b" ${BOX}`],
    ['absent', `berth create --name -x ${BOX}`],
    ['absent', `berth create --name "" ${BOX} true`],
    ['created', `berth create --name % ${BOX}`],
    ['created', `berth create --name % --replace --label new=yes ${BOX} true`],
    ['running', `berth create --name % --replace ${BOX} true`],
    ['absent', `berth create --name % --replace ${BOX} true`],
    ['absent', `berth create --replace ${BOX} true`],
    ['absent', `berth create --name % --cidfile cid-% ${BOX} true && wc -c <cid-%`],
    ['absent', `echo x >cid-%; berth create --name % --cidfile cid-% ${BOX} true`],
    ['absent', `berth create --name % --rm --restart always ${BOX} true`],
    ['absent', `berth create --name % --rm --restart no ${BOX} true`],
    ['absent', `berth create --name % --restart always ${BOX} true`],
    ['absent', `berth create --name % --restart on-failure:3 ${BOX} true`],
    ['absent', `berth create --name % --restart unless-stopped ${BOX} true`],
    ['absent', `berth create --name % --restart never ${BOX} true`],
    ['absent', `berth create --name % --restart "" ${BOX} true`],
    ['absent', `berth create --name % --restart bogus ${BOX} true`],
    ['absent', `berth create --name % --restart always:3 ${BOX} true`],
    ['absent', `berth create --name % --restart on-failure:x ${BOX} true`],
    ['absent', `berth create --name % --restart on-failure:-1 ${BOX} true`],
    ['absent', `berth create --name % --restart on-failure:1:2 ${BOX} true`],
    ['absent', `berth create --name % --stop-signal BOGUS ${BOX} true`],
    ['absent', `berth create --name % --stop-signal 0 ${BOX} true`],
    ['absent', `berth create --name % --stop-signal 65 ${BOX} true`],
    ['absent', `berth create --name % --stop-signal usr1 ${BOX} true`],
    ['absent', `berth create --name % --stop-signal RTMIN+3 ${BOX} true`],
    ['absent', `berth create --name % --stop-signal 36 ${BOX} true`],
    ['absent', `berth create --name % --stop-timeout -1 ${BOX} true`],
    ['absent', `berth create --name % --stop-timeout x ${BOX} true`],
    ['absent', `berth create --name % --stop-timeout 4294967296 ${BOX} true`],
    ['absent', `berth create --name % --stop-timeout 0 ${BOX} true`],
    ['absent', `berth create --name % --memory lots ${BOX} true`],
    ['absent', `berth create --name % --memory -1 ${BOX} true`],
    ['absent', `berth create --name % --cpus x ${BOX} true`],
    ['absent', `berth create --name % --pids-limit x ${BOX} true`],
    ['absent', `berth create --name % --shm-size x ${BOX} true`],
    ['absent', `berth create --name % --shm-size -1 ${BOX} true`],
    ['absent', `berth create --name % --umask 9 ${BOX} true`],
    ['absent', `berth create --name % --log-driver bogus ${BOX} true`],
    ['absent', `berth create --name % --sdnotify foo ${BOX} true`],
    ['absent', `berth create --name % --sdnotify Container ${BOX} true`],
    ['absent', `berth create --name % --sdnotify healthy ${BOX} true`],
    ['absent', `berth create --name % --sdnotify healthy --health-cmd true --no-healthcheck ${BOX} true`],
    ['absent', `berth create --name % --health-cmd true --no-healthcheck ${BOX} true`],
    ['absent', `berth create --name % --health-cmd true --health-interval x ${BOX} true`],
    [
      'absent',
      `berth create --name % --health-cmd true --health-interval -1s ${BOX} true`,
      {
        differs: {
          why: NO_REASON,
          code: '125',
          stdout: '',
          stderr: 'Error: healthcheck-interval must be AGE or greater\n',
          after: /is gone/,
        },
      },
    ],
    ['absent', `berth create --name % --health-cmd true --health-interval 5 ${BOX} true`],
    ['absent', `berth create --name % --health-cmd true --health-retries 0 ${BOX} true`],
    ['absent', `berth create --name % --health-cmd true --health-retries x ${BOX} true`],
    [
      'absent',
      `berth create --name % --health-cmd true --health-timeout 0s ${BOX} true`,
      {
        differs: {
          why: 'a check may be given less than a second',
          stderr: 'Error: healthcheck-timeout must be greater than 0\n',
        },
      },
    ],
    ['absent', `berth create --name % --health-cmd true --health-timeout x ${BOX} true`],
    ['absent', `berth create --name % --health-cmd true --health-start-period -1s ${BOX} true`],
    ['absent', `berth create --name % --health-cmd true --health-start-period x ${BOX} true`],
    ['absent', `berth create --name % --health-cmd true --health-on-failure bogus ${BOX} true`],
    ['absent', `berth create --name % --health-on-failure kill ${BOX} true`],
    [
      'absent',
      `berth create --name % --health-cmd true --health-on-failure restart --restart always ${BOX} true`,
    ],
    ['absent', `berth create --name % --health-cmd "" ${BOX} true`],
    ['absent', `berth create --name % --health-interval 10s ${BOX} true`],
    ['absent', `berth create --name % --volume /nosuch:/x ${BOX} true`],
    ['absent', `berth create --name % --volume /tmp:x ${BOX} true`],
    ['absent', `berth create --name % --volume /tmp:/x:bogus ${BOX} true`],
    ['absent', `berth create --name % --volume /tmp:/x:ro,rw ${BOX} true`],
    ['absent', `berth create --name % --volume /tmp:/x:ro:rw ${BOX} true`],
    ['absent', `berth create --name % --volume /tmp:/x --volume /srv:/x ${BOX} true`],
    ['absent', `berth create --name % --volume /tmp:/x --tmpfs /x ${BOX} true`],
    ['absent', `berth create --name % --volume :/x ${BOX} true`],
    ['absent', `berth create --name % --volume "" ${BOX} true`],
    ['absent', `berth create --name % --volume /tmp: ${BOX} true`],
    ['absent', `berth create --name % --tmpfs x ${BOX} true`],
    ['absent', `berth create --name % --tmpfs /x:bogus ${BOX} true`],
    [
      'absent',
      `berth create --name % --tmpfs /x:size=1m:ro ${BOX} true`,
      {
        differs: {
          why: NO_REASON,
          code: '125',
          stdout: '',
          stderr: /^Error: invalid tmpfs /,
          after: /is gone/,
        },
      },
    ],
    [
      'absent',
      `berth create --name % --tmpfs /x --tmpfs /x ${BOX} true`,
      {
        differs: {
          why: NO_REASON,
          code: '125',
          stdout: '',
          stderr: 'Error: /x: duplicate mount destination\n',
          after: /is gone/,
        },
      },
    ],
    ['absent', `berth create --name % --mount "type=bind" ${BOX} true`],
    ['absent', `berth create --name % --mount "type=bogus,dst=/x" ${BOX} true`],
    ['absent', `berth create --name % --mount "type=bind,src=/tmp,dst=" ${BOX} true`],
    ['absent', `berth create --name % --mount "type=bind,src=,dst=/x" ${BOX} true`],
    ['absent', `berth create --name % --mount "type=bind,src=/tmp,dst=x" ${BOX} true`],
    ['absent', `berth create --name % --mount "type=bind,src=/tmp,dst=/x,src=/srv" ${BOX} true`],
    ['absent', `berth create --name % --mount "type=bind,src=/tmp,dst=/x,ro,rw" ${BOX} true`],
    ['absent', `berth create --name % --mount "type=bind,src=/tmp,dst=/x,relabel=x" ${BOX} true`],
    ['absent', `berth create --name % --mount "type=bind,src=/tmp,dst=/x,bind-propagation=x" ${BOX} true`],
    ['absent', `berth create --name % --mount "type=bind,src=/tmp,dst=/x,private,slave" ${BOX} true`],
    ['absent', `berth create --name % --mount "type=bind,src=/tmp,dst=/x,z,Z" ${BOX} true`],
    ['absent', `berth create --name % --mount "type=bind,src=/tmp,dst=/x,tmpfs-size=1m" ${BOX} true`],
    ['absent', `berth create --name % --mount "type=bind,src=/tmp,dst=/x,bogus=1" ${BOX} true`],
    ['absent', `berth create --name % --mount "type=bind,src=/tmp,dst=/x," ${BOX} true`],
    ['absent', `berth create --name % --mount "type=bind, src=/tmp,dst=/x" ${BOX} true`],
    ['absent', `berth create --name % --mount "type=bind,src=/tmp,dst=/x,subpath=y" ${BOX} true`],
    ['absent', `berth create --name % --mount "type=tmpfs,dst=/x,src=/tmp" ${BOX} true`],
    ['absent', `berth create --name % --mount "type=tmpfs,dst=/x,relabel=shared" ${BOX} true`],
    ['absent', `berth create --name % --mount "type=tmpfs,dst=/x,size=1m" ${BOX} true`],
    ['absent', `berth create --name % --mount "type=tmpfs,dst=/x,tmpfs-mode" ${BOX} true`],
    ['absent', `berth create --name % --mount 'type=bind,src="/tmp",dst=/x' ${BOX} true`],
    ['absent', `berth create --name % --mount 'type=bind,"src=/tmp,dst=/x' ${BOX} true`],
    ['absent', `berth create --name % --mount 'type=bind,"src=/tmp"x,dst=/x' ${BOX} true`],
    [
      'absent',
      `berth create --name % --mount type=bind,source=/tmp,target=/x,ro --mount dst=/y,type=tmpfs ${BOX} true`,
    ],
    ['absent', `berth create --name % --sysctl "net.ipv4.ip_forward" ${BOX} true`],
    ['absent', `berth create --name % --sysctl "net.ipv4.ip_forward = 1" ${BOX} true`],
    ['absent', `berth create --name % --sysctl "kernel.msgmax=70=1" ${BOX} true`],
    ['absent', `berth create --name % --sysctl "=1" ${BOX} true`],
    ['absent', `berth create --name % --sysctl "kernel.hostname=x" ${BOX} true`],
    ['absent', `berth create --name % --sysctl net.ipv4.ip_forward=1 --network host ${BOX} true`],
    ['absent', `berth create --name % --sysctl "net.ipv4.ip_forward=1,kernel.shmmax=4096" ${BOX} true`],
    ['absent', `berth create --name % --group-add 10,4242 --group-add 10 ${BOX} true`],
    [
      'absent',
      `berth run --name % --group-add nosuch ${BOX} true`,
      {
        differs: {
          why: 'the container is known to who started it',
          stderr: /^Error: unable to find group nosuch: no matching entries in group file/,
          after: /error=unable to find group nosuch: /,
        },
      },
    ],
    ['absent', `berth create --quiet --name % --label-file nosuch ${BOX} true`],
    ['absent', `printf 'b =1\\n' >l-%; berth create --name % --label-file l-% ${BOX} true`],
    [
      'absent',
      `printf '#\\n a=1\\nb= "x y"\\n' >l-%; berth create --name % --label-file l-% -l a=2 ${BOX} true`,
    ],
    ['absent', `X=1 berth run --rm --env-host --unsetenv X -e Y=2 ${BOX} /bin/sh -c "echo \\$X\\$Y"`],
    [
      'absent',
      `berth create --name % --pidfile $PWD/pid --conmon-pidfile $PWD/pid-c ${BOX} sleep 1000
       berth inspect --format "{{.PidFile}} {{.ConmonPidFile}}" %; ls pid*; berth start %
       test $(cat pid)-$(cat pid-c) = $(berth inspect --format "{{.State.Pid}}-{{.State.ConmonPid}}" %) && echo theirs
       wc -l <pid; stat -c %a pid-c; berth stop --time 0 %; ls pid*; berth rm %; ls pid*; rm pid*`,
    ],
    [
      'absent',
      `berth run --name % --conmon-pidfile /nosuch/pid ${BOX} true`,
      {
        differs: {
          why: 'it says which file, in one line',
          stderr: /^Error: cannot write \/nosuch\/pid: /,
          after: /error=cannot write \/nosuch\/pid: /,
        },
      },
    ],
    ...[
      ...['a', 'a:', ':1.2.3.4', 'a:1.2.3', "'a;:1.1.1.1'", 'a=1.1.1.1', 'a:1.1.1.1,b'].map(
        (host) => `--add-host ${host}`,
      ),
      ...['--add-host a:1.1.1.1 --no-hosts', '--no-hosts --hosts-file none'],
      ...['--dns 1.1.1.1', '--dns-search a', '--dns-option a', '--dns bogus', '--dns none'],
      ...[
        '--dns none,1.1.1.1',
        '--dns none --dns-search a',
        '--dns-search .,a',
        '--dns "" --dns-search "" --dns-option ""',
      ],
    ].map((flags): Cell => ['absent', `berth create --network none ${flags} --name % ${BOX} true`]),
    ['created', `berth create --network container:% --add-host a:1.1.1.1 ${BOX} true`],
    ['created', `berth create --network container:% --dns 1.1.1.1 ${BOX} true`],
    ['absent', `berth create --network host --dns none --dns-search a --name % ${BOX} true`],
    [
      'absent',
      `berth run --name % --hosts-file /nosuch ${BOX} true`,
      {
        differs: {
          why: 'nothing is left of a failed start',
          after: / pid=no error=failed to create new hosts/,
        },
      },
    ],
    [
      'absent',
      `berth create --name % --add-host a:host-gateway ${BOX} true`,
      {
        differs: {
          why: EARLY,
          code: '125',
          stdout: '',
          stderr: /^Error: unable to replace "host-gateway" of host entry/,
          after: /is gone/,
        },
      },
    ],
    [
      'absent',
      `berth create --name % --network host --dns 1.1.1.1 --dns-search a,b --dns-option o --add-host a:1.1.1.1 ${BOX} true
       berth inspect --format "{{with .HostConfig}}{{.Dns}}{{.DnsSearch}}{{.DnsOptions}}{{.ExtraHosts}}{{.HostsFile}}{{end}}" %`,
    ],
    ...[
      ...[
        '--group-add keep-groups --group-add 5',
        '--shm-size-systemd x',
        '--shm-size-systemd -1',
        '--image-volume bind',
      ],
      ...['--ulimit host', '--ulimit host --ulimit nofile=5:6', '--group-add keep-groups'],
    ].map((flags): Cell => ['absent', `berth create ${flags} --name % ${BOX} true`]),
    [
      'absent',
      `berth create --name % --rdt-class c --chrootdirs a --chrootdirs b --group-add keep-groups --ulimit host ${BOX} true
       berth inspect --format "{{.Config.ChrootDirs}}{{.Config.Annotations}}{{with .HostConfig}}{{.IntelRdtClosID}}{{.Ulimits}}{{.GroupAdd}}{{end}}" %`,
    ],
    ...['--personality linux32', '--oom-kill-disable'].map(
      (flags): Cell => [
        'absent',
        `berth create ${flags} --name % ${BOX} true`,
        {
          differs: {
            why: EARLY,
            code: '125',
            stdout: '',
            stderr: /^Error: (unknown persona specified|cannot disable OOM killer with cgroupv2)/,
            after: /is gone/,
          },
        },
      ],
    ),
    ...['A', '""', `'A=\${B'`, `'A=\${B:x}'`, `'A="x'`].map(
      (entry): Cell => ['absent', `berth create --env-merge ${entry} --name % ${BOX} true`],
    ),
    [
      'absent',
      `export http_proxy=p HTTPS_PROXY= ALL_PROXY=a no_proxy=n; sorted() { tr ' []' '\\n' | grep -i _proxy | sort; }
       berth create --name % --env no_proxy=mine ${BOX} true; berth inspect --format "{{.Config.Env}}" % | sorted
       berth run --rm --http-proxy=false ${BOX} env | sorted; berth run --rm --unsetenv http_proxy ${BOX} env | sorted`,
    ],
    ...[
      ...['linux/arm64', 'linux/amd64/v2', 'windows', 'LINUX/AMD64', 'linux/x86_64', 'linux/amd64/v1'].map(
        (name) => `--platform ${name}`,
      ),
      ...[
        '--arch AMD64',
        '--arch arm64',
        '--os windows',
        '--variant v8',
        '--variant v1',
        '--platform linux --os linux',
      ],
      ...['--pull NEVER', '--pull ifnewer', '--pull true'],
    ].map((flags): Cell => ['absent', `berth create --pull never ${flags} --name % ${BOX} true`]),
    ...[
      ...[
        '--ulimit nofile=5:6,nproc=7',
        '--ulimit ""',
        '--ulimit nofile=1:2:3',
        '--network ""',
        '--umask ""',
        '--env ""',
      ],
      ...['--cidfile ""', '--tmpfs ""', '--security-opt mask', '--security-opt no-new-privileges=x'],
    ].map((flags): Cell => ['absent', `berth create ${flags} --name % ${BOX} true`]),
    ...['UPPER', '""', 'a:b:c', 'a@sha256:x'].map(
      (image): Cell => ['absent', `berth create --name % ${image} true`],
    ),
    [
      'absent',
      `berth create --name % --cidfile /nosuch/id ${BOX} true`,
      { differs: { why: 'nothing is left of a failed create', after: /is gone/ } },
    ],
    ['absent', `berth create --name % --tz Bogus ${BOX} true`],
    ['absent', `berth create --name % --tz Europe ${BOX} true`],
    ['absent', `berth create --name % --tz ../zoneinfo/UTC ${BOX} true`],
    [
      'absent',
      `berth create --name % --tz local ${BOX} true; berth inspect --format "{{.Config.Timezone}}" %`,
    ],
    [
      'absent',
      `berth create --name % --systemd always ${BOX} true; berth inspect --format "{{.Config.SystemdMode}}" %`,
    ],
    [
      'absent',
      `berth create --name % ${BOX} /bin/sh -c /sbin/init; berth inspect --format "{{.Config.StopSignal}}" %`,
    ],
    ['absent', `berth create --name % --systemd maybe ${BOX} true`],
    ['absent', `berth create --name % --cgroups bogus ${BOX} true`],
    ['absent', `berth create --name % --cgroups split --cgroup-parent x.slice ${BOX} true`],
    [
      'absent',
      `berth create --name % --cgroups disabled ${BOX} true`,
      {
        differs: {
          why: 'a unit has a control group',
          code: '125',
          stdout: '',
          stderr: /^Error: --cgroups disabled: /,
          after: /is gone/,
        },
      },
    ],
    ['absent', `berth create --name % --cgroup-conf bogus ${BOX} true`],
    [
      'absent',
      `berth create --name % --cgroups split --cgroup-conf cgroup.max.depth=3,cgroup.max.descendants=4 ${BOX} true
       berth inspect --format "{{json .HostConfig.CgroupConf}} {{.HostConfig.Cgroups}} {{.HostConfig.CgroupParent}}" %`,
    ],
    [
      'absent',
      `berth create --name % --init ${BOX} echo a
       berth inspect --format "{{.Args}} {{.Config.Cmd}} {{.HostConfig.Init}}" %`,
    ],
    ['absent', `berth run --detach --name % --init ${BOX} sleep 1000; berth stop %`],
    ['absent', `berth create --name % --init-path /nosuch ${BOX} true`],
    ['absent', `berth create --name % --init --init-path /nosuch ${BOX} true`],
    ['absent', `berth create --name % --init --pid host ${BOX} true`],
    ['absent', `berth create --name % --init --systemd always ${BOX} true`],
    ['absent', `berth create --name % --device-read-bps /dev/nosuch:1mb ${BOX} true`],
    ['absent', `berth create --name % --device-write-bps /dev/zero:x ${BOX} true`],
    ['absent', `berth create --name % --device-read-iops /etc/passwd:1 ${BOX} true`],
    ['absent', `berth create --name % --device-write-iops /dev/zero ${BOX} true`],
    ['absent', `berth create --name % --blkio-weight-device /dev/nosuch:100 ${BOX} true`],
    ['absent', `berth create --name % --blkio-weight-device /dev/zero:1001 ${BOX} true`],
    ['absent', `berth create --name % --cpu-rt-period 1000 --cpu-rt-runtime 1000 ${BOX} true`],
    ['absent', `berth create --name % --cpu-rt-runtime -5 --memory-swappiness -1 ${BOX} true`],
    [
      'absent',
      `berth create --name % --memory-swappiness 50 ${BOX} true`,
      {
        differs: {
          why: EARLY,
          code: '125',
          stdout: '',
          stderr: 'Error: cannot set memory swappiness with cgroupv2\n',
          after: /is gone/,
        },
      },
    ],
    ['absent', `berth create --name % --device /dev/nosuch ${BOX} true`],
    ['absent', `berth create --name % --device /etc/passwd ${BOX} true`],
    ['absent', `berth create --name % --device /srv ${BOX} true`],
    ['absent', `berth create --name % --device /dev/null:/dev/x:rx ${BOX} true`],
    ['absent', `berth create --name % --device /dev/null:/dev/x:r:w ${BOX} true`],
    ['absent', `berth create --name % --device-cgroup-rule "c 1:3" ${BOX} true`],
    ['absent', `berth create --name % --device-cgroup-rule "x 1:3 r" ${BOX} true`],
    ['absent', `berth create --name % --device-cgroup-rule "c 1:x r" ${BOX} true`],
    [
      'absent',
      `berth run --name % --privileged --device /dev/fuse:/dev/x:r ${BOX} test -c /dev/x
       berth inspect --format "{{.HostConfig.Privileged}}" %`,
    ],
    ['absent', `berth create --name % --cap-add bogus ${BOX} true`],
    ['absent', `berth create --name % --cap-drop bogus ${BOX} true`],
    ['absent', `berth create --name % --security-opt bogus ${BOX} true`],
    ['absent', `berth create --name % --security-opt seccomp=/nosuch ${BOX} true`],
    ['absent', `berth create --name % --env =x ${BOX} true`],
    ['absent', `berth create --name % --env-file nosuch ${BOX} true`],
    ['absent', `berth create --name % --label =x ${BOX} true`],
    ['absent', `berth create --name % --label a=1 --label b ${BOX} true`],
    ['absent', `berth create --name % --annotation x ${BOX} true`],
    ['absent', `berth create --name % --network bogus ${BOX} true`],
    ['absent', `berth create --name % --timeout -1 ${BOX} true`],
    ['absent', `berth create --name % --log-opt bogus ${BOX} true`],
    ['absent', `berth create --name % --log-opt max-size=10x ${BOX} true`],
    ['absent', `berth create --name % --network container:nosuch ${BOX} true`],
    ['absent', `berth create --name % --network none --network host ${BOX} true`],
    ['absent', `berth create --name % --pid container:nosuch ${BOX} true`],
    ['absent', `berth create --name % --pid bogus ${BOX} true`],
    ['absent', `berth create --name % --ipc bogus ${BOX} true`],
    ['absent', `berth create --name % --uts bogus ${BOX} true`],
    ['absent', `berth create --name % --cgroupns bogus ${BOX} true`],
    ['absent', `berth create --name % --requires nosuch ${BOX} true`],
    ['absent', `berth create --name % --rootfs /nosuch true`],
    [
      'absent',
      `berth create --name % --entrypoint "" ${BOX}`,
      {
        differs: {
          why: EARLY,
          code: '125',
          stdout: '',
          stderr: /^Error: no command or entrypoint provided, and no CMD or ENTRYPOINT from image/,
          after: /is gone/,
        },
      },
    ],
    ['absent', `berth create --name % --bogus ${BOX} true`],
    ['absent', `berth create --name`],
    ['absent', `berth create --name % -itz${BOX}`],
    ['absent', `berth create --name % --tty=maybe ${BOX} true`],
    ['absent', `berth create --name % -i -t --user app --workdir /etc ${BOX} true`],
  ],
};

/** In the foreground and not, to the end and not. */
export const RUN: Cells = {
  title: 'run',
  cells: [
    ['absent', `berth run --name % ${BOX} echo out`],
    ['absent', `berth run --name % ${BOX} sh -c "echo out; echo err >&2; exit 3"`],
    ['absent', `berth run --rm --name % ${BOX} sh -c "echo out; echo err >&2; exit 3"`],
    ['absent', `berth run --name % ${BOX} sh -c "kill -9 1; sleep 0.1; kill -TERM 1; exit 9"`],
    ['absent', `berth run --rm ${BOX} id`, { differs: OWN_GROUP }],
    ['absent', `berth run --name % ${BOX} nosuch`],
    ['absent', `berth run --rm --name % ${BOX} nosuch`],
    ['absent', `berth run --name % ${BOX} /etc`],
    ['absent', `berth run --name % ${BOX} /etc/passwd`],
    ['absent', `berth run --detach --name % ${BOX} nosuch`],
    [
      'absent',
      `berth run --name % --workdir /nosuch ${BOX} true`,
      {
        differs: {
          why: 'the error that is kept says what to do, too',
          after: /error=workdir "\/nosuch" does not exist on container ID: make it/,
        },
      },
    ],
    ['absent', `berth run --name % --user nosuch ${BOX} true`],
    [
      'absent',
      `berth run --name % --runtime nosuch ${BOX} true`,
      {
        differs: {
          why: 'it says what is wrong: nothing of that name is installed',
          stderr: 'Error: OCI runtime nosuch is not installed\n',
        },
      },
    ],
    ['absent', `berth run --pull never --name % nosuch true`],
    ['created', `berth run --name % ${BOX} true`],
    ['running', `berth run --replace --name % ${BOX} echo new`],
    ['absent', `berth run --detach --name % ${BOX} sleep 1000`],
    ['absent', `berth run -d --name % ${BOX} sh -c "exit 4" && berth wait %`],
    ['absent', `id=$(berth run --detach --rm ${BOX} sh -c "sleep 1; exit 4") && berth wait $id`],
    ['absent', `berth run --detach --rm --name % ${BOX} sleep 1000 && berth stop --time 0 %`],
    ['absent', `printf in | berth run --rm --interactive ${BOX} cat`],
    ['absent', `printf in | berth run --rm ${BOX} cat`],
    ['absent', `head -c 300000 /dev/zero | berth run --rm -i ${BOX} wc -c`],
    ['absent', `berth run --rm ${BOX} head -c 300000 /dev/zero | wc -c`],
    ['absent', `berth run --rm --tty ${BOX} tty`],
    ['absent', `berth run --rm ${BOX} tty`],
    [
      'absent',
      `script --quiet --return --command "berth run --rm -it ${BOX} sh -c 'tty; stty size; exit 6'" /dev/null`,
      { tidy: withoutEcho },
    ],
    ['absent', `berth run --rm --attach stdout ${BOX} sh -c "echo out; echo err >&2"`],
    ['absent', `berth run --rm -a stderr ${BOX} sh -c "echo out; echo err >&2"`],
    ['absent', `printf in | berth run -a stdin --name % ${BOX} cat; berth wait %`],
    ['absent', `berth run --rm --attach bogus ${BOX} true`],
    ['absent', `berth run --detach --attach stdout ${BOX} true`],
    [
      'absent',
      `berth run --rm --detach-keys bogus-x ${BOX} true`,
      { differs: { why: 'a wrong flag is 125, before anything is made', code: '125' } },
    ],
    ['absent', `berth run --rm --restart always ${BOX} true`],
    ['absent', `berth run --cidfile id-% --name % ${BOX} true; wc -c <id-%`],
    ['absent', `berth run --rm --env A=1 --env B ${BOX} sh -c "echo \\$A-\\$B"`],
    ['absent', `berth run --rm --hostname box ${BOX} hostname`],
    ['absent', `berth run --rm --entrypoint echo ${BOX} a b`],
    ['absent', `berth run --name % --restart on-failure:2 ${BOX} false; berth wait %`],
    ['absent', `berth run --name % --timeout 1 ${BOX} sleep 1000`],
    [
      'absent',
      `berth run --name % --log-driver k8s-file --log-opt path=/tmp/log-% --log-opt max-size=5k ${BOX} seq 2000 | wc -l
       berth inspect --format "{{json .HostConfig.LogConfig}}" %
       berth logs % | tail -n 1; berth rm %; test $(wc -c </tmp/log-%) -lt 5000 && echo bounded; rm /tmp/log-%`,
    ],
    [
      'absent',
      `berth run --name % --log-driver journald --log-opt tag=tag-%-berth ${BOX} echo out
       berth inspect --format "{{json .HostConfig.LogConfig}}" %
       journalctl --sync; journalctl --quiet --output cat SYSLOG_IDENTIFIER=tag-%-berth`,
    ],
    ['absent', `berth run --bogus ${BOX} true`],
    ['absent', `berth container run --rm ${BOX} echo alias`],
    [
      'running',
      `berth attach --sig-proxy=false --detach-keys bogus-x %`,
      {
        differs: {
          why: 'flags are read before anything is done',
          stderr: "Error: invalid detach keys: Unknown character: 'bogus-x'\n",
          after: / error= /,
        },
      },
    ],
    ['running', `berth attach % %2`],
    ['created', 'berth attach %', { differs: NOT_ITS_ERROR }],
    ['paused', 'berth attach %', { differs: NOT_ITS_ERROR }],
    ['exited', 'berth attach %', { differs: NOT_ITS_ERROR }],
    ['running', 'berth attach --latest %'],
    [
      'created',
      `printf "" | berth start --attach --interactive % & sleep 1; berth kill --signal TERM %; wait`,
    ],
  ],
};
