import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { containerEnvText, hostnameText, hostsText, resolvConfText } from '../../../src/oci/files.ts';
import { config } from '../../support/config.ts';

describe('the files of a container', () => {
  it('give it its own name in /etc/hosts, after the host’s entries', () => {
    const text = hostsText(config(), '127.0.0.1\tlocalhost');
    assert.equal(text, '127.0.0.1\tlocalhost\n127.0.0.1\tbox unit\n');
    assert.equal(hostsText(config({ name: 'box' }), '::1 localhost').split('\n')[1], '127.0.0.1\tbox');
  });

  it('have the host’s entries and localhost, and none of their own, on the host’s network', () => {
    const text = hostsText(config({ network: 'host' }), '# all\n127.0.0.1  here  there # too\n\nnobody\n');
    assert.equal(text, '127.0.0.1\there there\n127.0.0.1\tlocalhost\n::1\tlocalhost\n');
  });

  it('begin with the names that were added, which are not said twice', () => {
    const added = { addHosts: ['localhost;box:1.1.1.1', 'six:::1'] };
    assert.equal(hostsText(config(added), ''), '1.1.1.1\tlocalhost box\n::1\tsix\n127.0.0.1\tunit\n');
    assert.equal(hostsText(config({ ...added, name: 'six' }), ''), '1.1.1.1\tlocalhost box\n::1\tsix\n');
    assert.throws(() => hostsText(config({ addHosts: ['a:host-gateway'] }), ''), {
      message:
        'unable to replace "host-gateway" of host entry "a:host-gateway": host containers internal IP address is empty',
    });
  });

  it('hold the host’s name servers, without what resolvers may have of their own', () => {
    const host =
      '# c\n; d\nsearch a\nnameserver 127.0.0.53 # e\nsearch b c\nsortlist 1\noptions x\noptions y z';
    assert.equal(resolvConfText({}, host), 'search b c\nnameserver 127.0.0.53\noptions y z\n');
    assert.equal(
      resolvConfText({ dns: ['1.1.1.1', '::1'], dnsSearch: ['q'], dnsOptions: ['o'] }, host),
      'search q b c\nnameserver 1.1.1.1\nnameserver ::1\noptions o y z\n',
    );
    assert.equal(resolvConfText({ dnsSearch: ['.'] }, host), 'nameserver 127.0.0.53\noptions y z\n');
    assert.equal(resolvConfText({}, ''), '');
  });

  it('hold the host name, and what the container is', () => {
    assert.equal(hostnameText(config()), 'box\n');
    assert.match(containerEnvText(config()), /^name="unit"$/m);
  });
});
