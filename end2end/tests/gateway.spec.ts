import { expect, test } from '../support/fixtures';
import { passed, refused } from '../support/verdicts';

// The documented nginx, and what it lets through.

test('the gateway lets nothing through without one good key', async ({ portal, gateway }) => {
  await portal.firstAccount();
  await portal.openList();
  const token = await portal.generate('WEB');
  const changed = token.slice(0, -1) + (token.endsWith('a') ? 'b' : 'a');
  refused(await gateway.get('127.0.0.5'), 401, 'MISSING');
  refused(await gateway.use('rubbish', '127.0.0.5'), 401, 'MALFORMED');
  refused(await gateway.use(changed, '127.0.0.5'), 401, 'MALFORMED');
  refused(await gateway.use(token, '127.0.0.5', `Authorization: Bearer ${token}`), 401, 'MALFORMED');
  // None of these has latched the key to the address it came from.
  passed(await gateway.get('127.0.0.6', `Authorization: Bearer ${token}`), 'default', '127.0.0.6');
  // An API must be able to trust the identity it is given: a client cannot forge it.
  const forged = await gateway.use(token, '127.0.0.6', 'X-Latchkey-Username: admin', 'X-Latchkey-Key-Id: 1');
  passed(forged, 'default', '127.0.0.6');
});

test('who guesses is slowed down, and nobody else', async ({ portal, gateway }) => {
  await portal.firstAccount();
  await portal.openList();
  const secret = await portal.generate('Bind', 'SMPP');
  const bind = (from: string, password: string) => {
    const credentials = Buffer.from(`demouser:${password}`).toString('base64');
    return gateway.get(from, `Authorization: Basic ${credentials}`);
  };
  let answer = await bind('127.0.0.5', 'guess000');
  refused(answer, 401, 'NOT_FOUND');
  for (let n = 1; answer.status === 401 && n < 100; n++) {
    answer = await bind('127.0.0.5', `guess${String(n).padStart(3, '0')}`);
  }
  refused(answer, 429, 'THROTTLED');
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  passed(await bind('127.0.0.6', secret), 'smpp', '127.0.0.6');
});

test('without Latchkey, nothing passes the gateway', async ({ portal, gateway, latchkey }) => {
  await portal.firstAccount();
  await portal.openList();
  const token = await portal.generate('WEB');
  passed(await gateway.use(token, '127.0.0.5'), 'default', '127.0.0.5');
  await portal.page.close(); // it would miss its server
  expect(await latchkey.stop()).toBe(0);
  const answer = await gateway.use(token, '127.0.0.5');
  expect(answer.status).toBe(503);
  expect(answer.body).not.toContain('x-forwarded-for');
});
