/**
 * Records what Podman itself writes for the cases; see peer/README.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { CASES, GROUP, PASSWD } from './cases.ts';

if (process.argv[2] === '--store') {
  store(readFileSync(0, 'utf8'));
} else {
  process.stdout.write(script());
}

/** A runtime that keeps the bundle's config.json and fails stands in for crun: no limit of the bed's matters then. */
function script(): string {
  const commands = CASES.flatMap(({ name, podman }) =>
    podman === undefined ? [] : `record ${name} ${podman.map((word) => `'${word}'`).join(' ')}`,
  );
  return `set -eu
work=$(mktemp -d); root=$work/root
mkdir -p $root/bin $root/etc $root/proc $root/dev $root/sys $root/tmp $root/run
cp /bin/busybox $root/bin/sleep
cat > $root/etc/passwd <<'EOF'
${PASSWD}EOF
cat > $root/etc/group <<'EOF'
${GROUP}EOF
cat > $work/runtime <<'EOF'
#!/bin/sh
for word; do
  [ "$take" = 1 ] && cp "$word/config.json" "$0.json" && echo "recorded" >&2 && exit 1
  take=0; [ "$word" = --bundle ] && take=1
done
exec crun "$@"
EOF
chmod +x $work/runtime
record() {
  name=$1; shift
  podman --runtime $work/runtime create --name peer-$name --hostname box "$@" --rootfs $root sleep 5 > $work/id
  podman --runtime $work/runtime init peer-$name > $work/out 2>&1 || true
  jq -c --arg name $name --arg root $root '{name: $name, root: $root, spec: .}' $work/runtime.json
  rm $work/runtime.json
  podman --runtime $work/runtime rm -f peer-$name > $work/out
}
${commands.join('\n')}
rm -r $work
`;
}

function store(lines: string): void {
  for (const line of lines.split('\n').filter((one) => one !== '')) {
    const { name, root, spec } = JSON.parse(line);
    const test = CASES.find((one) => one.name === name);
    if (test?.seccomp !== true && spec.linux.seccomp !== undefined) {
      spec.linux.seccomp = 'left out';
    }
    const text = JSON.stringify(spec, undefined, 2)
      .replaceAll(root, '/ROOT')
      // Where Podman mounts it for a user namespace, out of directories that are closed to it.
      .replaceAll(/\/var\/tmp\/intermediate-mountpoint-[0-9.]+/g, '/ROOT')
      .replaceAll(/"[^"]*\/overlay-containers\/[0-9a-f]{64}\/userdata\//g, '"/FILES/')
      .replaceAll(/[0-9a-f]{64}/g, 'ID')
      .replaceAll(/container_uuid=[0-9a-f]{32}/g, 'container_uuid=ID');
    writeFileSync(new URL(`peer/${name}.json`, import.meta.url), `${text}\n`);
  }
}
