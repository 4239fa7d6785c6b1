import { expect, test } from '../support/fixtures';

test('a refused description comes back filled in, with the message at its field', async ({ page, portal, watch }) => {
  await portal.firstAccount();
  await portal.open('/account/api-keys/new');
  await expect(portal.field('Description')).toHaveAccessibleDescription("(eg: 'My Twitter Application')");
  watch.expects(422);
  const long = 'x'.repeat(101);
  for (const [entered, message] of [
    ['   ', 'Enter a description, such as the name of the program that will use the key.'],
    [long, 'This is too long: use at most 100 characters.'],
  ]) {
    await portal.field('Description').fill(entered);
    await portal.field('Type').selectOption('cloud');
    await portal.button('Generate').click();
    await expect(portal.field('Description')).toHaveAccessibleDescription(
      `${message} (eg: 'My Twitter Application')`,
    );
    await expect(portal.field('Description')).toHaveAttribute('aria-invalid', 'true');
    await expect(portal.field('Description')).toHaveValue(entered);
    await expect(portal.field('Type')).toHaveValue('cloud');
    await portal.live();
  }
  const longest = 'ț'.repeat(100);
  await portal.field('Description').fill(` ${longest} `);
  await portal.button('Generate').click();
  await portal.at('Your API Keys');
  await expect(await portal.cell(longest, 'Type')).toHaveText('Cloud');
  await expect(page.getByText(/out of 1 total/)).toBeVisible();
});

test('a description of markup is only text', async ({ page, portal }) => {
  await portal.firstAccount();
  for (const markup of ['<script>alert(1)</script>&amp;"\'{}', '</title></textarea><img alt="hole" src="/">', '-->']) {
    await portal.open('/account/api-keys');
    await portal.generate(markup);
    await portal.openKey(markup);
    // As the server sent it, and not only as the program left it.
    await portal.open(new URL(page.url()).pathname);
    await portal.at(markup);
    await expect(page).toHaveTitle(`${markup} · Latchkey`);
    await expect(page.getByAltText('hole')).toHaveCount(0);
    await portal.openList();
    await portal.deleteKey(markup);
  }
});

test('a key is shown again to who has just proved who it is', async ({ portal, page }) => {
  await portal.firstAccount();
  await portal.openList();
  const token = await portal.generate('WEB');
  await portal.open('/account/api-keys');
  await portal.openKey('WEB');
  await expect(page.getByText(token)).toHaveCount(0);
  await portal.button('Show').click();
  await expect(portal.shown(token)).toBeVisible();
  await portal.open(new URL(page.url()).pathname);
  await expect(page.getByText(token)).toHaveCount(0);
});

test('a new token stays at its address until its reader has it', async ({ portal, page }) => {
  await portal.firstAccount();
  await portal.openList();
  const token = await portal.generate('WEB');
  const address = page.url();
  await portal.open('/account/api-keys');
  await expect(page.getByText(token)).toHaveCount(0);
  await portal.open(address);
  await expect(portal.shown(token)).toBeVisible();
  await portal.button('I have it').click();
  await expect(page).toHaveURL('/account/api-keys');
  await portal.open(address);
  await expect(portal.row('WEB')).toBeVisible();
  await expect(page.getByText(token)).toHaveCount(0);
});

test('an SMPP key is 8 characters, with a word on how to use it', async ({ portal, page }) => {
  await portal.firstAccount();
  await portal.openList();
  expect(await portal.generate('Bind', 'SMPP')).toMatch(/^[0-9A-Za-z]{8}$/);
  await portal.openKey('Bind');
  await expect(page.getByText('use demouser as system_id and the key as password')).toBeVisible();
  await portal.openList();
  expect(await portal.generate('Other', 'App')).toMatch(/^lka_[0-9A-Za-z]{42}$/);
});

