// A client somewhere else: curl in the clients' network.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ADDRESS } from './gateways.mjs';

const run = promisify(execFile);

/** One request from an address with these header lines; what came back. */
export async function ask(from, lines, { method = 'GET', path = '/', body, to = ADDRESS } = {}) {
  const args = ['--silent', '--show-error', '--include', '--max-time', '10', '--path-as-is', '--interface', from];
  if (method === 'HEAD') args.push('--head');
  else args.push('--request', method);
  if (body !== undefined) args.push('--data', body);
  for (const line of lines) args.push('--header', line);
  const enter = ['--net=' + process.env.CLIENTS_NETWORK, 'curl', ...args, `http://${to}${path}`];
  const { stdout } = await run('nsenter', enter);
  const [head, ...rest] = stdout.split('\r\n\r\n');
  const [first, ...pairs] = head.split('\r\n');
  const headers = new Headers(pairs.map((line) => line.split(/:\s*(.*)/s, 2)));
  return { status: Number(first.split(' ')[1]), headers, body: rest.join('\r\n\r\n'), all: stdout };
}

export const basic = (username, secret) =>
  `Authorization: Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`;
