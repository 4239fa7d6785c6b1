import type { Page } from '@playwright/test';
import { expect, test } from '../support/fixtures';
import type { Portal } from '../support/portal';
import type { Latchkey } from '../support/latchkey.js';

// `Part` (app/src/part.rs), which stands in for the framework's own type: it has to adopt what the server wrote, to
// change a view in place while its type stays, and to put another one exactly there when it does not.

/** Every page that the program knows, with something on it. */
async function pages(portal: Portal, latchkey: Latchkey) {
  await portal.firstAccount();
  await portal.openList();
  const token = await portal.generate('WEB');
  const fresh = new URL(portal.page.url());
  const web = await portal.link('WEB').getAttribute('href');
  await latchkey.verify(await latchkey.addGateway('test'), token, '192.0.2.1');
  await portal.generate('Phone', 'Cloud');
  const phone = await portal.link('Phone').getAttribute('href');
  const list = '/account/api-keys';
  return ['/', list, fresh.pathname + fresh.search, `${list}/new`, web!, phone!, `${list}/none`];
}

/** The elements and texts of the page, as they are here and now. */
function drawn(page: Page) {
  return page.evaluate(outline, undefined);
}

/** The same of what the server writes for this address. */
async function written(page: Page, path: string) {
  const answer = await page.request.get(path);
  return page.evaluate(outline, await answer.text());
}

/** Runs in the browser. What changes while a page is used (`aria-`, `data-`, numbers of forms) is left out. */
function outline(html: string | undefined) {
  const root = html === undefined ? document : new DOMParser().parseFromString(html, 'text/html');
  const lines: string[] = [];
  const walk = (node: Node, depth: string) => {
    if (node instanceof Text && node.data.trim() !== '') lines.push(`${depth}${node.data}`);
    if (!(node instanceof Element)) return;
    const told = ['id', 'class', 'href', 'action', 'name', 'type'].map((name) => node.getAttribute(name) ?? '');
    lines.push(`${depth}${node.localName} ${told.join(' ')}`);
    for (const child of node.childNodes) walk(child, `${depth} `);
  };
  walk(root.querySelector('main')!, '');
  return lines;
}

test('the program adopts every element that the server wrote', async ({ page, portal, latchkey, watch }) => {
  watch.expects(404);
  for (const path of await pages(portal, latchkey)) {
    let release!: () => void;
    const released = new Promise<void>((done) => (release = done));
    await page.route('**/*.wasm', async (route) => {
      await released;
      await route.continue();
    });
    await page.goto(path, { waitUntil: 'commit' });
    await expect(page.locator('footer')).toBeVisible();
    await page.evaluate(() => ((window as any).before = [...document.body.querySelectorAll('*')]));
    release();
    await portal.live();
    await expect(page.locator('.menu')).toHaveAttribute('data-live', '');
    const gone = await page.evaluate(() => {
      const before: Element[] = (window as any).before;
      return before.filter((element) => !element.isConnected).map((element) => element.outerHTML);
    });
    expect(gone, path).toEqual([]);
    await page.unroute('**/*.wasm');
  }
});

test('what the program draws is what the server writes', async ({ page, portal, latchkey, watch }) => {
  watch.expects(404);
  const all = await pages(portal, latchkey);
  await portal.open('/account/api-keys/new');
  await page.evaluate(() => ((window as any).marked = true));
  // Twice, so that each page takes the place of another one, and of itself after that.
  for (const path of [...all, ...all.reverse()]) {
    await page.evaluate((to) => {
      const link = document.createElement('a');
      link.href = to;
      document.querySelector('main')!.append(link);
      link.click();
      link.remove();
    }, path);
    await expect(page).toHaveURL(path);
    const wanted = await written(page, path);
    await expect.poll(() => drawn(page), { message: path }).toEqual(wanted);
  }
  expect(await page.evaluate(() => (window as any).marked), 'the same page').toBe(true);
});

test('a view changes in place while its type stays', async ({ page, portal, watch }) => {
  await portal.firstAccount();
  await portal.openList();
  await portal.generate('WEB');
  await portal.openKey('WEB');
  const kept = await page.locator('main h1, main section, [id^=authorise_address]').elementHandles();
  watch.expects(422);
  const field = portal.field('Address or network');
  const problem = page.locator('.field:has(#authorise_address-address) > *');
  await expect(problem).toHaveCount(3);
  await field.fill('none');
  await portal.button('Authorise').click();
  // What was not there before comes to its place: behind the field, and nowhere else.
  await expect(problem.nth(3)).toHaveClass('field-problem');
  await field.fill('192.0.2.2');
  await portal.button('Authorise').click();
  await expect(portal.button('Remove 192.0.2.2')).toBeVisible();
  await expect(problem).toHaveCount(3);
  await portal.button('Remove 192.0.2.2').click();
  await expect(page.getByText('No further address is authorised.')).toBeVisible();
  const gone = await Promise.all(kept.map((one) => one.evaluate((e) => (e.isConnected ? '' : e.outerHTML))));
  expect(gone.filter((html) => html !== '')).toEqual([]);
});
