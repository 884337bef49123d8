/** Volumes by name, and what containers show of theirs. */
import type { Cells, Story } from '../case.ts';
import { sorted } from '../tidy.ts';

const BOX = 'localhost/busybox';

/** Where each engine keeps them, and what only Podman counts. */
function tidy(text: string): string {
  return text
    .replace(/\/var\/lib\/(berth|containers\/storage)\/volumes/g, 'VOLUMES')
    .replace(/,\n *"LockNumber": \d+/g, '')
    .replace(/\{\s*\}/g, '{}');
}

const COPIED = { tidy };

/** One line after the other in the same world. */
export const VOLUMES: Story = {
  title: 'volumes',
  world: { here: 'running' },
  lines: [
    ['berth volume create v1'],
    ['berth volume create v1'],
    ['berth volume create --ignore v1'],
    ['berth volume create | wc -c'],
    [
      'berth volume create --label a=b --label c --opt type=tmpfs --opt device=tmpfs --opt o=size=1m,uid=5 v2',
    ],
    ...[
      ...['--opt foo=bar x', '--driver nope x', "'bad name'", '-x', 'a b', '--label =x y', '--opt =x y'],
      ...['--opt o=uid=x y', '--opt o=size=x y', '--opt type=bind --opt device=/nosuch y'],
    ].map((rest): [string] => [`berth volume create ${rest}`]),
    ['berth volume ls -q | wc -l'],
    ['berth volume ls --filter name=v --noheading'],
    ['berth volume ls --filter name=v'],
    ['berth volume ls --filter name=v --format json', COPIED],
    [
      'berth volume ls --filter name=v --format "{{.Name}} {{.Driver}} {{.Scope}} {{.Labels}} {{.Options}} {{.UID}} {{.GID}} {{.MountCount}} {{.Status}}"',
    ],
    ['berth volume ls --filter name=v --format "table {{.Name}} {{.Driver}}"'],
    ...[
      ...['label=a', 'label=a=c', 'label!=a', 'opt=type', 'opt=type=bind', 'dangling=false', 'dangling=x'],
      ...[
        'driver=local',
        'scope=local',
        'since=v1',
        'after=v2',
        'until=1ns',
        'anonymous=true',
        'nope',
        'name=^v',
      ],
    ].map((filter): [string] => [`berth volume ls --quiet --filter ${filter}`]),
    [
      'berth volume ls --quiet --filter label=a --filter name=^v',
      {
        differs: {
          why: 'filters add up, as those of ps do: with any of them prune would take more than was meant',
          stdout: 'v2\n',
        },
      },
    ],
    ['berth volume ls extra'],
    ['berth volume ls -q --format x'],
    ['berth volume inspect v1 v2', COPIED],
    ['berth volume inspect nosuch v1 --format {{.Name}}'],
    ['berth volume inspect v'],
    ['berth volume inspect'],
    ['berth inspect --type volume v1 --format "{{.Name}} {{.Mountpoint}}"', COPIED],
    ['berth inspect v2 --format "{{.Options}} {{.NeedsCopyUp}} {{.NeedsChown}} {{.Anonymous}}"'],
    ['berth volume exists v1'],
    ['berth volume exists v'],
    ['berth volume exists'],
    ['berth volume mount v2', COPIED],
    ['berth volume mount v2', COPIED],
    ['berth volume inspect v2 --format {{.MountCount}}'],
    ['berth volume unmount v2'],
    ['berth volume inspect v2 --format {{.MountCount}}'],
    ['berth volume mount nosuch'],
    ['berth volume unmount nosuch'],
    ['berth volume export nosuch'],
    ['berth volume import nosuch /dev/null'],
    ['berth volume import v1 /nosuch'],
    ['berth volume import v1'],
    ['berth volume export v1 v2'],
    [
      'mkdir -p t && echo x >t/f && tar cf t.tar -C t . && berth volume import v1 - <t.tar && berth volume export v1 | tar t',
    ],
    [
      `berth create --name k1 -v v1:/d:ro -v v3:/e:nocopy,exec -v /srv:/f --mount type=volume,src=v4,dst=/g,subpath=a,U ${BOX} true | wc -c`,
    ],
    [
      `berth inspect k1 --format '{{range .Mounts}}{{json .}}
{{end}}{{range .HostConfig.Binds}}{{.}}
{{end}}'`,
      { tidy: (text) => sorted(tidy(text)) },
    ],
    ['berth ps -a --filter volume=v1 --format {{.Names}}'],
    ['berth ps -a --filter volume=v1:/d --format {{.Names}}'],
    ['berth ps -a --filter volume=/d --format {{.Names}}'],
    [`berth create --name k2 --volumes-from k1 -v /srv:/g ${BOX} true | wc -c`],
    [
      'berth inspect k2 --format "{{range .Mounts}}{{.Name}} {{.Destination}} {{.Mode}} {{.RW}} {{.Options}}\n{{end}}{{.HostConfig.VolumesFrom}}"',
      { tidy: sorted },
    ],
    [`berth create --name k3 --volumes-from k1:ro,z ${BOX} true | wc -c`],
    [
      'berth inspect k3 --format "{{range .Mounts}}{{.Name}} {{.Destination}} {{.Mode}} {{.RW}} {{.Options}}\n{{end}}{{.HostConfig.VolumesFrom}}"',
      { tidy: sorted },
    ],
    ['berth volume rm v3 | cat', { tidy: sorted }],
    ['berth volume rm nosuch'],
    ['berth volume rm -f nosuch'],
    ['berth volume rm'],
    ['berth volume rm --all v1'],
    ['berth volume rm v'],
    ['berth volume rm -t 1 v1'],
    ['berth volume rm v2 nosuch'],
    ['berth rm k2 k3', { tidy: sorted }],
    ['berth volume rm -f v3'],
    ['berth container exists k1'],
    [`berth run --rm -v /anonymous -v v5:/bin --user 12:34 ${BOX} stat -c %u:%g /anonymous /bin`],
    [`berth run --rm -v v6:/new --user 12:34 ${BOX} stat -c %u:%g /new`],
    [
      'berth volume inspect v5 v6 --format "{{.Name}} {{.UID}} {{.GID}} {{.NeedsCopyUp}} {{.NeedsChown}} {{.MountCount}}"',
    ],
    ['berth volume prune x'],
    ['berth volume prune --filter name=x'],
    ['echo n | berth volume prune --filter name=v'],
    ['berth volume prune -f --filter name=v'],
    ['berth system prune -f --volumes | tail -1'],
    ['berth volume ls'],
  ],
};

