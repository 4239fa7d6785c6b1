// An Express API that lets a request pass if Latchkey says that its key may.
import express from 'express';

const { LATCHKEY_URL, GATEWAY_TOKEN, PORT = 8080 } = process.env;
const FORBIDDEN = new Set(['IP_NOT_ALLOWED', 'NO_CLIENT_ADDRESS', 'DISABLED', 'OWNER_DISABLED']);

async function verify(key, clientIp) {
  const response = await fetch(`${LATCHKEY_URL}/v1/verify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${GATEWAY_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ key, client_ip: clientIp }),
    signal: AbortSignal.timeout(2000),
  });
  if (!response.ok) throw new Error(`Latchkey answered ${response.status}`);
  return response.json();
}

async function requireKey(request, response, next) {
  const key = request.get('x-api-key');
  if (!key) return response.status(401).json({ error: 'Send your key as X-API-Key.' });
  let verdict;
  try {
    verdict = await verify(key, request.ip);
  } catch (error) {
    console.error(error.message);
    return response.status(503).set('Retry-After', '1').json({ error: 'Try again.' });
  }
  if (verdict.valid) return Object.assign(request, { latchkey: verdict }) && next();
  const status = verdict.code === 'THROTTLED' ? 429 : FORBIDDEN.has(verdict.code) ? 403 : 401;
  response.status(status).json({ error: 'This key may not be used here.' });
}

const app = express();
// Behind a proxy, name it, or every client has the proxy's address: app.set('trust proxy', '10.0.0.1');
app.use(requireKey);
app.get('/hello', (request, response) => response.json({ hello: request.latchkey.username }));
app.listen(PORT, '127.0.0.1');
