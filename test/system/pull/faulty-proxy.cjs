// A registry's proxy that fails on purpose; run in the bed by the package's own Node:
//   node faulty-proxy.cjs PORT REGISTRY-PORT FOLDER
// FOLDER/mode says what happens to a large blob: pass, cut (half of it, then the connection is gone) or hold (half of it, then
// nothing more). FOLDER/blobs gets a line for each blob that was asked for, FOLDER/held is made when one is held.
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

/** Configs and the smallest layers pass. */
const LARGE = 100_000;
const [port, registry, folder] = process.argv.slice(2);
const mode = () => fs.readFileSync(path.join(folder, 'mode'), 'utf8').trim();

http
  .createServer((request, response) => {
    const { method, url, headers } = request;
    const isBlob = method === 'GET' && url.includes('/blobs/');
    if (isBlob) fs.appendFileSync(path.join(folder, 'blobs'), `${url.replace(/^.*:/, '')}\n`);
    const upstream = http.request(
      { host: '127.0.0.1', port: registry, method, path: url, headers },
      (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        if (!isBlob || mode() === 'pass' || answer.statusCode >= 300) return void answer.pipe(response);
        const chunks = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('end', () => {
          const body = Buffer.concat(chunks);
          if (body.length < LARGE) return void response.end(body);
          response.write(body.subarray(0, body.length / 2), () => {
            if (mode() === 'hold') fs.writeFileSync(path.join(folder, 'held'), '');
            else response.destroy();
          });
        });
      },
    );
    upstream.on('error', () => response.destroy());
    request.pipe(upstream);
  })
  .listen(Number(port), '127.0.0.1');
