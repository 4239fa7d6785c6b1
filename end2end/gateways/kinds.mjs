// Kinds of requests that are not plain ones: WebSockets, a browser's preflight, many header lines, characters that
// few servers read, a pause as long as a connection lives, a Latchkey that restarts.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, basic, shakeHands } from './client.mjs';
import { close, startForgetful } from './site.mjs';

const ORIGIN = 'Origin: https://app.example';
const PREFLIGHT = [ORIGIN, 'Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: authorization'];
/** Under every one of them some gateway or API reads another method than the request's own. */
const OTHER_METHODS = ['X-Forwarded-Method', 'X-Original-Method', 'X_Forwarded_Method', 'X_Original_Method', 'X-HTTP-Method-Override'];
/** The longest that every gateway waits for a Latchkey that restarts. */
const PATIENCE = 2000;

/** The cases of one gateway; `scene` is what the matrix works with. */
export function kindCases(scene) {
  const { name, check, home, passes, refused, bearer, apiKey, latchkey, api, settings } = scene;
  const key = () => scene.key();
  const resume = async (more) => {
    await latchkey().halt();
    await latchkey().resume({ ...settings, ...more });
  };

  check('WebSocket: opened with a key, one use; refused without', async () => {
    const cloud = await scene.customer().generate('cloud');
    api().calls = [];
    const open = await shakeHands(home, [bearer(cloud.token)], 'websocket');
    assert.equal(open.status, 101, open.all);
    assert.match(open.all, /echo: hello/, 'both sides talk');
    const [call] = api().calls;
    assert.deepEqual([api().calls.length, call.upgrade], [1, 'websocket']);
    const told = call.lines.filter(([line]) => /^(x-latchkey|authorization)/.test(line)).map(([, value]) => value);
    assert.deepEqual(told.sort(), [cloud.id, scene.customer().name, 'cloud'].sort());
    assert.equal((await scene.customer().uses(cloud))[0], 1);
    await scene.customer().delete(cloud);
    for (const lines of [[], [bearer(cloud.token)], [bearer('rubbish')]]) {
      api().calls = [];
      assert.equal((await shakeHands(home, lines, 'websocket')).status, 401);
      assert.equal(api().calls.length, 0, 'the API is not called');
    }
    return 101;
  });

  check('no other upgrade reaches the API: it would carry requests that nobody asked about', async () => {
    const statuses = new Set();
    for (const upgrade of ['h2c', 'h2c, websocket', 'TLS/1.0', 'websocket2']) {
      api().calls = [];
      const { status, all } = await shakeHands(home, [apiKey(key().token)], upgrade);
      assert.ok([200, 403].includes(status), `${upgrade}: ${all}`);
      assert.ok(api().calls.every((call) => call.upgrade === undefined), upgrade);
      statuses.add(status);
    }
    return [...statuses].sort().join();
  });

  check('nor does one in a second line of Upgrade, beside a WebSocket', async () => {
    const statuses = new Set();
    for (const other of ['h2c', 'h3c', 'websocket2']) {
      for (const upgrades of [[other, 'websocket'], ['websocket', other], [other, 'websocket', other]]) {
        api().calls = [];
        const { status, all } = await shakeHands(home, [apiKey(key().token)], ...upgrades);
        assert.ok([101, 200, 403].includes(status), `${upgrades}: ${all}`);
        const asked = api().calls.flatMap((call) => call.lines).filter(([line]) => line === 'upgrade');
        assert.ok(asked.length <= 1 && asked.every(([, value]) => value === 'websocket'), `${upgrades}: ${JSON.stringify(asked)}`);
        statuses.add(status);
      }
    }
    return [...statuses].sort().join();
  });

  check('up to 250 header lines: judged by the key, never 500', async () => {
    const lines = (count) => Array.from({ length: count }, (_, n) => `A${n}: b`);
    for (const count of [85, 88, 95, 100, 120, 200]) await passes(home, [bearer(key().token), ...lines(count)]);
    for (const count of [120, 200]) await refused(home, lines(count), 401, 'MISSING');
    const statuses = new Set();
    for (const count of [238, 242, 246, 250, 254, 300]) {
      const { status } = await ask(home, [bearer(key().token), ...lines(count)]);
      assert.ok(status < 500, `${count} more lines: ${status}`);
      statuses.add(status);
    }
    return [...statuses].sort().join();
  });

  check('a long cookie does not reach Latchkey', () => {
    const cookies = Array.from({ length: 6 }, (_, n) => `Cookie: c${n}=${'x'.repeat(1000)}`);
    return passes(home, [bearer(key().token), ...cookies]).then(() => 200);
  });

  check('JSON and angle brackets in the address', async () => {
    for (const path of ['/x?f={"a":"b"}', '/x?q=a<b', '/<a>', '/x?a=b|c^d`e[f]', '/x?%zz']) {
      await passes(home, [bearer(key().token)], { path });
      await refused(home, [], 401, 'MISSING', { path });
    }
    return 200;
  });

  check('raw bytes in the address, with key_in_query and the key in a header', async () => {
    await resume({ LATCHKEY_KEY_IN_QUERY: 'true' });
    const cloud = await scene.customer().generate('cloud');
    const paths = ['/sms?text=Bună', '/api?password=own', '/api?api_key=a&api_key=b', `/x?t=${'a'.repeat(7000)}`];
    for (const path of paths) {
      // Envoy, HAProxy and many an API take no raw bytes from anybody.
      const { status, all } = await ask(home, [bearer(cloud.token)], { path });
      assert.ok(path.includes('ă') ? [200, 400].includes(status) : status === 200, all);
    }
    const refusedBefore = ['Envoy', 'HAProxy'].includes(name) ? 1 : 0;
    assert.deepEqual(await scene.customer().uses(cloud), [paths.length - refusedBefore, home]);
    return 200;
  });

  check('preflight: asked for a key as long as nobody says otherwise', async () => {
    await resume({});
    return refused(home, PREFLIGHT, 401, 'MISSING', { method: 'OPTIONS' });
  });

  check('cors_preflights: a preflight passes, counts nothing and names nobody', async () => {
    await resume({ LATCHKEY_CORS_PREFLIGHTS: 'pass' });
    const fresh = await scene.customer().generate('default');
    for (const more of [[], ['X-Latchkey-Key-Id: forged', 'X_Latchkey_Key_Id: forged', 'x-latchkey-username: forged']]) {
      api().calls = [];
      const { status, all } = await ask(home, [...PREFLIGHT, ...more], { method: 'OPTIONS', path: '/x?api_key=' + fresh.token });
      assert.equal(status, 200, all);
      const [call] = api().calls;
      assert.deepEqual([api().calls.length, call.method], [1, 'OPTIONS']);
      assert.deepEqual(call.lines.filter(([line]) => /latchkey/.test(line)), []);
    }
    assert.equal((await scene.customer().uses(fresh))[0], 0);
    // It is the first request with the key that locks it, wherever the preflight came from.
    await passes(scene.other, [bearer(fresh.token), ...PREFLIGHT], { method: 'OPTIONS' }, fresh);
    assert.deepEqual(await scene.customer().uses(fresh), [1, scene.other]);
    return 200;
  });

  check('cors_preflights: nothing else passes for one', async () => {
    await refused(home, [ORIGIN], 401, 'MISSING', { method: 'OPTIONS' });
    await refused(home, PREFLIGHT.slice(1), 401, 'MISSING', { method: 'OPTIONS' });
    await refused(home, [...PREFLIGHT, bearer('rubbish')], 401, 'MALFORMED', { method: 'OPTIONS' });
    for (const method of ['GET', 'POST', 'DELETE']) {
      await refused(home, PREFLIGHT, 401, 'MISSING', { method });
      for (const line of OTHER_METHODS) {
        await refused(home, [...PREFLIGHT, `${line}: OPTIONS`], 401, 'MISSING', { method });
        api().calls = [];
        const dropped = await ask(home, [...PREFLIGHT, `${line}: OPTIONS`, `Connection: ${line}`], { method });
        assert.ok(dropped.status >= 400 && api().calls.length === 0, dropped.all);
      }
    }
    return 401;
  });

  check('cors_preflights: a page may read why it was refused', async () => {
    const readable = (answer) => {
      assert.equal(answer.headers.get('access-control-allow-origin'), '*', answer.all);
      assert.match(answer.headers.get('access-control-expose-headers'), /x-latchkey-code/i);
    };
    const gone = await scene.customer().generate('cloud');
    await scene.customer().delete(gone);
    readable(await ask(home, [ORIGIN, bearer(gone.token)]));
    const forbidden = await ask(scene.other, [ORIGIN, bearer(key().token)]);
    assert.equal(forbidden.status, 403);
    readable(forbidden);
    const passed = await ask(home, [ORIGIN, bearer(key().token)]);
    assert.equal(passed.status, 200);
    assert.equal(passed.headers.get('access-control-allow-origin'), null, 'what passes is between the page and the API');
    return 403;
  });

  check('a key in a wrong place: told where it was found, and never repeated', async () => {
    const cases = [
      [`Authorization: Token ${key().token}`, /without the word Bearer/],
      [basic(key().token, ''), /as the username of Authorization: Basic/],
      [apiKey(`Bearer ${key().token}`), /with other signs or words around it/],
      [bearer('rubbish'), /has not the form of a key/],
    ];
    for (const [line, says] of cases) {
      const { status, headers, body, all } = await ask(home, [line]);
      assert.deepEqual([status, headers.get('content-type')], [401, 'application/problem+json'], all);
      assert.match(JSON.parse(body).detail, says);
      assert.ok(!all.includes(key().token), 'what was sent is not sent back');
    }
    const { body } = await ask(home, []);
    assert.equal(JSON.parse(body).detail, 'A valid API key is needed.');
    return 401;
  });

  check("key_header: the API's own Authorization stays with the API", async () => {
    await resume({ LATCHKEY_KEY_HEADER: 'x-api-key' });
    await scene.restartGateway((text) => keeping(text));
    const own = 'Authorization: Bearer eyJ.own.user';
    api().calls = [];
    const { status, all } = await ask(home, [apiKey(key().token), own]);
    assert.equal(status, 200, all);
    const told = api().calls.flatMap((call) => call.lines).filter(([line]) => ['authorization', 'x-api-key'].includes(line));
    assert.deepEqual(told, [['authorization', 'Bearer eyJ.own.user']]);
    await refused(home, [bearer(key().token)], 401, 'MISSING');
    await scene.restartGateway();
    await resume({});
    return 200;
  });

  check('a kept connection that ends under a question: asked again', async () => {
    await latchkey().halt();
    const forgetful = await startForgetful();
    try {
      for (let n = 1; n <= 6; n++) {
        const { status, all } = await ask(home, [bearer(key().token)]);
        assert.equal(status, 200, `request ${n}: ${all}\n${scene.log()}`);
      }
    } finally {
      await close(forgetful);
      await latchkey().resume(settings);
    }
    return 200;
  });

  check('a pause as long as the idle time', async () => {
    await resume({ LATCHKEY_IDLE_TIMEOUT_SECONDS: '1' });
    for (const pause of [990, 996, 1000, 1004, 1010]) {
      await passes(home, [bearer(key().token)]);
      await sleep(pause);
    }
    await passes(home, [bearer(key().token)]);
    await resume({});
    return 200;
  });

  check('a Latchkey that restarts is waited for', async () => {
    // How long a start takes is the machine's affair: one that is short enough is looked for.
    for (let tries = 0; tries < 5; tries++) {
      await latchkey().halt();
      const began = Date.now();
      const asked = ask(home, [bearer(key().token)]);
      await latchkey().resume(settings);
      const gap = Date.now() - began;
      const { status, all } = await asked;
      if (name === 'Traefik') return assert.ok([200, 500].includes(status), all), 'or 500';
      if (gap < PATIENCE) return assert.equal(status, 200, all), status;
    }
    assert.fail('no start was short enough');
  });

  check('the answer after a restart comes at once, and is a yes', async () => {
    await latchkey().halt();
    await ask(home, [bearer(key().token)]);
    await latchkey().resume(settings);
    return passes(home, [bearer(key().token)]).then(() => 200);
  });
}

/** As the comments in the files say: with `key_header = "x-api-key"` nothing of Authorization is asked or taken away. */
function keeping(text) {
  return text
    .replace('        proxy_set_header Authorization "";\n', '')
    .replace('        proxy_set_header Authorization $http_authorization;\n', '')
    .replace('\t\trequest_header -Authorization\n', '')
    .replace('\t\t\theader_up Authorization {header.Authorization}\n', '')
    .replace('          Authorization: ""\n', '')
    .replace('[Authorization, X-Api-Key,', '[X-Api-Key,')
    .replace('[authorization, x-api-key, x-original-uri]', '[x-api-key, x-original-uri]')
    .replace('                          - exact: authorization\n', '')
    .replace('    http-request del-header authorization\n', '')
    .replace('"authorization", "x-api-key"', '"x-api-key"');
}