test('authorised addresses are checked, listed in one form, and removed', async ({ portal, page, watch }) => {
  await portal.firstAccount();
  await portal.openList();
  await portal.generate('WEB');
  await portal.openKey('WEB');
  const field = portal.field('Address or network');
  const entries = page.getByRole('listitem').filter({ has: page.getByRole('button', { name: /^Remove / }) });
  await expect(page.getByText('No further address is authorised.')).toBeVisible();
  watch.expects(422);
  const enter = async (address: string) => {
    await portal.live();
    await field.fill(address);
    await portal.button('Authorise').click();
  };
  const refused: [string, RegExp][] = [
    ['', /^Enter an address or a network\./],
    ['300.1.1.1', /^This is neither an IP address nor a network\./],
    ['10.0.0.5/8', /^This network does not begin at that address\. Did you mean 10\.0\.0\.0\/8\?/],
    ['fe80::1%eth0', /^Leave out the part after %/],
    ['0.0.0.0/0', /^This would let everybody in\./],
  ];
  for (const [address, message] of refused) {
    await enter(address);
    await expect(field).toHaveAccessibleDescription(message);
    await expect(field).toHaveValue(address);
  }
  await expect(entries).toHaveCount(0);

  await enter('::ffff:10.0.0.1');
  await expect(entries).toHaveText([/^10\.0\.0\.1/]);
  await expect(field).toHaveValue('');
  await enter('10.0.0.1');
  await expect(field).toHaveAccessibleDescription(/^This is authorised already\./);
  await enter('2001:db8::/48');
  await expect(entries).toHaveText([/^10\.0\.0\.1/, /^2001:db8::\/48/]);
  await portal.live();
  await portal.button('Remove 10.0.0.1').click();
  await expect(entries).toHaveText([/^2001:db8::\/48/]);
});

test('the lock is widened to the /64, and released', async ({ portal, page, latchkey }) => {
  await portal.firstAccount();
  await portal.openList();
  const token = await portal.generate('WEB');
  const gateway = await latchkey.addGateway('test');
  const ask = async (address: string) => (await latchkey.verify(gateway, token, address)).code;
  expect(await ask('2001:db8:1:2::5')).toBe('VALID');
  expect(await ask('2001:db8:1:2::6')).toBe('IP_NOT_ALLOWED');

  await portal.openKey('WEB');
  await expect(page.getByText('2001:db8:1:2::5')).toBeVisible();
  await expect(page.getByRole('radio', { name: 'the exact address' })).toBeChecked();
  await page.getByRole('radio', { name: 'its whole /64 network' }).check();
  await portal.button('Save: On IPv6, the lock means').click();
  await expect.poll(() => ask('2001:db8:1:2::6')).toBe('VALID');
  expect(await ask('2001:db8:1:3::6')).toBe('IP_NOT_ALLOWED');
  await portal.open(new URL(page.url()).pathname);
  await expect(page.getByRole('radio', { name: 'its whole /64 network' })).toBeChecked();

  await portal.button('Release lock').click();
  await expect(page.getByText('The key is not locked yet.')).toBeVisible();
  await expect(portal.button('Release lock')).toHaveCount(0);
  expect(await ask('192.0.2.9')).toBe('VALID');
  expect(await ask('2001:db8:1:2::5')).toBe('IP_NOT_ALLOWED');
});

test('a sub-user sees its own keys, the owner those of both', async ({ portal, page, latchkey, watch }) => {
  await portal.firstAccount();
  await latchkey.addUser('junior', 'another long password', 'demouser');
  await portal.openList();
  await portal.generate('Of the owner');
  await portal.openKey('Of the owner');
  const owners = new URL(page.url()).pathname;
  await portal.logOut();

  await portal.logIn('junior', 'another long password');
  await portal.at('Dashboard');
  await portal.openList();
  await expect(portal.recordLine).toContainText('out of 0 total');
  await portal.generate('Of the sub-user');
  await expect(portal.recordLine).toContainText('out of 1 total');
  watch.expects(404);
  for (const path of [owners, `${owners}/delete`, '/account/api-keys/no-such-key']) {
    expect((await portal.open(path)).status()).toBe(404);
    await portal.at('Not found');
  }
  await portal.logOut();

  await portal.logIn();
  await portal.at('Dashboard');
  await portal.openList();
  await expect(await portal.cell('Of the sub-user', 'Username')).toHaveText('junior');
  await expect(await portal.cell('Of the owner', 'Username')).toHaveText('demouser');
  await portal.deleteKey('Of the sub-user');
});