/** What a command line may ask for; each with a container of its own. */
export const VOLUME_FLAGS: Cells = {
  title: 'volumes of create',
  cells: [
    ...[
      ...['-v a:/x -v b:/x', '-v a:b:/x:/y', '-v :/x', '-v a:', "-v 'a b:/x'", '-v x', '-v a:x', '-v a/b:/x'],
      ...['-v /x:ro', '-v a:/d:copy,nocopy', '-v a:/d:foo', '-v a:/d:z,Z', '-v a:/d:U,U'],
      ...['-v /srv:/d:O,ro', '--volumes-from nosuch', "--volumes-from ''", '--volumes-from x:foo'],
      ...['--mount type=volume,src=a', '--mount type=volume,src=/tmp,dst=/m', '--mount type=volume,dst=m'],
      ...['--mount type=volume,src=a,dst=/m,nocopy', '--mount type=volume,src=a,dst=/m,tmpfs-size=1'],
      ...[
        '--mount type=glob,src=/nosuch*,dst=/m',
        '--mount type=glob,dst=/m',
        '--mount type=glob,src=,dst=/m',
      ],
      ...[
        '--mount type=glob,src=/etc/host*,dst=m',
        '--mount type=glob,src=/etc/host*,dst=/m,bind-propagation=shared',
      ],
      ...['--mount type=glob,src=/etc/hostname --mount type=glob,src=/etc/hostn*'],
      ...[
        '--mount type=ramfs',
        '--mount type=ramfs,dst=/m,tmpfs-size=1',
        '--mount type=ramfs,dst=/m,subpath=x',
      ],
      ...[
        '--mount type=volume,src=a,dst=/m,volume-opt=foo=bar',
        '--mount type=bind,src=/tmp,dst=/m,volume-opt=a=b',
      ],
      ...['--mount type=volume,src=a,dst=/m,volume-label=b', '--mount type=image,dst=/m'],
      ...[`--mount type=image,src=${BOX},dst=/m,subpath=bin`, '--mount type=devpts,src=a,dst=/m'],
    ].map((flags): Cells['cells'][number] => ['absent', `berth create --name % ${flags} ${BOX} true`]),
    ...[
      `--mount type=image,src=${BOX},dst=/m`,
      `--mount type=image,src=${BOX},dst=/m,rw=true`,
      '--mount type=devpts,dst=/m,uid=1,mode=600',
      '--mount type=ramfs,dst=/m',
      '--mount type=ramfs,dst=/n,ro,nosuid,Z',
      '--mount "type=glob,src=/etc/host[n]*,dst=/m,ro"',
      '--mount type=glob,src=/etc/os-rel*',
      '--mount type=bind,src=/etc/os-release,dst=/m,no-dereference',
      '--mount type=volume,src=zz,dst=/m,noexec,relatime',
      // One a container: Podman's order of several is by chance.
      ...['-v zz:/m:O', '-v zz:/n:rshared', '-v zz:/o:bind'],
    ].map((flags): Cells['cells'][number] => [
      'absent',
      `berth create --name % ${flags} ${BOX} true >/dev/null; berth inspect % --format "{{json .Mounts}} {{json .HostConfig.Binds}}"; berth rm -f % >/dev/null; berth volume rm -f zz`,
      { tidy },
    ]),
  ],
};
