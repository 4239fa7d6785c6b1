import { expect, test } from '../support/fixtures';

test('the set-up link makes one account, once', async ({ portal, latchkey, watch }) => {
  await portal.open(latchkey.setupLink);
  watch.expects(422);
  await portal.field('Username').fill('demo user');
  await portal.field('Password').fill('short');
  await portal.button('Create account').click();
  await expect(portal.field('Username')).toHaveAccessibleDescription(/^Use only letters, digits and/);
  await expect(portal.field('Password')).toHaveAccessibleDescription(/^This is too short: use at least 10 characters\./);
  await expect(portal.field('Username')).toHaveValue('demo user');
  await portal.live();

  await portal.firstAccount();
  await expect(portal.navigation.getByText('demouser')).toBeVisible();
  await portal.open(latchkey.setupLink);
  await portal.at('This link is closed');
  await expect(portal.field('Username')).toHaveCount(0);
});

test('a wrong set-up link opens nothing', async ({ portal }) => {
  await portal.open('/setup?token=wrong');
  await portal.at('This link is closed');
  await portal.link('Login').click();
  await portal.at('Login');
});

test('wrong credentials are refused in the same words whoever it is', async ({ portal, watch }) => {
  await portal.firstAccount();
  await portal.logOut();
  watch.expects(422);
  const message = portal.page.getByRole('alert');
  await portal.logIn('demouser', 'wrong password');
  await expect(message).toHaveText('Username and password do not match. Check both and try again.');
  await expect(portal.field('Username')).toHaveValue('demouser');
  if (!portal.scripted) await expect(portal.field('Password')).toHaveValue('');
  await portal.live();
  await portal.logIn('nobody', 'wrong password');
  await expect(portal.field('Username')).toHaveValue('nobody');
  await expect(message).toHaveText('Username and password do not match. Check both and try again.');
  await portal.live();
  await portal.logIn();
  await portal.at('Dashboard');
});

test('a refusal at the door leads to the message', async ({ page, portal, latchkey, watch }) => {
  watch.expects(422);
  await portal.open(latchkey.setupLink);
  await portal.button('Create account').click();
  await expect(portal.field('Username')).toHaveAccessibleDescription(/^Enter /);
  await expect(portal.field('Username')).toBeFocused();
  await portal.firstAccount();
  await portal.logOut();
  await portal.logIn('demouser', 'wrong password');
  await expect(page.getByRole('alert')).toBeFocused();
  await portal.logIn();
  await portal.at('Dashboard');
});

test('the door needs no program', async ({ page, portal, latchkey }) => {
  const programs: string[] = [];
  page.on('request', (request) => /\.(wasm|js)$/.test(request.url()) && programs.push(request.url()));
  for (const path of [latchkey.setupLink, '/setup?token=wrong', '/login']) {
    await portal.open(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  }
  expect(programs).toEqual([]);
});

test('a double click on Login begins one session', async ({ portal, latchkey, page }) => {
  await portal.firstAccount();
  await portal.logOut();
  await portal.field('Username').fill(portal.username);
  await portal.field('Password').fill(portal.password);
  await portal.button('Login').dblclick();
  await portal.at('Dashboard');
  await portal.open('/account/profile');
  await expect(page.getByRole('button', { name: /^End / })).toHaveCount(0);
});

test('a page that needs a login leads back to itself after it', async ({ page, portal }) => {
  await portal.firstAccount();
  await portal.openList();
  await portal.generate('WEB');
  await portal.openKey('WEB');
  const wanted = new URL(page.url()).pathname;
  await portal.logOut();
  for (const path of [wanted, '/account/api-keys?page=2']) {
    await portal.open(path);
    await portal.at('Login');
    await portal.logIn();
    await expect(page).toHaveURL(path);
    await portal.live();
    await expect(portal.navigation).toBeVisible();
    await portal.logOut();
  }
});

test('a login leads to no other site', async ({ page, portal }) => {
  await portal.firstAccount();
  await portal.logOut();
  await portal.open('/login?next=//evil.example/');
  await portal.logIn();
  await portal.at('Dashboard');
  await expect(page).toHaveURL('/');
});

test('after Logout the pages are closed, also by the button Back', async ({ page, portal }) => {
  await portal.firstAccount();
  await portal.openList();
  await portal.logOut();
  await expect(portal.navigation).toHaveCount(0);
  await page.goBack();
  await portal.at('Login');
  await portal.open('/');
  await portal.at('Login');
});

test('a disabled user is out at the next click', async ({ portal, latchkey, page }) => {
  await portal.firstAccount();
  await latchkey.run(['user', 'disable', 'demouser']);
  await portal.open('/account/api-keys');
  await portal.at('Login');
  await expect(page).toHaveURL('/login?next=%2Faccount%2Fapi-keys');
});
