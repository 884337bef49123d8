/** Containers in networks: what they reach, what reaches them, and that nothing of it is left. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bed } from '../../bed/bed.ts';
import {
  answer,
  berth,
  bootWith,
  leavingNothing,
  RUNTIMES,
  remove,
  script,
  systemctl,
  until,
} from '../../support/machine.ts';

/** netavark keeps its chains for the next container, Berth its folder; neither leads anywhere. */
const KEPT = [/^runtime file: \/run\/berth\/netns$/];

/** What somebody on the host gets from a port, by the Bun of the package. */
const FETCH = `get() { BUN_BE_BUN=1 /usr/lib/berth/berth -e 'fetch(process.argv[1], { signal: AbortSignal.timeout(20_000) }).then((r) => r.text()).then((t) => process.stdout.write(t)).catch((e) => { console.log("no answer"); })' "$1"; }`;

/** What comes back from an address and a port of UDP. */
const ECHO = `echo_udp() { BUN_BE_BUN=1 /usr/lib/berth/berth -e '
  const [address, port] = process.argv.slice(1);
  const socket = require("node:dgram").createSocket(address.includes(":") ? "udp6" : "udp4");
  const say = setInterval(() => socket.send("ping", Number(port), address), 200);
  socket.on("message", (text) => { console.log(String(text)); clearInterval(say); socket.close(); });
  setTimeout(() => { console.log("no answer"); process.exit(); }, 20_000).unref();' "$1" "$2"; }`;

/** Answers whatever it is asked (RFC 1035, section 4): the header and the question again, and 192.0.2.7. */
const NAME_SERVER = `const server = require("dgram").createSocket("udp4");
  server.on("message", (query, from) => {
    let end = 12; while (query[end] !== 0) end += query[end] + 1;
    const head = Buffer.from(query.subarray(0, end + 5)); head.writeUInt16BE(0x8180, 2); head.writeUInt16BE(1, 6); head.writeUInt32BE(0, 8);
    server.send(Buffer.concat([head, Buffer.from("c00c000100010000003c0004c0000207", "hex")]), from.port, from.address);
  });
  server.bind(53);`;

