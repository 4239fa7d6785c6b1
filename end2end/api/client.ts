// Uses the types that openapi-typescript made of the document, as a customer's program would.
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { paths } from './schema.js';

const baseUrl = process.env.LATCHKEY_URL ?? '';
const bearer = (token = '') => createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
const client = bearer(process.env.TOKEN);
const gateway = bearer(process.env.GATEWAY_TOKEN);

async function verify(key: string) {
  const { data, error } = await gateway.POST('/v1/verify', { body: { key, client_ip: '203.0.113.7' } });
  if (error) throw new Error(error.detail);
  return data;
}

/** What an answer holds, or the detail of its problem as an error. */
function done<T>({ data, error }: { data?: T; error?: { detail: string } }): T {
  if (error || data === undefined) throw new Error(error?.detail ?? 'nothing was answered');
  return data;
}

const account = done(await client.GET('/v1/account'));
assert.equal(account.username, 'demouser');

const body = { description: 'made in TypeScript', key_type: 'default' } as const;
const header = { 'Idempotency-Key': 'typescript-1' };
const made = done(await client.POST('/v1/keys', { body, params: { header } }));
const again = done(await client.POST('/v1/keys', { body, params: { header } }));
assert.deepEqual([again.id, again.token], [made.id, made.token]);

const found: string[] = [];
let cursor: string | undefined;
do {
  const page = done(await client.GET('/v1/keys', { params: { query: { q: 'in TypeScript', limit: 1, cursor } } }));
  found.push(...page.data.map((key) => key.id));
  cursor = page.next_cursor ?? undefined;
} while (cursor);
assert.deepEqual(found, [made.id]);

const params = { path: { id: made.id } };
await client.POST('/v1/keys/{id}/allowed-ips', { params, body: { address: '203.0.113.0/24' } });
const allowed = done(await client.GET('/v1/keys/{id}/allowed-ips', { params }));
assert.deepEqual(allowed.data, [{ address: '203.0.113.0/24' }]);
const passed = await verify(made.token);
assert.equal(passed.code === 'VALID' && passed.times_used, 1);

const rotated = done(await client.POST('/v1/keys/{id}/rotate', { params, body: { overlap_seconds: 0 } }));
assert.equal(rotated.id, made.id);
assert.equal((await verify(made.token)).code, 'ROTATED');
assert.equal((await verify(rotated.token)).code, 'VALID');

const paused = done(await client.PATCH('/v1/keys/{id}', { params, body: { paused: true } }));
assert.equal(paused.state, 'paused');

const { response } = await client.DELETE('/v1/keys/{id}', { params });
assert.equal(response.status, 204);
const { error } = await client.GET('/v1/keys/{id}', { params });
assert.equal(error?.type, 'urn:problem-type:latchkey:not-found');
console.log('listed, made, limited, rotated, deleted');
