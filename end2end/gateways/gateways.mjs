// The five gateways, each with its documented configuration. Only the folder of a second file is replaced, and
// where a case asks for it, the gateway token is filled in at the place that the configuration names.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { adopt } from '../support/children.js';

const DOCUMENTED = fileURLToPath(new URL('../../docs/gateways/', import.meta.url));
const TOOLS = fileURLToPath(new URL('../../.tools/gateways/', import.meta.url));
const START_LIMIT = 20_000;
const STOP_LIMIT = 5_000;
export const ADDRESS = '192.0.2.1';

const NGINX_AROUND = `daemon off; worker_processes 1; pid nginx.pid; error_log stderr warn;
events {}
http {
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`).join('\n')}
access_log off;
include latchkey.conf;
}
`;

/** How each is started in a folder that holds its files, and what it calls the files there. */
export const GATEWAYS = {
  nginx: {
    files: { 'nginx.conf': 'latchkey.conf' },
    command: (folder) => ['/usr/sbin/nginx', '-p', folder, '-c', 'around.conf', '-e', 'stderr'],
  },
  Caddy: {
    files: { Caddyfile: 'Caddyfile' },
    command: (folder) => [`${TOOLS}caddy`, 'run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'],
  },
  Traefik: {
    files: { 'traefik.yaml': 'traefik.yaml', 'traefik-latchkey.yaml': 'traefik-latchkey.yaml' },
    command: (folder) => [`${TOOLS}traefik`, `--configFile=${join(folder, 'traefik.yaml')}`],
  },
  Envoy: {
    files: { 'envoy.yaml': 'envoy.yaml' },
    command: (folder) => [
      ...[`${TOOLS}envoy`, '--config-path', join(folder, 'envoy.yaml'), '--concurrency', '1'],
      ...['--disable-hot-restart', '--log-level', 'warn'],
    ],
  },
  HAProxy: {
    files: { 'haproxy.cfg': 'haproxy.cfg', 'haproxy-latchkey.lua': 'haproxy-latchkey.lua' },
    command: (folder) => ['/usr/sbin/haproxy', '-db', '-f', join(folder, 'haproxy.cfg')],
  },
};

/** Starts one and waits until it listens. */
export async function startGateway(name, { token, change = (text) => text } = {}) {
  if (await isReady()) throw new Error('the gateway before this one still listens');
  const { files, command } = GATEWAYS[name];
  const folder = await mkdtemp(join(tmpdir(), `latchkey-${name}-`));
  await chmod(folder, 0o755); // some work as another user
  await writeFile(join(folder, 'around.conf'), NGINX_AROUND);
  for (const [file, copy] of Object.entries(files)) {
    let text = await readFile(join(DOCUMENTED, file), 'utf8');
    text = text.replaceAll(/\/etc\/(traefik|haproxy)(?=\/)/g, folder);
    await writeFile(join(folder, copy), change(token ? withToken(text, token) : text));
  }
  const [program, ...args] = command(folder);
  const env = { PATH: process.env.PATH, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
  const child = adopt(spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] }));
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (log += data));
  const gone = once(child, 'exit');
  const stop = async () => {
    // nginx would leave its workers behind if it were killed.
    child.kill('SIGTERM');
    const late = sleep(STOP_LIMIT, null, { ref: false }).then(() => child.kill('SIGKILL'));
    await Promise.race([gone, late.then(() => gone)]);
    await rm(folder, { recursive: true, force: true });
  };
  const end = Date.now() + START_LIMIT;
  while (!(await isReady())) {
    if (child.exitCode !== null || Date.now() > end) {
      await stop();
      throw new Error(`${name} did not start:\n${log}`);
    }
    await sleep(20);
  }
  return { stop, log: () => log };
}

// The line after the one that speaks of the token holds an empty text, where the token belongs.
function withToken(text, token) {
  return text.replace(/(require_gateway_token.*\n\s*)#?(.*)""/, `$1$2"${token}"`);
}

// Some listen before they know their routes.
async function isReady() {
  const answer = await fetch(`http://${ADDRESS}/`).catch(() => undefined);
  return answer !== undefined && answer.status !== 404;
}
