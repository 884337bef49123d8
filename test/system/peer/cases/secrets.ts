/** Secrets: the verbs, and what a container has of them. */
import type { Story } from '../case.ts';
import { sorted } from '../tidy.ts';

/** Where each engine keeps them. */
const driverPath = (text: string): string =>
  text.replaceAll(/\/var\/lib\/(containers\/storage\/secrets\/filedriver|berth\/secrets)/g, 'PATH');
/** 25 digits. */
const withoutIds = (text: string): string => text.replaceAll(/\b[0-9a-f]{25}\b/g, 'SECRET');
const tidy = (text: string): string => withoutIds(driverPath(text));
const tidyRows = (text: string): string => sorted(tidy(text));

/** A payload's view: where, whose, and what they say. */
const SEE =
  'sh -c \'cd /run/secrets; for f in $(find . ! -type d | sort); do stat -c "%n %a %u:%g" $f; cat $f; echo; done\'';
const JSON_FORMAT = 'a format json is JSON, as for the other commands';

/** No name is the beginning of an ID, which is hexadecimal: either engine would take it for one. */
export const SECRETS: Story = {
  title: 'secrets',
  world: {},
  lines: [
    ['berth secret ls'],
    ['berth secret rm --all'],
    ['printf one | berth secret create ka -', { tidy }],
    ['printf two >two; berth secret create --label x=y --label z kb two', { tidy }],
    ['TEXT=three berth secret create --env -l x=1=2 kc TEXT', { tidy }],
    ['berth secret create --driver file --driver-opts k=v,l=w --driver-opts m=x "k e" two', { tidy }],
    ['berth secret create ka two'],
    ['berth secret create --replace ke two', { tidy }],
    ['berth secret create --env kf NOSUCH'],
    ['EMPTY= berth secret create --env kf EMPTY'],
    ['berth secret create kf /nosuch'],
    ['berth secret create kf -'],
    ['printf "" | berth secret create kf -'],
    ['head -c 512000 /dev/zero | berth secret create kf -'],
    ['head -c 511999 /dev/zero | berth secret create big - && berth secret rm big', { tidy }],
    ['berth secret create ka/kb two'],
    ['berth secret create ka=kb two'],
    ['berth secret create ka,kb two'],
    ['berth secret create "" two'],
    ["berth secret create $(printf 'y%.0s' $(seq 254)) two"],
    ["berth secret create $(printf 'y%.0s' $(seq 253)) two >id && berth secret rm $(cat id)", { tidy }],
    ['berth secret create --driver nosuch kf two'],
    ['berth secret create --driver-opts nosuch kf two'],
    ['berth secret create --label =x kf two'],
    ['berth secret create kf'],
    ['berth secret create kf two two'],
    ['berth secret create --bogus kf two'],
    ['berth secret ls', { tidy: tidyRows }],
    ['berth secret ls --noheading', { tidy: tidyRows }],
    ['berth secret list -q', { tidy: tidyRows }],
    ['berth secret ls --format "{{.Name}} {{.Driver}} {{.CreatedAt}} {{.UpdatedAt}}"', { tidy: tidyRows }],
    ['berth secret ls -q --format "{{.Name}}"', { tidy: tidyRows }],
    ['berth secret ls --format "table {{.ID}} {{.Name}}"', { tidy: tidyRows }],
    ['berth secret ls --format "table {{.Name}}" -n', { tidy: tidyRows }],
    ['berth secret ls --filter name=ka --format "{{.}} {{json .}}"', { tidy: tidyRows }],
    ['berth secret ls --filter name="^k[ab]$" --filter name=ke --format "{{.Name}}"', { tidy: tidyRows }],
    ['berth secret ls --filter name="(" --format "{{.Name}}"'],
    ['berth secret ls --filter id=$(berth secret ls -q -f name=kc) --format "{{.Name}}"'],
    ['berth secret ls --filter label=x'],
    ['berth secret ls --filter name'],
    ['berth secret ls --format "{{.Nosuch}}"'],
    [
      'berth secret ls --format json',
      { differs: { why: JSON_FORMAT, stdout: /^\[\n {2}\{\n {2}"ID": "[\s\S]*\]\n$/ } },
    ],
    ['berth secret ls ka'],
    ['berth secret inspect ka kb', { tidy }],
    ['berth secret inspect ka nosuch kb', { tidy }],
    ['berth secret inspect nosuch'],
    ['berth secret inspect'],
    ['berth secret inspect --showsecret kc', { tidy }],
    ['berth secret inspect --pretty ka kb', { tidy }],
    ['berth secret inspect -f "{{.Spec}} {{.Spec.Labels}} {{.SecretData}}" --showsecret "k e"', { tidy }],
    ['berth secret inspect --format "{{.}} {{.CreatedAt}}" kb kc', { tidy }],
    ['berth secret inspect --format "{{json .}}" kb', { tidy }],
    ['berth secret inspect --format "{{.Nosuch}}" kb'],
    ['berth secret inspect --format "{{.Spec.Name}}" $(berth secret ls -q -f name=kc | cut -c1-12)'],
    ['berth secret exists ka'],
    ['berth secret exists nosuch'],
    ['berth secret exists ""'],
    ['berth secret exists'],

    [`berth run --rm --network none --secret ka --secret kb,target=x/y,uid=7,gid=8,mode=400 busybox ${SEE}`],
    [
      `berth run --rm --network none --secret source=ka,target=q --secret type=mount,source=kb busybox ${SEE}`,
    ],
    [`berth run --rm --network none --secret ka,target=x --secret kb,target=x busybox ${SEE}`],
    [`berth run --rm --network none --secret ka,mode=07777 busybox ${SEE}`],
    [`berth run --rm --network none --read-only --secret ka busybox ${SEE}`],
    [`berth run --rm --network none --tmpfs /run --secret ka busybox ${SEE}`],
    ['berth run --rm --network none --secret ka,target=/opt/ka busybox stat -c "%n %a %u %s" /opt/ka'],
    ['berth run --rm --network none --secret ka,target=../../ka busybox cat /ka'],
    ['berth run --rm --network none --secret "k e" --user 1000 busybox cat "/run/secrets/k e"'],
    ['berth run --rm --network none --secret ka,type=env busybox sh -c "echo \\$ka"'],
    ['berth run --rm --network none --secret ka,type=env,target=T -e T=no busybox sh -c "echo \\$T"'],
    ['berth run --rm --network none --secret $(berth secret ls -q -f name=kc) busybox cat /run/secrets/kc'],
    ...['nosuch', 'nosuch,type=env', 'source=ka', '', ','].map((secret): [string] => [
      `berth create --network none --secret '${secret}' busybox true`,
    ]),
    ...[
      'bogus=1',
      'bogus',
      'type',
      'type=file',
      'mode=999',
      'mode=',
      'uid=x',
      'uid=-1',
      'gid=4294967296',
    ].map((option): [string] => [`berth create --network none --secret ka,${option} busybox true`]),
    ['berth create --network none --secret ka,type=env,mode=400 busybox true'],
    ['berth create --network none --secret ka,type=env,uid=0 busybox true'],
    ['berth create --network none --secret target=x,uid=1 busybox true'],
    ['berth create --network none --secret source=,uid=1 busybox true'],

    ['berth run -d --network none --name s --secret ka --secret kc,type=env,target=T busybox sleep 1000 >id'],
    ['berth exec s sh -c "cat /run/secrets/ka; echo \\$T"'],
    ['berth exec -e T=no s sh -c "echo \\$T"'],
    ['berth inspect s --format "{{json .Config.Secrets}} {{.Mounts}}"', { tidy }],
    ['berth inspect s --format "{{range .Config.Env}}{{println .}}{{end}}" | grep "\\*"'],
    ['berth diff s'],
    [
      'printf new | berth secret create --replace ka -; printf new | berth secret create --replace kc -',
      { tidy },
    ],
    ['berth exec s sh -c "cat /run/secrets/ka; echo \\$T"'],
    ['berth restart --time 0 s'],
    ['berth exec s sh -c "cat /run/secrets/ka; echo \\$T"'],
    ['berth secret rm ka kc', { tidy }],
    [
      'berth exec s true',
      { differs: { why: 'an exec that cannot begin ends with 125, as podman-exec(1) has it', code: '125' } },
    ],
    ['berth stop --time 0 s'],
    ['berth start s'],
    ['berth rm s'],

    ['berth secret rm nosuch "k e" other', { tidy }],
    ['berth secret rm --ignore nosuch ke', { tidy }],
    ['berth secret rm'],
    ['berth secret rm --all kb'],
    ['berth secret rm -a', { tidy }],
    ['berth secret ls -n'],
  ],
};
