// Pictures of every page, to be looked at: node shoot.mjs FOLDER
// The list of keys also goes to docs/img/api-keys.png, for the README.
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { browser as launch } from './support/browser.js';
import { Latchkey } from './support/latchkey.js';

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node shoot.mjs FOLDER');
  process.exit(2);
}
const README_PICTURE = fileURLToPath(new URL('../docs/img/api-keys.png', import.meta.url));
const PASSWORD = 'correct horse battery';
const OWN = { 'sec-fetch-site': 'same-origin' };

// Oldest first: user, description, type, and the address and number of its uses.
const KEYS = [
  ['demouser', 'WEB', 'default', '203.0.113.7', 1482],
  ['demouser', 'Order notifications', 'default', '2001:db8:41::25', 317],
  ['branch', 'Shop in Cluj', 'default', '198.51.100.24', 96],
  ['demouser', 'My Twitter Application', 'app', '192.0.2.61', 28],
  ['demouser', 'SMPP bind', 'smpp', '203.0.113.9', 2104],
  ['branch', 'Courier phones', 'cloud', '198.51.100.180', 643],
  ['demouser', 'New web server', 'default', undefined, 0],
];

const latchkey = await Latchkey.start();
const browser = await chromium.launch(launch);
try {
  await mkdir(folder, { recursive: true });
  await shootEmpty();
  const { state, paths } = await fill();
  for (const width of [1280, 390]) {
    for (const colorScheme of ['light', 'dark']) {
      for (const scripted of [true, false]) await shootFull({ width, colorScheme, scripted, state, paths });
    }
  }
  await shootForReadme(state);
} finally {
  await browser.close();
  await latchkey.stop();
}

function open({ width = 1280, colorScheme = 'light', scripted = false, state } = {}) {
  return browser.newContext({
    baseURL: latchkey.url,
    viewport: { width, height: 900 },
    colorScheme,
    javaScriptEnabled: scripted,
    storageState: state,
    locale: 'en-US',
  });
}

async function shoot(page, context, name) {
  const { width, colorScheme, scripted } = context;
  const path = join(resolve(folder), `${name}-${width}-${colorScheme}-${scripted ? 'js' : 'plain'}.png`);
  await page.screenshot({ path, fullPage: true });
}

/** The pages before there is anything, with the first account at the end. */
async function shootEmpty() {
  for (const width of [1280, 390]) {
    const kind = { width, colorScheme: 'light', scripted: false };
    const context = await open(kind);
    const page = await context.newPage();
    await page.goto(latchkey.setupLink);
    await shoot(page, kind, 'setup');
    await page.getByRole('button', { name: 'Create account' }).click();
    await shoot(page, kind, 'setup-refused');
    await context.close();
  }
  const context = await open();
  await context.request.post(latchkey.setupLink, {
    form: { token: new URL(latchkey.setupLink).searchParams.get('token'), username: 'demouser', password: PASSWORD },
    headers: OWN,
  });
  const state = await context.storageState();
  await context.close();
  for (const width of [1280, 390]) {
    const kind = { width, colorScheme: 'light', scripted: false, state };
    const context = await open(kind);
    const page = await context.newPage();
    for (const [name, path] of [['empty-dashboard', '/'], ['empty-list', '/account/api-keys']]) {
      await page.goto(path);
      await shoot(page, kind, name);
    }
    await context.close();
  }
}

async function logIn(context, username) {
  await context.request.post('/login', { form: { username, password: PASSWORD }, headers: OWN, maxRedirects: 0 });
}

/** Generates a key; answers its token and its page. */
async function generate(context, description, keyType) {
  const form = { description, key_type: keyType };
  const list = await (await context.request.post('/account/api-keys/new', { form, headers: OWN })).text();
  const notice = list.slice(list.indexOf('class="whole-token"'));
  const row = list.slice(list.indexOf('class="fresh"'));
  return {
    token: /<code[^>]*>([^<]+)</.exec(notice)[1],
    path: /href="(\/account\/api-keys\/[0-9a-f-]{36})"/.exec(row)[1],
  };
}

/** Two users with keys that have been used; answers the owner's session and the keys' pages. */
async function fill() {
  await latchkey.addUser('branch', PASSWORD, 'demouser');
  const gateway = await latchkey.addGateway('pictures');
  const contexts = {};
  const paths = {};
  for (const [user, description, type, address, uses] of KEYS) {
    if (!contexts[user]) await logIn((contexts[user] = await open()), user);
    const { token, path } = await generate(contexts[user], description, type);
    paths[description] = path;
    for (let sent = 0; sent < uses; sent += 50) {
      const some = Array.from({ length: Math.min(50, uses - sent) });
      await Promise.all(some.map(() => latchkey.verify(gateway, token, address, user)));
    }
    if (description === 'WEB') await latchkey.verify(gateway, token, '198.51.100.99', user);
  }
  for (const address of ['198.51.100.0/24', '2001:db8:41::/48']) {
    const path = paths.WEB;
    await contexts.demouser.request.post(`${path}?do=authorise_address`, {
      form: { id: path.split('/').pop(), address },
      headers: OWN,
    });
  }
  const state = await contexts.demouser.storageState();
  for (const context of Object.values(contexts)) await context.close();
  return { state, paths };
}