test('the dashboard counts keys, uses and refusals', async ({ portal, page, latchkey }) => {
  await portal.firstAccount();
  await expect(portal.link('Generate your first API Key')).toBeVisible();
  await portal.openList();
  const token = await portal.generate('WEB');
  const gateway = await latchkey.addGateway('test');
  for (const address of ['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2']) {
    await latchkey.verify(gateway, token, address);
  }
  const figure = (name: string) =>
    page.locator('.figures > div').filter({ hasText: new RegExp(`^\\s*${name}`) }).getByRole('definition');
  // Refusals are written once a second.
  await expect(async () => {
    await portal.open('/');
    await expect(figure('Refused').first()).toHaveText('1', { timeout: 1 });
    // The notice comes after the figure.
    await expect(page.locator('.state')).toHaveText('1 key is being refused from 192.0.2.2.', { timeout: 1 });
  }).toPass();
  await expect(figure('Accepted')).toHaveText(['3', '3 today']);
  await expect(figure('API Keys').first()).toHaveText('1');
  await expect(await portal.cell('WEB', 'Uses')).toHaveText('3');
  // The figures of the chart stand in a table, and a range is chosen by a link.
  await page.getByText('Show the figures as a table').click();
  await expect(page.getByRole('row', { name: /so far 3 1$/ })).toBeVisible();
  await page.getByRole('navigation', { name: 'Range' }).getByRole('link', { name: '24 hours' }).click();
  await expect(page).toHaveURL(/\/\?range=24h$/);
  const current = page.getByRole('navigation', { name: 'Range' }).locator('[aria-current]');
  await expect(current).toHaveText('24 hours');
  if (portal.scripted) await expect(current).toBeFocused();
  await expect(figure('Accepted').first()).toHaveText('3');
  await portal.row('WEB').getByRole('link').click();
  await portal.at('WEB');
  const figures = (heading: string) =>
    page.locator('section').filter({ has: page.getByRole('heading', { name: heading }) });
  const facts = figures('Statistics').getByRole('definition');
  await expect(facts).toHaveText([/^\d{4}-\d\d-\d\d /, 'never', /^\d{4}-\d\d-\d\d /, '3', '3', '3', '1']);
});

test('a key is renamed, paused, resumed and given an end, and an end that is half typed changes nothing', async ({ page, portal }) => {
  await portal.firstAccount();
  await portal.open('/account/api-keys');
  await portal.generate('Web shop');
  await portal.openKey('Web shop');
  await portal.live();

  await portal.field('Description').fill('Checkout');
  await portal.button('Save: Description').click();
  await portal.at('Checkout');

  await portal.button('Pause').click();
  await expect(page.locator('.badge.off')).toHaveText('Paused');
  await expect(portal.button('Pause')).toHaveCount(0);
  await portal.live();
  await portal.button('Resume').click();
  await expect(page.locator('.badge.off')).toHaveCount(0);
  await portal.live();

  const shown = page.locator('dl.facts > div', { hasText: 'Expires' }).locator('dd');
  await expect(shown).toHaveText('never');
  const end = `${new Date().getUTCFullYear() + 1}-06-01T18:30`;
  await portal.field('Expires').fill(end);
  await portal.button('Save: Expires').click();
  await expect(shown).toHaveText(end.replace('T', ' ') + ':00');
  await portal.live();
  await portal.field('Expires').focus();
  await page.keyboard.press('Backspace'); // one part of it is missing now
  await portal.button('Save: Expires').click();
  await page.waitForTimeout(500); // nothing is to be waited for: nothing is sent
  await portal.open(new URL(page.url()).pathname);
  await expect(shown).toHaveText(end.replace('T', ' ') + ':00');
  await portal.live();
  await portal.field('Expires').fill('');
  await portal.button('Save: Expires').click();
  await expect(shown).toHaveText('never');
});

test('a key is rotated: the new token is shown once, both pass, and the old one is ended', async ({ page, portal }) => {
  await portal.firstAccount();
  await portal.open('/account/api-keys');
  await portal.generate('Web shop');
  await portal.openKey('Web shop');
  await portal.live();

  await portal.field('The old token goes on passing for').selectOption('7 days');
  await portal.button('Rotate').click();
  await page.waitForURL(/\/account\/api-keys\/[^/]+\?made=/);
  await expect(page.locator('code.token').first()).toHaveText(/^lkd_[0-9A-Za-z]{42}$/);
  await expect(page.getByRole('heading', { name: 'Rotation in progress' })).toBeVisible();
  await expect(portal.button('Rotate')).toHaveCount(0);
  await portal.live();

  await portal.button('End now').click();
  await expect(page.getByRole('heading', { name: 'Rotation in progress' })).toHaveCount(0);
  await expect(portal.button('Rotate')).toBeVisible();
});
