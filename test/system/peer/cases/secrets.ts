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

export const SECRETS: Story = {
  title: 'secrets',
  world: {},
  lines: [
    ['berth secret ls'],
    ['berth secret rm --all'],
    ['printf one | berth secret create a -', { tidy }],
    ['printf two >two; berth secret create --label x=y --label z b two', { tidy }],
    ['TEXT=three berth secret create --env -l x=1=2 c TEXT', { tidy }],
    ['berth secret create --driver file --driver-opts k=v,l=w --driver-opts m=x "d e" two', { tidy }],
    ['berth secret create a two'],
    ['berth secret create --replace e two', { tidy }],
    ['berth secret create --env f NOSUCH'],
    ['EMPTY= berth secret create --env f EMPTY'],
    ['berth secret create f /nosuch'],
    ['berth secret create f -'],
    ['printf "" | berth secret create f -'],
    ['head -c 512000 /dev/zero | berth secret create f -'],
    ['head -c 511999 /dev/zero | berth secret create big - && berth secret rm big', { tidy }],
    ['berth secret create a/b two'],
    ['berth secret create a=b two'],
    ['berth secret create a,b two'],
    ['berth secret create "" two'],
    ["berth secret create $(printf 'y%.0s' $(seq 254)) two"],
    ["berth secret create $(printf 'y%.0s' $(seq 253)) two >id && berth secret rm $(cat id)", { tidy }],
    ['berth secret create --driver nosuch f two'],
    ['berth secret create --driver-opts nosuch f two'],
    ['berth secret create --label =x f two'],
    ['berth secret create f'],
    ['berth secret create f two two'],
    ['berth secret create --bogus f two'],
    ['berth secret ls', { tidy: tidyRows }],
    ['berth secret ls --noheading', { tidy: tidyRows }],
    ['berth secret list -q', { tidy: tidyRows }],
    ['berth secret ls --format "{{.Name}} {{.Driver}} {{.CreatedAt}} {{.UpdatedAt}}"', { tidy: tidyRows }],
    ['berth secret ls -q --format "{{.Name}}"', { tidy: tidyRows }],
    ['berth secret ls --format "table {{.ID}} {{.Name}}"', { tidy: tidyRows }],
    ['berth secret ls --format "table {{.Name}}" -n', { tidy: tidyRows }],
    ['berth secret ls --filter name=a --format "{{.}} {{json .}}"', { tidy: tidyRows }],
    ['berth secret ls --filter name="^[ab]$" --filter name=e --format "{{.Name}}"', { tidy: tidyRows }],
    ['berth secret ls --filter name="(" --format "{{.Name}}"'],
    ['berth secret ls --filter id=$(berth secret ls -q -f name=c) --format "{{.Name}}"'],
    ['berth secret ls --filter label=x'],
    ['berth secret ls --filter name'],
    ['berth secret ls --format "{{.Nosuch}}"'],
    [
      'berth secret ls --format json',
      { differs: { why: JSON_FORMAT, stdout: /^\[\n {2}\{\n {2}"ID": "[\s\S]*\]\n$/ } },
    ],
    ['berth secret ls a'],
    ['berth secret inspect a b', { tidy }],
    ['berth secret inspect a nosuch b', { tidy }],
    ['berth secret inspect nosuch'],
    ['berth secret inspect'],
    ['berth secret inspect --showsecret c', { tidy }],
    ['berth secret inspect --pretty a b', { tidy }],
    ['berth secret inspect -f "{{.Spec}} {{.Spec.Labels}} {{.SecretData}}" --showsecret "d e"', { tidy }],
    ['berth secret inspect --format "{{.}} {{.CreatedAt}}" b c', { tidy }],
    ['berth secret inspect --format "{{json .}}" b', { tidy }],
    ['berth secret inspect --format "{{.Nosuch}}" b'],
    ['berth secret inspect --format "{{.Spec.Name}}" $(berth secret ls -q -f name=c | cut -c1-12)'],
    ['berth secret exists a'],
    ['berth secret exists nosuch'],
    ['berth secret exists ""'],
    ['berth secret exists'],

    [`berth run --rm --network none --secret a --secret b,target=x/y,uid=7,gid=8,mode=400 busybox ${SEE}`],
    [`berth run --rm --network none --secret source=a,target=q --secret type=mount,source=b busybox ${SEE}`],
    [`berth run --rm --network none --secret a,target=x --secret b,target=x busybox ${SEE}`],
    [`berth run --rm --network none --secret a,mode=07777 busybox ${SEE}`],
    [`berth run --rm --network none --read-only --secret a busybox ${SEE}`],
    [`berth run --rm --network none --tmpfs /run --secret a busybox ${SEE}`],
    ['berth run --rm --network none --secret a,target=/opt/a busybox stat -c "%n %a %u %s" /opt/a'],
    ['berth run --rm --network none --secret a,target=../../a busybox cat /a'],
    ['berth run --rm --network none --secret "d e" --user 1000 busybox cat "/run/secrets/d e"'],
    ['berth run --rm --network none --secret a,type=env busybox sh -c "echo \\$a"'],
    ['berth run --rm --network none --secret a,type=env,target=T -e T=no busybox sh -c "echo \\$T"'],
    ['berth run --rm --network none --secret $(berth secret ls -q -f name=c) busybox cat /run/secrets/c'],
    ...['nosuch', 'nosuch,type=env', 'source=a', '', ','].map((secret): [string] => [
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
    ].map((option): [string] => [`berth create --network none --secret a,${option} busybox true`]),
    ['berth create --network none --secret a,type=env,mode=400 busybox true'],
    ['berth create --network none --secret a,type=env,uid=0 busybox true'],
    ['berth create --network none --secret target=x,uid=1 busybox true'],
    ['berth create --network none --secret source=,uid=1 busybox true'],

    ['berth run -d --network none --name s --secret a --secret c,type=env,target=T busybox sleep 1000 >id'],
    ['berth exec s sh -c "cat /run/secrets/a; echo \\$T"'],
    ['berth exec -e T=no s sh -c "echo \\$T"'],
    ['berth inspect s --format "{{json .Config.Secrets}} {{.Mounts}}"', { tidy }],
    ['berth inspect s --format "{{range .Config.Env}}{{println .}}{{end}}" | grep "\\*"'],
    ['berth diff s'],
    [
      'printf new | berth secret create --replace a -; printf new | berth secret create --replace c -',
      { tidy },
    ],
    ['berth exec s sh -c "cat /run/secrets/a; echo \\$T"'],
    ['berth restart --time 0 s'],
    ['berth exec s sh -c "cat /run/secrets/a; echo \\$T"'],
    ['berth secret rm a c', { tidy }],
    [
      'berth exec s true',
      { differs: { why: 'an exec that cannot begin ends with 125, as podman-exec(1) has it', code: '125' } },
    ],
    ['berth stop --time 0 s'],
    ['berth start s'],
    ['berth rm s'],

    ['berth secret rm nosuch "d e" other', { tidy }],
    ['berth secret rm --ignore nosuch e', { tidy }],
    ['berth secret rm'],
    ['berth secret rm --all b'],
    ['berth secret rm -a', { tidy }],
    ['berth secret ls -n'],
  ],
};