describe('containers in networks', () => {
  let bed: Bed;

  before(async () => {
    bed = await bootWith('network', ['busybox', 'nginx', 'redis']);
    // A machine as most are: Podman's bridge is the default, and there is a name server to be asked.
    await script(
      bed,
      `rm /etc/containers/containers.conf; echo nameserver 192.0.2.53 >/etc/resolv.conf
       berth network create --ipv6 --subnet 10.91.0.0/24 --subnet fd00:91::/64 front >/dev/null
       berth network create --internal --subnet 10.92.0.0/24 back >/dev/null`,
    );
  });
  after(() => bed?.close());

  const gone = (work: () => Promise<void>): Promise<void> => leavingNothing(bed, work, KEPT);

  for (const runtime of RUNTIMES) {
    test(`nginx is reached by published ports and by name, also after a restart and a SIGKILL of all, with ${runtime}`, () =>
      gone(async () => {
        const out = await bed.sh(`
          ${FETCH}
          berth run -d --runtime ${runtime} --name web --restart always --network front --network-alias www \\
            -p 8080:80 -p '[::]:8081:80' -p 127.0.0.1:8090-8091:80-81 nginx >/dev/null
          berth port web
          seen() { get http://127.0.0.1:8080/; get http://127.0.0.1:8090/; get http://[fd00:91::1]:8081/; }
          listens() { until get http://127.0.0.1:8080/ | grep -q here; do :; done; }
          listens; seen
          berth run --rm --runtime ${runtime} --network front busybox sh -c 'wget -qO- http://web/; wget -qO- http://www/'
          address=$(berth inspect web --format '{{.NetworkSettings.Networks.front.IPAddress}}')
          berth restart web >/dev/null; listens; seen
          [ "$address" = "$(berth inspect web --format '{{.NetworkSettings.Networks.front.IPAddress}}')" ] && echo same address
          number=$(berth inspect web --format '{{.RestartCount}}')
          systemctl kill --signal=KILL berth-web
          until [ "$(berth inspect web --format '{{.RestartCount}} {{.State.Status}}')" != "$number running" ]; do :; done
          until [ "$(berth inspect web --format '{{.State.Status}}')" = running ]; do :; done
          listens; seen`);
        assert.deepEqual(out.split('\n'), [
          '80/tcp -> 0.0.0.0:8080',
          '80/tcp -> :::8081',
          '80/tcp -> 127.0.0.1:8090',
          '81/tcp -> 127.0.0.1:8091',
          ...Array(8).fill('nginx is here'),
          'same address',
          ...Array(3).fill('nginx is here'),
        ]);
        await remove(bed, 'web');
      }));

    test(`two networks, one without a way out, Redis by name, shared namespaces, UDP, with ${runtime}`, () =>
      gone(async () => {
        const out = await bed.sh(`
          ${FETCH}
          ${ECHO}
          run="berth run --runtime ${runtime}"
          $run -d --name db --network back redis redis-server --bind 0.0.0.0 --protected-mode no >/dev/null
          $run -d --name app --network front,back -p 7007:7/udp -p '[::]:7008-7009:7-8/udp' -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro --env BUN_BE_BUN=1 busybox \
            /usr/lib/berth/berth -e 'for (const port of [7, 8]) { const s=require("dgram").createSocket("udp6"); s.on("message", (m, r) => s.send(m + " at " + port, r.port, r.address)); s.bind(port); }' >/dev/null
          berth exec app sh -c 'ip -o -4 addr show | grep -c eth; echo PING | nc -w 5 db 6379'
          echo_udp 127.0.0.1 7007; echo_udp fd00:91::1 7008; echo_udp fd00:91::1 7009
          berth run --rm -p '[fd00:91::1]:7009:9/udp' busybox true 2>&1 | grep -o 'udp6 .*: container' || true
          $run --rm --network container:app busybox sh -c 'ip -o -4 addr show | grep -c eth; hostname -i | wc -w'
          $run --rm --network back busybox sh -c 'ip route | grep -c default; cat /etc/resolv.conf | grep -c nameserver' || true
          $run --rm --network host busybox sh -c 'nc -w 1 10.92.0.1 6379 </dev/null 2>&1 || echo refused'`);
        assert.equal(
          out,
          "2\n+PONG\r\nping at 7\nping at 7\nping at 8\nudp6 [fd00:91::1]:7009: bind: address already in use: container\n2\n1\n0\n1\nnc: can't connect to remote host (10.92.0.1): Connection refused\nrefused",
        );
        await remove(bed, 'app', 'db');
      }));

    test(`a user namespace of its own, with ${runtime}`, () =>
      gone(async () => {
        const out = await bed.sh(`
          ${FETCH}
          berth run -d --runtime ${runtime} --name mapped --uidmap 0:200000:65536 --network front -p 8080:80 busybox \\
            httpd -f -p 80 >/dev/null
          berth exec mapped sh -c 'echo mapped is here >index.html; grep -c mapped /etc/hosts; ip -o addr show eth0 | grep -c "10.91.0\\|fd00:91:"'
          until get http://127.0.0.1:8080/ | grep -q mapped; do :; done
          get http://127.0.0.1:8080/`);
        assert.equal(out, '2\n2\nmapped is here');
        await remove(bed, 'mapped');
      }));
  }

  for (const runtime of RUNTIMES) {
    test(`a running container comes into a network and leaves it, and its files say so, with ${runtime}`, () =>
      gone(async () => {
        const out = await script(
          bed,
          `berth run -d --runtime ${runtime} --name one --network front busybox sleep 1000 >/dev/null
         berth exec one sh -c 'echo 9.9.9.9 mine >>/etc/hosts'
         berth network connect --ip 10.88.0.77 --alias uno podman one
         berth network connect podman one 2>&1 | cut -d ' ' -f 5-
         berth exec one sh -c 'ip -o -4 addr show eth1 | grep -o 10.88.0.77; grep -c 10.88.0.77 /etc/hosts; grep mine /etc/hosts'
         berth restart --time 0 one >/dev/null
         berth exec one sh -c 'ip -o -4 addr show eth1 | grep -o 10.88.0.77'
         berth network disconnect front one
         berth exec one sh -c 'ip -o -4 addr show | grep -c 10.91; grep -c 10.91 /etc/hosts; grep -c 10.91 /etc/resolv.conf' || true
         berth inspect one --format '{{range $name, $net := .NetworkSettings.Networks}}{{$name}} {{$net.IPAddress}}{{end}}'
         berth network connect back one; berth exec one sh -c 'ls /sys/class/net | grep eth | tr "\n" " "; ip -o -4 addr show eth0 | grep -c 10.92'
         berth network disconnect back one
         berth network connect --ip 10.99.0.1 front one 2>&1 || echo $?
         berth network disconnect front one 2>&1 || echo $?
         berth inspect one --format '{{len .NetworkSettings.Networks}}'
         berth events --stream=false --filter type=network --format '{{.Status}} {{.Network}}' | tail -4`,
        );
        assert.deepEqual(out.trimEnd().split('\n'), [
          'already connected to network podman: network is already connected',
          '10.88.0.77',
          '1',
          '9.9.9.9 mine',
          '10.88.0.77',
          '0',
          '0',
          '0',
          'podman 10.88.0.77',
          // The first name that is free: podman's interface stays eth1.
          'eth0 eth1 1',
          'Error: requested static ip 10.99.0.1 not in any subnet on network front',
          '125',
          'Error: container one is not connected to network front',
          '125',
          '1',
          'connect podman',
          'disconnect front',
          'connect back',
          'disconnect back',
        ]);
        await remove(bed, 'one');
      }));

    test(`a flushed firewall is made anew by network reload, with ${runtime}`, () =>
      gone(async () => {
        const out = await script(
          bed,
          `${FETCH}
         berth run -d --runtime ${runtime} --name web --network front -p 8080:80 nginx >/dev/null
         mac=$(berth inspect web --format '{{.NetworkSettings.Networks.front.MacAddress}}')
         nft flush ruleset
         berth network reload --all | wc -l; get http://127.0.0.1:8080/
         [ "$mac" = "$(berth exec web cat /sys/class/net/eth0/address)" ] && echo same
         berth stop web >/dev/null; berth network reload web 2>&1 || echo $?`,
        );
        assert.equal(
          out.trimEnd(),
          '1\nnginx is here\nsame\nError: cannot reload network unless container network has been configured: container state improper\n125',
        );
        await remove(bed, 'web');
      }));
  }

  test('whoever stops it or has waited for its end, with what environment and where ever: no rule of it is left', () =>
    gone(async () => {
      const rules = 'nft list ruleset | grep -c "dport 808" || true';
      const out = await script(
        bed,
        `rules() { ${rules}; }
         start() { berth run -d --name web --network front -p 8080:80 nginx >/dev/null; rules; }
         ended() { berth rm web >/dev/null; rules; }
         cron='env -i PATH=/usr/bin:/bin NETAVARK_FW=none'
         touch /run/elsewhere; unshare --net=/run/elsewhere true
         start; $cron berth stop web >/dev/null; ended
         start; nsenter --net=/run/elsewhere berth stop web >/dev/null; ended
         start; $cron berth rm --force web >/dev/null; rules
         $cron berth run --rm --network front -p 8080:80 busybox true; rules
         umount /run/elsewhere; rm /run/elsewhere`,
      );
      const [before, ...after] = out.trimEnd().split('\n');
      assert.notEqual(before, '0');
      assert.deepEqual(after, ['0', before, '0', before, '0', '0']);
    }));

  test('host-gateway is the host, as who is in the network reaches it', () =>
    gone(async () => {
      const out = await script(
        bed,
        `berth run --rm --network front --add-host outside:host-gateway busybox sh -c 'grep outside /etc/hosts; ip route | grep ^default' | awk '{print $1 == "default" ? $3 : $1}' | uniq -c`,
      );
      assert.match(out.trim(), /^2 10\.91\.0\.1$/);
    }));

  test('new name servers of a network answer those who run in it, also after a reload', () =>
    gone(async () => {
      const out = await script(
        bed,
        `berth run -d --name ns --network back --ip 10.92.0.53 -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro --env BUN_BE_BUN=1 busybox \
           /usr/lib/berth/berth -e '${NAME_SERVER}' >/dev/null
         berth run -d --name asks --network front busybox sleep 1000 >/dev/null
         berth network update --dns-add 10.92.0.53 front
         berth exec asks nslookup -type=a other.example | grep 192.0.2
         berth network reload asks | wc -l
         berth exec asks nslookup -type=a other.example | grep 192.0.2
         berth network update --dns-drop 10.92.0.53 front; head -n 1 /run/containers/networks/aardvark-dns/front`,
      );
      assert.deepEqual(out.trimEnd().split('\n'), [
        'front',
        'Address: 192.0.2.7',
        '1',
        'Address: 192.0.2.7',
        'front',
        '10.91.0.1,fd00:91::1',
      ]);
      await remove(bed, 'ns', 'asks');
    }));

  describe('a start that fails says why, with the exit code of Podman, and leaves nothing', () => {
    test('a port that another container has, and one that a program of the host has', () =>
      gone(async () => {
        await berth(bed, 'run', '-d', '--name', 'first', '-p', '8080:80', 'busybox', 'sleep', '1000');
        const taken = await answer(bed, 'run', '--name', 'second', '-p', '8080:80', 'busybox', 'true');
        assert.equal(taken.code, 126);
        assert.match(
          taken.stderr,
          /cannot listen on the TCP port: listen tcp4 :8080: bind: address already in use: container first has it$/,
        );
        await remove(bed, 'first', 'second');
        await berth(bed, 'run', '-d', '--name', 'first', '-p', '9-11:9-11/sctp', 'busybox', 'sleep', '1000');
        const sctp = await answer(bed, 'run', '--rm', '-p', '127.0.0.1:11:1/sctp', 'busybox', 'true');
        assert.equal(sctp.code, 126);
        assert.match(
          sctp.stderr,
          /cannot listen on the SCTP port: listen sctp 127\.0\.0\.1:11: bind: address already in use: container first has it$/,
        );
        assert.equal((await answer(bed, 'run', '--rm', '-p', '11:1/udp', 'busybox', 'true')).code, 0);
        await remove(bed, 'first');
        const host = await bed.sh(`
          BUN_BE_BUN=1 /usr/lib/berth/berth -e 'require("node:net").createServer().listen(8080, "127.0.0.1", () => console.log("up"))' & server=$!
          until grep -q ':1F90 ' /proc/net/tcp; do :; done
          berth run --rm -p 127.0.0.1:8080:80 busybox true 2>&1 || echo $?; kill $server`);
        assert.match(host, /listen tcp4 127\.0\.0\.1:8080: bind: address already in use\n126$/);
      }));

    test('an address that is taken, and a network that is gone', () =>
      gone(async () => {
        await berth(
          bed,
          ...[
            'run',
            '-d',
            '--name',
            'first',
            '--network',
            'front',
            '--ip',
            '10.91.0.7',
            'busybox',
            'sleep',
            '9',
          ],
        );
        const taken = await answer(
          bed,
          ...['run', '--rm', '--network', 'front', '--ip', '10.91.0.7', 'busybox', 'true'],
        );
        assert.equal(taken.code, 126);
        assert.match(
          taken.stderr,
          /requested ip address 10\.91\.0\.7 is already allocated to container ID [0-9a-f]{64}$/,
        );
        await remove(bed, 'first');
        await berth(bed, 'network', 'create', 'brief');
        await berth(bed, 'create', '--name', 'orphan', '--network', 'brief', 'busybox', 'true');
        await script(bed, 'rm /etc/containers/networks/brief.json');
        const start = await answer(bed, 'start', 'orphan');
        assert.equal(start.code, 125);
        assert.match(start.stderr, /unable to find network with name or ID brief: network not found$/);
        await remove(bed, 'orphan');
      }));

    test('netavark that is missing, fails half way, or cannot undo', () =>
      gone(async () => {
        await berth(
          bed,
          'create',
          '--name',
          'n',
          '--network',
          'front',
          '-p',
          '8080:80',
          'busybox',
          'sleep',
          '1000',
        );
        const failing = async (program: string): Promise<string> => {
          await script(
            bed,
            `cat >/srv/netavark <<'END'
${program}
END
             chmod +x /srv/netavark; mkdir -p /run/systemd/system/berth-n.service.d
             printf '[Service]\\nEnvironment=BERTH_NETAVARK=/srv/netavark\\n' >/run/systemd/system/berth-n.service.d/x.conf
             systemctl daemon-reload`,
          );
          const { code, stderr } = await answer(bed, 'start', 'n');
          assert.equal(code, 125);
          await until('the unit has ended', async () =>
            (await bed.nsenter(['systemctl', 'is-active', '--quiet', 'berth-n'])).code === 0
              ? undefined
              : true,
          );
          assert.equal(await script(bed, 'find /run/berth/netns /run/berth/containers -mindepth 1'), '');
          return stderr;
        };
        const real = '/usr/lib/podman/netavark "$@"';
        assert.match(
          await failing(
            `#!/bin/sh\ncase $* in *setup*) ${real} >/dev/null; echo '{"error":"half way"}'; exit 1 ;; *) ${real} ;; esac`,
          ),
          /: netavark: half way$/,
        );
        assert.match(
          await failing(
            `#!/bin/sh\ncase $* in *setup*) echo '{"error":"no setup"}' ;; *) ${real} >/dev/null; echo '{"error":"no undo"}' ;; esac; exit 1`,
          ),
          /: netavark: no setup \(and while undoing it: .*netavark: no undo\)$/,
        );
        assert.match(await failing('#!/bin/sh\nkill -9 $$'), /: netavark: /);
        await script(
          bed,
          'rm -r /run/systemd/system/berth-n.service.d /srv/netavark; systemctl daemon-reload',
        );
        await script(bed, 'mv /usr/lib/podman/netavark /usr/lib/podman/away');
        const missing = await answer(bed, 'start', 'n');
        await script(bed, 'mv /usr/lib/podman/away /usr/lib/podman/netavark');
        assert.match(
          missing.stderr,
          /could not find "netavark" in .*: install the package netavark, or use --network none or host$/,
        );
        await systemctl(bed, 'start', 'berth-n');
        await remove(bed, 'n');
      }));
  });

  test('after a reboot the ports and names are there again, with what starts at boot', async () => {
    const ports = { crun: 8080, runc: 8081 };
    for (const runtime of RUNTIMES)
      await script(
        bed,
        `berth create --name boot-${runtime} --runtime ${runtime} --network front -p ${ports[runtime]}:80 nginx >/dev/null
         systemctl enable -q --now berth-boot-${runtime}`,
      );
    await bed.reboot();
    for (const runtime of RUNTIMES) {
      const out = await bed.sh(`
        ${FETCH}
        until [ "$(berth inspect boot-${runtime} --format '{{.State.Status}}')" = running ]; do :; done
        until get http://127.0.0.1:${ports[runtime]}/ | grep here; do :; done
        berth run --rm --runtime ${runtime} --network front busybox wget -qO- http://boot-${runtime}/`);
      assert.equal(out, 'nginx is here\nnginx is here');
    }
    await gone(() => Promise.resolve());
    await remove(bed, ...RUNTIMES.map((runtime) => `boot-${runtime}`));
    const left = await script(
      bed,
      'ls /run/berth/netns; ls /sys/class/net; nft list ruleset | grep -c "dport 808" || true; sqlite3 /var/lib/berth/berth.db "SELECT count(*) FROM network_address"',
    );
    assert.equal(left.trimEnd(), 'lo\n0\n0');
  });
});
