// Takes Latchkey's webhooks: checks who signed, answers at once, and acts on each message once.
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

const { WEBHOOK_SECRET, PORT = 8081 } = process.env; // the secret that the page showed once: whsec_…
const judge = new Webhook(WEBHOOK_SECRET);
const seen = new Set(); // a program of yours keeps these for some days, so that a restart forgets none

createServer(async (request, response) => {
  if (request.method !== 'POST') return response.writeHead(405).end();
  let body = '';
  request.setEncoding('utf8'); // a character may come in two parts
  for await (const part of request) {
    body += part;
    if (body.length > 100_000) return response.writeHead(413, { connection: 'close' }).end();
  }
  let message;
  try {
    message = judge.verify(body, request.headers);
  } catch {
    return response.writeHead(401).end(); // not signed with our secret, or more than five minutes old
  }
  response.writeHead(204).end();
  const id = request.headers['webhook-id'];
  if (!seen.has(id)) act(seen.add(id) && message);
}).listen(PORT, '127.0.0.1');

function act({ type, timestamp, data }) {
  console.log(`${timestamp} ${type} ${JSON.stringify(data)}`);
}
