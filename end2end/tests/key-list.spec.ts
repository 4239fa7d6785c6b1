import { expect, test } from '../support/fixtures';

test('the pager goes through 45 keys, newest first', async ({ page, portal }) => {
  await portal.firstAccount();
  for (let n = 1; n <= 45; n++) {
    const answer = await portal.post('/account/api-keys/new', { description: `Key ${n}`, key_type: 'cloud' });
    expect(answer.status()).toBe(303);
  }
  await portal.open('/account/api-keys');
  const pager = page.getByRole('navigation', { name: 'Pages' });
  const pages: [string, string, string][] = [
    ['Page 1 of 3, showing 20 records out of 45 total, starting on record 1, ending on 20', 'Key 45', 'Key 26'],
    ['Page 2 of 3, showing 20 records out of 45 total, starting on record 21, ending on 40', 'Key 25', 'Key 6'],
    ['Page 3 of 3, showing 5 records out of 45 total, starting on record 41, ending on 45', 'Key 5', 'Key 1'],
  ];
  const shows = async ([line, first, last]: [string, string, string]) => {
    await expect(portal.recordLine).toHaveText(line);
    const rows = page.getByRole('row').filter({ has: page.getByRole('cell') });
    await expect(rows.first()).toContainText(first);
    await expect(rows.last()).toContainText(last);
  };
  await shows(pages[0]);
  await expect(pager.getByText('<< previous')).toBeVisible();
  await expect(pager.getByRole('link')).toHaveText(['next >>']);
  await portal.link('next >>').click();
  await shows(pages[1]);
  await portal.link('next >>').click();
  await shows(pages[2]);
  await expect(pager.getByRole('link')).toHaveText(['<< previous']);
  await portal.link('<< previous').click();
  await shows(pages[1]);
  await page.goBack();
  await shows(pages[2]);
  // A page past the end is the last one, and what is no number is the first.
  await portal.open('/account/api-keys?page=99');
  await shows(pages[2]);
  await portal.open('/account/api-keys?page=junk');
  await shows(pages[0]);
});

test('the list is searched and ordered in its address, and written as a file', async ({ page, portal }) => {
  await portal.firstAccount();
  for (const [description, key_type] of [['Web shop', 'default'], ['Phone', 'cloud'], ['Shop in Iași', 'cloud']]) {
    await portal.post('/account/api-keys/new', { description, key_type });
  }
  await portal.open('/account/api-keys');
  const names = page.locator('td.name-cell > a');
  await expect(names).toHaveText(['Shop in Iași', 'Phone', 'Web shop']);
  await page.getByRole('searchbox').fill('shop');
  await portal.button('Find').click();
  await expect(names).toHaveText(['Shop in Iași', 'Web shop']);
  await expect(page).toHaveURL(/\?q=shop&/);
  await portal.live();
  await portal.link('Description').click();
  await expect(names).toHaveText(['Shop in Iași', 'Web shop']);
  await expect(page.locator('th[aria-sort=ascending]')).toHaveText('Description');
  await portal.link('Description').click();
  await expect(names).toHaveText(['Web shop', 'Shop in Iași']);
  const file = await page.request.get((await portal.link('Export as CSV').getAttribute('href'))!);
  const lines = (await file.text()).trim().split('\r\n');
  expect(lines.map((line) => line.split(',')[1])).toEqual(['Description', 'Web shop', 'Shop in Iași']);
  await page.getByRole('searchbox').fill('nothing like it');
  await portal.button('Find').click();
  await expect(page.getByRole('heading', { name: 'No key matches' })).toBeVisible();
  await portal.live();
  await page.locator('main section').getByRole('link', { name: 'Clear the filters' }).click();
  await expect(names).toHaveCount(3);
});

test('several keys are paused and deleted, each after one question', async ({ page, portal }) => {
  await portal.firstAccount();
  for (const description of ['One', 'Two', 'Three']) {
    await portal.post('/account/api-keys/new', { description, key_type: 'cloud' });
  }
  await portal.open('/account/api-keys?sort=description');
  await page.getByRole('checkbox', { name: 'Select all keys of this page' }).check();
  await page.getByRole('group', { name: 'With the selected keys' }).getByRole('button', { name: 'Pause' }).click();
  await portal.at('Several API Keys');
  await expect(page.locator('.named-keys a')).toHaveText(['One', 'Three', 'Two']);
  await portal.button('Pause 3 keys').click();
  await portal.at('Your API Keys');
  await expect(page.getByText('3 keys paused')).toBeVisible();
  await expect(page.locator('.badge.off')).toHaveCount(3);
  for (const name of ['One', 'Two']) await page.getByRole('checkbox', { name: `Select “${name}”` }).check();
  await page.getByRole('group', { name: 'With the selected keys' }).getByRole('button', { name: 'Delete' }).click();
  await portal.button('Delete 2 keys').click();
  await expect(page.getByText('2 keys deleted')).toBeVisible();
  await expect(page.locator('td.name-cell > a')).toHaveText(['Three']);
  await expect(page).toHaveURL(/sort=description/);
});
