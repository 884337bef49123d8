/** Registries in a bed, on its loopback: an open one, one with TLS and a password, and a proxy of the first that fails on purpose. */
import { readFileSync } from 'node:fs';
import type { Bed } from '../../bed/bed.ts';
import { until } from '../../support/machine.ts';

/** Plain HTTP, for everybody. */
export const OPEN = 'localhost:5000';
/** TLS with a certificate of its own, in /srv/ca; the user is `me`, the password `secret`. */
export const CLOSED = 'localhost:5001';
/** The open one by way of faulty-proxy.cjs. */
export const FAULTY = 'localhost:5002';
/** Nobody listens. */
export const NOBODY = 'localhost:5999';

/**
 * Starts them and puts into the open one (and what the closed one has, as both have the same storage):
 * - test/busybox:latest, a Docker manifest, and test/busybox:oci
 * - test/layers:v1 and v2, the same image, the lowest of whose layers is that of busybox
 * - test/multi:latest, a list of busybox for amd64 and layers for arm64
 */
export async function startRegistries(bed: Bed): Promise<void> {
  const proxy = readFileSync(new URL('./faulty-proxy.cjs', import.meta.url), 'utf8');
  await bed.sh(SERVERS, { input: proxy });
  for (const name of [OPEN, CLOSED, FAULTY]) {
    const connect = ['socat', '-u', 'OPEN:/dev/null', `TCP:127.0.0.1:${name.replace(/.*:/, '')}`];
    await until(`${name} answers`, async () => (await bed.nsenter(connect)).code === 0 || undefined);
  }
  await bed.sh(CONTENT);
}

const SERVERS = `
mkdir -p /srv/registry /srv/ca /srv/faulty
cat >/srv/faulty/proxy.cjs
echo pass >/srv/faulty/mode
: >/srv/faulty/blobs
openssl req -x509 -newkey rsa:2048 -nodes -keyout /srv/key.pem -out /srv/ca/ca.crt -days 30 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost 2>/dev/null
htpasswd -Bbn me secret >/srv/htpasswd 2>/dev/null
printf '{"auths": {"${CLOSED}": {"auth": "%s"}}}' "$(printf me:secret | base64)" >/srv/auth.json
cat >/srv/open.yml <<CONF
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: /srv/registry}}
http: {addr: "127.0.0.1:5000"}
CONF
cat >/srv/closed.yml <<CONF
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: /srv/registry}}
http: {addr: "127.0.0.1:5001", tls: {certificate: /srv/ca/ca.crt, key: /srv/key.pem}}
auth: {htpasswd: {realm: bed, path: /srv/htpasswd}}
CONF
systemd-run --quiet --unit=test-registry-open docker-registry serve /srv/open.yml
systemd-run --quiet --unit=test-registry-closed docker-registry serve /srv/closed.yml
systemd-run --quiet --unit=test-registry-faulty --setenv=BUN_BE_BUN=1 /usr/lib/berth/berth /srv/faulty/proxy.cjs 5002 5000 /srv/faulty
`;

/** The list is written by hand: skopeo copies its two images by digest, and sends it as it is. */
const CONTENT = `
copy() { skopeo copy --quiet --dest-tls-verify=false "$@"; }
copy --format v2s2 docker-archive:/images/busybox.tar docker://${OPEN}/test/busybox:latest
copy --format oci docker-archive:/images/busybox.tar docker://${OPEN}/test/busybox:oci
copy --format oci docker-archive:/images/layers.tar docker://${OPEN}/test/layers:v1
copy docker://${OPEN}/test/layers:v1 --src-tls-verify=false docker://${OPEN}/test/layers:v2

skopeo copy --quiet docker-archive:/images/busybox.tar oci:/srv/multi:amd64
skopeo copy --quiet docker-archive:/images/layers.tar oci:/srv/multi:arm64
umoci config --image /srv/multi:arm64 --architecture arm64
cd /srv/multi
jq --compact-output '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [
    .manifests[] | {mediaType, digest, size, platform: {os: "linux", architecture: .annotations["org.opencontainers.image.ref.name"]}}]}' \
  index.json | tr -d '\\n' >list
digest=$(sha256sum list | cut -d ' ' -f 1)
mv list "blobs/sha256/$digest"
jq --null-input --arg digest "sha256:$digest" --argjson size "$(stat -c %s "blobs/sha256/$digest")" \
  '{schemaVersion: 2, manifests: [{mediaType: "application/vnd.oci.image.index.v1+json", digest: $digest, size: $size}]}' >index.json
copy --all oci:/srv/multi docker://${OPEN}/test/multi:latest
`;
