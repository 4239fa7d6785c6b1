// The customers' pages behind each documented proxy, with a certificate of its own; and two proxies in a row before
// the pages' proxy and before a gateway: whoever comes is told apart, and nobody chooses an address.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { adopt } from '../support/children.js';
import { Latchkey } from '../support/latchkey.js';
import { ADDRESS } from './gateways.mjs';

const run = promisify(execFile);
const DOCUMENTED = fileURLToPath(new URL('../../docs/pages/', import.meta.url));
const TOOLS = fileURLToPath(new URL('../../.tools/gateways/', import.meta.url));
const HOST = 'keys.example.com';
const PASSWORD = 'correct horse battery';
const NGINX_AROUND = (listen) => `daemon off; worker_processes 1; pid ${listen}.pid; error_log stderr warn;
events {}
http {
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${listen}-${name};`).join('\n')}
access_log off;
include ${listen}.conf;
}
`;
const PROXIES = {
  nginx: {
    files: ['nginx.conf'],
    command: (folder) => ['/usr/sbin/nginx', '-p', folder, '-c', 'around.conf', '-e', 'stderr'],
  },
  Caddy: {
    files: ['Caddyfile'],
    command: (folder) => [`${TOOLS}caddy`, 'run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'],
  },
  Traefik: {
    files: ['traefik.yaml', 'traefik-pages.yaml'],
    command: (folder) => [`${TOOLS}traefik`, `--configFile=${join(folder, 'traefik.yaml')}`],
  },
};

let latchkey, folder, cert;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-pages-'));
  await chmod(folder, 0o755);
  cert = join(folder, 'keys.pem');
  const key = join(folder, 'keys.key');
  const subject = ['-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST},IP:${ADDRESS}`];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  await run('openssl', [...made, ...subject, '-keyout', key, '-out', cert]);
  await chmod(key, 0o644);
  latchkey = await Latchkey.start({ listen: '127.0.0.1:3000', more: ['--public-url', `https://${HOST}`] });
  await latchkey.addUser('demouser', PASSWORD);
});

after(async () => {
  await latchkey?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A proxy that matches what it makes of a path, and passes on what it was asked, takes these for /x. */
const CLIMBING = ['/../../x', '/%2e%2e/%2E%2E/x', '/..%2f..%2fx', '/..?a'].map((rest) => `/authz/ext-authz${rest}`);
const REFUSED = { nginx: 404, Caddy: 404, Traefik: 404 };

/** Starts a program and waits until this address is answered so: some listen before they know their routes. */
async function start(command, cwd, [url, expected]) {
  const [program, ...args] = command;
  const env = { PATH: process.env.PATH, HOME: cwd, XDG_CONFIG_HOME: cwd, XDG_DATA_HOME: cwd };
  const child = adopt(spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] }));
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (log += data));
  const gone = once(child, 'exit');
  const end = Date.now() + 20_000;
  for (;;) {
    const args = ['-s', '--cacert', cert, '--resolve', `${HOST}:443:${ADDRESS}`, '-o', '/dev/null', '-w', '%{http_code}'];
    const { stdout } = await run('curl', [...args, url]).catch(() => ({ stdout: '000' }));
    if (expected.test(stdout)) break;
    if (child.exitCode !== null || Date.now() > end) throw new Error(`${program} did not start:\n${log}`);
    await sleep(50);
  }
  return async () => {
    child.kill('SIGTERM');
    await gone;
  };
}

/** Starts a proxy with its documented files; Caddy gets the test's certificate in place of one from the internet. */
async function startProxy(name, change = (text) => text) {
  const { files, command } = PROXIES[name];
  await writeFile(join(folder, 'around.conf'), NGINX_AROUND('pages'));
  for (const file of files) {
    let text = await readFile(join(DOCUMENTED, file), 'utf8');
    text = text.replaceAll('/etc/traefik', folder).replaceAll('/etc/ssl', folder);
    if (name === 'Caddy') text = text.replace(`${HOST} {\n`, `${HOST} {\n\ttls ${cert} ${join(folder, 'keys.key')}\n`);
    await writeFile(join(folder, name === 'nginx' ? 'pages.conf' : file), change(text));
  }
  return start(command(folder), folder, [`https://${HOST}/login`, /200/]);
}

/** A browser of the clients' network: curl from an address there. */
async function browse(from, path, args = [], { scheme = 'https' } = {}) {
  const port = scheme === 'https' ? 443 : 80;
  const all = ['--silent', '--include', '--cacert', cert, '--interface', from, '--resolve', `${HOST}:${port}:${ADDRESS}`];
  const enter = ['--net=' + process.env.CLIENTS_NETWORK, 'curl', ...all, ...args, `${scheme}://${HOST}${path}`];
  const { stdout } = await run('nsenter', enter);
  return { status: Number(/^HTTP\/\S+ (\d+)/.exec(stdout)[1]), text: stdout };
}