async function shootFull(kind) {
  const { paths, scripted } = kind;
  const context = await open(kind);
  const page = await context.newPage();
  const go = async (path) => {
    await page.goto(path);
    const starts = scripted && (await page.locator('link[rel=modulepreload]').count()) > 0;
    if (starts && (await page.getByRole('navigation').count()) > 0) await page.waitForSelector('[aria-expanded]');
  };
  const pages = {
    dashboard: '/',
    list: '/account/api-keys',
    generate: '/account/api-keys/new',
    key: paths.WEB,
    'key-cloud': paths['Courier phones'],
    'key-new': paths['New web server'],
    delete: `${paths.WEB}/delete`,
    'key-usage': `${paths.WEB}/usage`,
    profile: '/account/profile',
    history: '/account/profile/history',
    'sub-users': '/account/sub-users',
    applications: '/account/applications',
    'application-code': '/account/applications/approve',
    webhooks: '/account/webhooks',
    notifications: '/account/notifications',
    'notifications-choices': '/account/notifications/choices',
    'not-found': '/no-such-page',
  };
  for (const [name, path] of Object.entries(pages)) {
    await go(path);
    await shoot(page, kind, name);
  }
  await shootActs(kind, page);
  await go(paths['SMPP bind']);
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByText('Anybody who has this key').waitFor();
  await shoot(page, kind, 'key-smpp-shown');
  await go(paths.WEB);
  await page.getByLabel('Address or network').fill('10.0.0.5/8');
  await page.getByRole('button', { name: 'Authorise' }).click();
  await page.getByText('Did you mean').waitFor();
  await shoot(page, kind, 'key-refused');
  if (scripted) {
    await page.getByRole('link', { name: 'Account' }).hover();
    await shoot(page, kind, 'menu');
  }
  await go('/account/api-keys/new');
  await page.getByLabel('Description').fill('Fresh');
  await page.getByRole('button', { name: 'Generate' }).click();
  await page.getByText('Your new API key is ready').first().waitFor({ state: 'attached' });
  await page.mouse.move(0, 0); // no row under the pointer
  await shoot(page, kind, 'list-fresh');
  await page.getByRole('link', { name: 'Fresh', exact: true }).click();
  await page.getByRole('heading', { name: 'Fresh' }).waitFor();
  // The pictures that follow show the same keys again.
  const made = new URL(page.url()).pathname;
  await context.request.post(`${made}/delete`, { form: { id: made.split('/').pop() }, headers: OWN });
  await context.close();

  const door = await open({ ...kind, state: undefined });
  const doorPage = await door.newPage();
  await doorPage.goto('/login');
  await doorPage.waitForLoadState();
  await shoot(doorPage, kind, 'login');
  await doorPage.goto('/setup?token=used');
  await shoot(doorPage, kind, 'setup-closed');
  await door.close();
}

/** What follows on a form of the pages that the server alone knows. */
async function shootActs(kind, page) {
  await page.goto('/account/sub-users');
  await page.getByLabel('Username').fill('guest');
  await page.getByRole('button', { name: 'Invite' }).click();
  await shoot(page, kind, 'sub-users-invited');
  const link = new URL(await page.locator('.notice code').innerText());
  await page.getByRole('button', { name: 'Withdraw' }).waitFor();
  const stranger = await open({ ...kind, state: undefined });
  const invited = await stranger.newPage();
  await invited.goto(link.pathname + link.search);
  await shoot(invited, kind, 'invited');
  await invited.goto('/unsubscribe?token=old');
  await shoot(invited, kind, 'unsubscribe-closed');
  await stranger.close();
  await page.goto('/account/sub-users');
  await page.getByRole('button', { name: 'Withdraw' }).click();
  await page.goto('/account/webhooks');
  // An account has room for a few.
  const address = page.getByRole('textbox').first();
  if (await address.count()) {
    await address.fill('https://hooks.example.com/keys');
    await page.getByRole('button', { name: 'Add' }).click();
    await shoot(page, kind, 'webhook-added');
  }
  await page.goto('/account/profile');
  const begin = page.getByRole('button', { name: 'Set up two-factor login' });
  // What was begun for the picture before is still open.
  if (await begin.count()) await begin.click();
  await shoot(page, kind, 'profile-two-factor');
}

async function shootForReadme(state) {
  const context = await open({ state, scripted: true });
  const page = await context.newPage();
  await page.goto('/account/api-keys');
  await page.waitForSelector('[aria-expanded]');
  const bottom = await page.locator('footer').boundingBox();
  await page.setViewportSize({ width: 1280, height: Math.ceil(bottom.y + bottom.height) });
  await page.screenshot({ path: README_PICTURE });
  await context.close();
}
