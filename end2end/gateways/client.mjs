// A client somewhere else: curl in the clients' network.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ADDRESS } from './gateways.mjs';

const run = promisify(execFile);

/** One request from an address with these header lines; what came back. */
export async function ask(from, lines, { method = 'GET', path = '/', body, to = ADDRESS } = {}) {
  const args = ['--silent', '--show-error', '--include', '--max-time', '10', '--path-as-is', '--globoff', '--interface', from];
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

// Runs in the clients' network: asks for an upgrade and, once it is there, says hello and waits for the answer.
const HANDS = `
const [from, to, ...lines] = process.argv.slice(1);
const socket = require('node:net').connect({ host: to, port: 80, localAddress: from });
let text = '';
setTimeout(() => socket.destroy(), 10_000).unref();
socket.on('data', (data) => {
  text += data;
  if (!text.includes('\\r\\n\\r\\n')) return;
  if (!/^HTTP\\S+ 101/.test(text) || text.includes('echo')) socket.end();
  else if (!socket.greeted) socket.greeted = socket.write('hello');
}).on('error', () => {}).on('close', () => process.stdout.write(text));
socket.write(['GET /socket HTTP/1.1', 'Host: ' + to, ...lines, '', ''].join('\\r\\n'));
`;

/** Asks for an upgrade of the connection, with a line for each that it names; the status and all that came. */
export async function shakeHands(from, lines, ...upgrades) {
  const settings = ['Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA'];
  const asks = upgrades.some((upgrade) => upgrade.includes('h2c')) ? settings : ['Connection: Upgrade'];
  const hands = [...asks, ...upgrades.map((upgrade) => `Upgrade: ${upgrade}`), 'Sec-WebSocket-Version: 13'];
  const nonce = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
  const inside = ['--net=' + process.env.CLIENTS_NETWORK, process.execPath, '--eval', HANDS, '--'];
  const { stdout } = await run('nsenter', [...inside, from, ADDRESS, ...hands, nonce, ...lines]);
  return { status: Number(stdout.split(' ')[1]), all: stdout };
}