const login = (from, username, password, forged) => {
  const lines = ['-H', `Origin: https://${HOST}`];
  if (forged) lines.push('-H', `X-Forwarded-For: ${forged}`, '-H', `X-Real-IP: ${forged}`, '-H', `Forwarded: for=${forged}`);
  return browse(from, '/login', [...lines, '--data', `username=${username}&password=${encodeURIComponent(password)}`]);
};

let visitor = 10;
for (const name of Object.keys(PROXIES)) {
  describe(name, () => {
    let stop;
    before(async () => {
      stop = await startProxy(name);
    });
    after(() => stop?.());

    test('the pages work, and nothing that is for gateways is reachable', async () => {
      const home = `192.0.2.${visitor++}`;
      assert.equal((await browse(home, '/login')).status, 200);
      const done = await login(home, 'demouser', PASSWORD);
      assert.equal(done.status, 303, done.text);
      assert.match(done.text, /set-cookie: __Host-/i);
      for (const path of ['/authz/forward-auth', '/authz/auth-request', '/authz/ext-authz/x', '/v1/verify', '/metrics']) {
        for (const args of [[], ['-X', 'POST']]) assert.equal((await browse(home, path, args)).status, 404, path);
      }
      for (const target of CLIMBING) {
        const args = ['--path-as-is', '-H', `Authorization: Bearer ${'x'.repeat(20)}`];
        const { status, text } = await browse(home, target, args);
        assert.equal(status, REFUSED[name], `${target}: ${text}`);
        assert.doesNotMatch(text, /x-latchkey/i, target);
        // As a client writes it to a proxy of its own.
        const whole = await browse(home, '/', [...args, '--http1.1', '--request-target', `https://${HOST}${target}`]);
        assert.equal(whole.status, REFUSED[name], `${target}: ${whole.text}`);
      }
      const plain = await browse(home, '/login', [], { scheme: 'http' });
      assert.ok([301, 302, 308].includes(plain.status), plain.text);
      assert.match(plain.text, /location: https:\/\/keys\.example\.com\/login/i);
    });

    test('ten wrong passwords of one visitor make nobody else wait, whatever it writes', async () => {
      const [guesser, other] = [`192.0.2.${visitor++}`, `192.0.2.${visitor++}`];
      const answers = [];
      for (let guess = 0; guess < 12; guess += 1) {
        answers.push((await login(guesser, `nobody${guess}`, 'wrong', `203.0.113.${guess}`)).status);
      }
      assert.deepEqual(answers, [...Array(10).fill(422), 429, 429]);
      assert.equal((await login(other, 'demouser', PASSWORD)).status, 303);
    });
  });
}

describe('a balancer before the pages', () => {
  let stops = [];
  before(async () => {
    // The balancer listens beside and appends, as most do; the documented proxy is told of it.
    stops.push(
      await startProxy('nginx', (text) =>
        text.replace(/(server_name.*\n\s+ssl_certificate )/, `set_real_ip_from 192.0.2.1;\n    real_ip_header X-Forwarded-For;\n    real_ip_recursive on;\n    $1`)),
    );
    await writeFile(join(folder, 'balancer-around.conf'), NGINX_AROUND('balancer'));
    await writeFile(
      join(folder, 'balancer.conf'),
      `server { listen 8443 ssl; ssl_certificate ${cert}; ssl_certificate_key ${join(folder, 'keys.key')};
        location / { proxy_pass https://${ADDRESS}:443; proxy_bind 192.0.2.1; proxy_set_header Host ${HOST};
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; } }
      server { listen 8080; }`,
    );
    stops.push(await start(['/usr/sbin/nginx', '-p', folder, '-c', 'balancer-around.conf', '-e', 'stderr'], folder, [`http://${ADDRESS}:8080/`, /[1-9]/]));
  });
  after(async () => {
    for (const stop of stops) await stop();
  });

  test('each visitor is known by its own address through two proxies in a row', async () => {
    const through = (from, username, password, forged) => {
      const args = ['--silent', '--include', '--cacert', cert, '--interface', from, '--resolve', `${HOST}:8443:${ADDRESS}`];
      const lines = ['-H', `Origin: https://${HOST}`, '-H', `X-Forwarded-For: ${forged}`];
      const data = ['--data', `username=${username}&password=${encodeURIComponent(password)}`];
      const enter = ['--net=' + process.env.CLIENTS_NETWORK, 'curl', ...args, ...lines, ...data, `https://${HOST}:8443/login`];
      return run('nsenter', enter).then(({ stdout }) => Number(/^HTTP\/\S+ (\d+)/.exec(stdout)[1]));
    };
    const answers = [];
    for (let guess = 0; guess < 12; guess += 1) answers.push(await through('192.0.2.80', `none${guess}`, 'wrong', `203.0.113.${guess}`));
    assert.deepEqual(answers, [...Array(10).fill(422), 429, 429]);
    assert.equal(await through('192.0.2.81', 'demouser', PASSWORD, '203.0.113.1'), 303);
  });
});
