import { expect, test } from '../support/fixtures';
import type { Latchkey } from '../support/latchkey.js';

// An application asks for a key (RFC 8628), and its user decides in the browser.

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

type Asked = { device_code: string; user_code: string; verification_uri: string; verification_uri_complete: string };

/** Sends a form as a program elsewhere does. */
async function send(latchkey: Latchkey, path: string, fields: Record<string, string>) {
  const response = await fetch(`${latchkey.url}${path}`, {
    method: 'POST',
    headers: { 'x-forwarded-for': '198.51.100.24' },
    body: new URLSearchParams(fields),
  });
  return { status: response.status, answer: await response.json() };
}

async function ask(latchkey: Latchkey, more: Record<string, string> = {}): Promise<Asked> {
  const { status, answer } = await send(latchkey, '/oauth/device_authorization', { client_name: 'Zapier', ...more });
  expect(status).toBe(200);
  return answer;
}

/** What the application is answered: its token, or the code of an error. */
async function poll(latchkey: Latchkey, { device_code }: Asked): Promise<string> {
  const { answer } = await send(latchkey, '/oauth/token', { grant_type: DEVICE_CODE, device_code });
  return answer.access_token ?? answer.error;
}

test('an application is approved by the code that it shows', async ({ page, portal, latchkey }) => {
  await portal.firstAccount();
  const asked = await ask(latchkey, { return_url: 'https://zapier.example/done' });
  expect(await poll(latchkey, asked)).toBe('authorization_pending');
  if (portal.scripted) await portal.navigation.getByRole('link', { name: 'Account' }).hover();
  await portal.navigation.getByRole('link', { name: 'Applications' }).click();
  await portal.at('Applications');
  await expect(page.getByText('No application was let in yet.')).toBeVisible();
  await portal.link('Enter a code').click();
  await portal.at('Enter the code of an application');
  await portal.field('Code').fill(asked.user_code.toLowerCase().replace('-', ' '));
  await portal.button('Continue').click();

  await portal.at('Let “Zapier” use your account?');
  await expect(page.getByRole('status', { name: 'Code' })).toHaveText(asked.user_code);
  await expect(page.getByText('198.51.100.24')).toBeVisible();
  await expect(page.getByText('not your address, and not an address of your keys')).toBeVisible();
  await expect(page.getByText('press Deny')).toBeVisible();
  await portal.button('Approve').click();
  await portal.at('Approved');
  await expect(portal.link('https://zapier.example/done')).toHaveAttribute('rel', /noreferrer/);

  const token = await poll(latchkey, asked);
  expect(token).toMatch(/^lka_/);
  expect(await poll(latchkey, asked)).toBe('invalid_grant');
  const gateway = await latchkey.addGateway('test');
  expect((await latchkey.verify(gateway, token, '203.0.113.7')).code).toBe('VALID');
  await portal.link('Applications that were let in').click();
  await portal.at('Applications');
  await expect(page.getByRole('row', { name: /^Zapier/ })).toContainText(portal.username);
  await portal.openList();
  await expect(await portal.cell('Zapier', 'Type')).toHaveText('App');
});

test('an application is denied', async ({ page, portal, latchkey }) => {
  await portal.firstAccount();
  const asked = await ask(latchkey);
  await portal.open('/account/applications/approve');
  await portal.field('Code').fill(asked.user_code);
  await portal.button('Continue').click();
  await portal.at('Let “Zapier” use your account?');
  await portal.button('Deny').click();
  await portal.at('Denied');
  await expect(page.getByText('“Zapier” gets no key.')).toBeVisible();
  expect(await poll(latchkey, asked)).toBe('access_denied');
});

test('a link fills the code in and approves nothing', async ({ page, portal, latchkey }) => {
  await portal.firstAccount();
  const asked = await ask(latchkey);
  const link = new URL(asked.verification_uri_complete);
  await portal.open(link.pathname + link.search);
  await portal.at('Enter the code of an application');
  await expect(portal.field('Code')).toHaveValue(asked.user_code);
  await expect(page.getByText('A link filled this code in.')).toBeVisible();
  expect(await poll(latchkey, asked)).toBe('authorization_pending');
  await portal.button('Continue').click();
  await portal.at('Let “Zapier” use your account?');
  await portal.button('Approve').click();
  await portal.at('Approved');
});

test('a wrong code comes back with what is wrong, and the tenth is the last', async ({ page, portal, latchkey, watch }) => {
  watch.expects(422, 429);
  await portal.firstAccount();
  await portal.open('/account/applications/approve');
  await portal.field('Code').fill('12345678');
  await portal.button('Continue').click();
  await expect(portal.field('Code')).toHaveAttribute('aria-invalid', 'true');
  await expect(portal.field('Code')).toHaveValue('12345678');
  await expect(page.getByText('A code has eight letters, such as BCDF-GHJK.')).toBeVisible();
  for (let guess = 0; guess < 10; guess++) {
    await portal.field('Code').fill('ZZZZ-ZZZZ');
    await portal.button('Continue').click();
    await expect(page.getByText('No application waits with this code.')).toBeVisible();
  }
  const asked = await ask(latchkey);
  await portal.field('Code').fill(asked.user_code);
  await portal.button('Continue').click();
  await expect(page.getByText(/Too many attempts/)).toBeVisible();
  expect(await poll(latchkey, asked)).toBe('authorization_pending');
});

test('of two customers with one code the first has it', async ({ browser, page, portal, latchkey, watch, javaScriptEnabled }) => {
  watch.expects(422);
  await portal.firstAccount();
  await latchkey.addUser('other', portal.password);
  const asked = await ask(latchkey);
  await portal.open('/account/applications/approve');
  await portal.field('Code').fill(asked.user_code);
  await portal.button('Continue').click();
  await portal.at('Let “Zapier” use your account?');

  const context = await browser.newContext({ baseURL: latchkey.url, javaScriptEnabled });
  const second = await context.newPage();
  await second.goto('/login?next=%2Faccount%2Fapplications%2Fapprove');
  await second.getByLabel('Username', { exact: true }).fill('other');
  await second.getByLabel('Password', { exact: true }).fill(portal.password);
  await second.getByRole('button', { name: 'Login', exact: true }).click();
  await second.getByLabel('Code', { exact: true }).fill(asked.user_code);
  await second.getByRole('button', { name: 'Continue', exact: true }).click();
  await second.getByRole('button', { name: 'Approve', exact: true }).click();
  await expect(second.getByRole('heading', { level: 1, name: 'Approved' })).toBeVisible();
  await context.close();

  await portal.button('Approve').click();
  await portal.at('This code no longer counts');
  expect(await poll(latchkey, asked)).toMatch(/^lka_/);
  await portal.openList();
  await expect(page.getByText(/out of 0 total/)).toBeVisible();
});

test('the pages are there in Romanian', async ({ page, portal, latchkey }) => {
  await portal.firstAccount();
  const asked = await ask(latchkey);
  await portal.open('/account/applications/approve');
  await page.getByRole('button', { name: 'Română' }).click();
  await portal.at('Introduceți codul unei aplicații');
  await portal.field('Cod').fill(asked.user_code);
  await portal.button('Continuare').click();
  await portal.at('Permiteți aplicației „Zapier” să vă folosească contul?');
  await portal.button('Refuz').click();
  await portal.at('Refuzată');
});
