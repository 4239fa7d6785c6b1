// Two proxies in a row: a balancer that appends to X-Forwarded-For, and behind it each gateway with its documented
// configuration and the lines that docs/gateways.md has for a balancer. A key latches to the client.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { adopt } from '../support/children.js';
import { Latchkey } from '../support/latchkey.js';
import { ask } from './client.mjs';
import { ADDRESS, GATEWAYS, startGateway } from './gateways.mjs';
import { Api, Customer } from './site.mjs';

const BALANCER = ADDRESS;
const PORT = 8081;
/** What docs/gateways.md says to add. */
const ADDED = {
  nginx: (text) =>
    text.replace('server_name api.example.com;', `server_name api.example.com;\n    set_real_ip_from ${BALANCER};\n    real_ip_header X-Forwarded-For;\n    real_ip_recursive on;`),
  Caddy: (text) =>
    `{\n\tservers {\n\t\ttrusted_proxies static ${BALANCER}\n\t\ttrusted_proxies_strict\n\t}\n}\n` +
    text
      .replace('header_up X-Latchkey-Gateway ""', 'header_up X-Latchkey-Gateway ""\n\t\t\theader_up X-Forwarded-For {client_ip}')
      .replace('reverse_proxy 127.0.0.1:8080', 'reverse_proxy 127.0.0.1:8080 {\n\t\t\theader_up X-Forwarded-For {client_ip}\n\t\t}'),
  Traefik: (text) =>
    text
      .replace('    address: ":80"\n', `    address: ":80"\n    forwardedHeaders:\n      trustedIPs: [${BALANCER}]\n`)
      .replace('trustForwardHeader: false', 'trustForwardHeader: true'),
  Envoy: (text) =>
    text
      .replace('use_remote_address: true', 'use_remote_address: true\n                xff_num_trusted_hops: 1')
      .replace(/.*remove: x-forwarded-for.*\n/, ''),
  HAProxy: (text) =>
    text.replace('    http-request set-header X-Forwarded-For', `    http-request set-src hdr(x-forwarded-for,-1) if { src ${BALANCER} }\n    http-request set-header X-Forwarded-For`),
};

/** The words of docs/gateways.md that those lines follow. */
const WORDS = {
  nginx: ['set_real_ip_from BALANCER;', 'real_ip_header X-Forwarded-For;', 'real_ip_recursive on;'],
  Caddy: ['trusted_proxies static BALANCER', 'trusted_proxies_strict', 'header_up X-Forwarded-For {client_ip}'],
  Traefik: ['trustedIPs: [BALANCER]', 'trustForwardHeader: true'],
  Envoy: ['xff_num_trusted_hops: 1'],
  HAProxy: ['http-request set-src hdr(x-forwarded-for,-1) if { src BALANCER }'],
};

let latchkey, api, folder, balancer, customer;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-balancer-'));
  await chmod(folder, 0o755);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`);
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid nginx.pid; error_log stderr warn; events {}
     http { ${temporary.join(' ')} access_log off; server { listen ${PORT}; location / {
     proxy_pass http://${ADDRESS}:80; proxy_bind ${BALANCER}; proxy_http_version 1.1; proxy_set_header Host $host;
     proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; } } }`,
  );
  const args = ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'];
  balancer = adopt(spawn('/usr/sbin/nginx', args, { stdio: 'ignore' }));
  const trusted = ['127.0.0.1', BALANCER].flatMap((address) => ['--trusted-proxy', address]);
  latchkey = await Latchkey.start({ listen: '127.0.0.1:3000', more: trusted });
  await latchkey.halt();
  await latchkey.resume({ LATCHKEY_CORS_PREFLIGHTS: 'pass' });
  api = await Api.start();
  customer = await Customer.add(latchkey, 'demouser');
});

after(async () => {
  const gone = once(balancer, 'exit');
  balancer.kill('SIGTERM');
  await gone;
  await api?.stop();
  await latchkey?.stop();
  await rm(folder, { recursive: true, force: true });
});

for (const name of Object.keys(GATEWAYS)) {
  describe(name, () => {
    let gateway;
    before(async () => {
      gateway = await startGateway(name, { change: ADDED[name] });
    });
    after(() => gateway?.stop());

    const to = `${ADDRESS}:${PORT}`;
    before(async () => {
      for (let n = 0; n < 50 && [404, 502].includes((await ask('192.0.2.22', [], { to })).status); n += 1) await sleep(100);
    });

    test('what is added is what the page says', async () => {
      const page = await readFile(new URL('../../docs/gateways.md', import.meta.url), 'utf8');
      const row = page.split('## Behind a balancer')[1].split('\n').find((line) => line.startsWith(`| ${name} |`));
      const files = Object.keys(GATEWAYS[name].files).map((file) => new URL(`../../docs/gateways/${file}`, import.meta.url));
      const changed = (await Promise.all(files.map(async (file) => ADDED[name](await readFile(file, 'utf8'))))).join('');
      for (const words of WORDS[name]) {
        assert.ok(row.includes(words), `${words}: ${row}`);
        assert.ok(changed.includes(words.replace('BALANCER', BALANCER)), words);
      }
    });

    test('a key latches to the client, and not to the balancer', async () => {
      const key = await customer.generate('default');
      const through = (from, ...lines) => ask(from, [`X-API-Key: ${key.token}`, ...lines], { to });
      const first = await through('192.0.2.20');
      assert.equal(first.status, 200, first.all);
      assert.deepEqual(await customer.uses(key), [1, '192.0.2.20']);
      assert.equal((await through('192.0.2.21')).status, 403);
      assert.equal((await through('192.0.2.21', 'X-Forwarded-For: 192.0.2.20')).status, 403, 'it chooses its address');
      assert.equal((await through('192.0.2.20', 'X-Forwarded-For: 198.51.100.9')).status, 200);
    });

    test('a preflight passes, and nothing that only says to be one', async () => {
      const preflight = ['Origin: https://app.example', 'Access-Control-Request-Method: POST'];
      const passed = await ask('192.0.2.20', preflight, { to, method: 'OPTIONS' });
      assert.equal(passed.status, 200, passed.all);
      for (const line of ['X-Forwarded-Method', 'X-Original-Method', 'X_Forwarded_Method', 'X-HTTP-Method-Override']) {
        for (const method of ['GET', 'POST', 'DELETE']) {
          api.calls = [];
          const forged = await ask('192.0.2.20', [...preflight, `${line}: OPTIONS`], { to, method, path: '/x' });
          assert.equal(forged.status, 401, `${line} ${method}: ${forged.all}`);
          assert.equal(api.calls.length, 0, 'the API is not called');
        }
      }
    });
  });
}
