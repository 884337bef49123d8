import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { containerEnvText, hostnameText, hostsText } from '../../../src/oci/files.ts';
import { config } from '../../support/config.ts';

describe('the files of a container', () => {
  it('give it its own name in /etc/hosts, after the host’s entries', () => {
    const text = hostsText(config(), '127.0.0.1\tlocalhost');
    assert.equal(text, '127.0.0.1\tlocalhost\n127.0.0.1\tbox unit\n');
    assert.equal(hostsText(config({ name: 'box' }), '\n').trim(), '127.0.0.1\tbox');
  });

  it('leave /etc/hosts as the host’s on the host’s network', () => {
    assert.equal(hostsText(config({ network: 'host' }), '127.0.0.1 here\n\n'), '127.0.0.1 here\n');
  });

  it('hold the host name, and what the container is', () => {
    assert.equal(hostnameText(config()), 'box\n');
    assert.match(containerEnvText(config()), /^name="unit"$/m);
  });
});
