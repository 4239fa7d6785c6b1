import { expect, type Locator, type Page } from '@playwright/test';
import type { Latchkey } from './latchkey.js';

export const EMPTY_LINE = 'Page 0 of 1, showing 0 records out of 0 total, starting on record 0, ending on 0';

/** The pages, as a customer uses them: everything is found by what it says. */
export class Portal {
  readonly username = 'demouser';
  readonly password = 'correct horse battery';

  constructor(
    readonly page: Page,
    readonly latchkey: Latchkey,
    /** Whether JavaScript is on. */
    readonly scripted: boolean,
  ) {}

  /** Loads a page, and waits until its program has taken over. */
  async open(path: string) {
    const response = await this.page.goto(path);
    await this.live();
    return response!;
  }

  /** Every form is handled in place from here on (at once where there is no JavaScript). */
  async live() {
    // Pages that only the server knows start no program.
    const starts = this.scripted && (await this.page.locator('link[rel=modulepreload]').count()) > 0;
    if (!starts) return;
    await this.page.waitForFunction(() =>
      [...document.querySelectorAll('form[novalidate], form:has([type=datetime-local])')].every((form) => (form as any).isLive),
    );
  }

  heading(name: string) {
    return this.page.getByRole('heading', { level: 1, name, exact: true });
  }

  /** A whole token beside its copy button; lines for a shell hold it too. */
  shown(token: string) {
    return this.page.locator('.whole-token').getByText(token);
  }

  /** Waits for the page with this heading, until it is usable. */
  async at(name: string) {
    await expect(this.heading(name)).toBeVisible();
    await this.live();
  }

  button(name: string) {
    return this.page.getByRole('button', { name, exact: true });
  }

  link(name: string) {
    return this.page.getByRole('link', { name, exact: true });
  }

  field(label: string) {
    return this.page.getByLabel(label, { exact: true });
  }

  get navigation() {
    return this.page.getByRole('navigation', { name: 'Main navigation' });
  }

  async firstAccount() {
    await this.open(this.latchkey.setupLink);
    await this.field('Username').fill(this.username);
    await this.field('Password').fill(this.password);
    await this.button('Create account').click();
    await this.at('Dashboard');
  }

  async logIn(username = this.username, password = this.password) {
    await this.field('Username').fill(username);
    await this.field('Password').fill(password);
    await this.button('Login').click();
  }

  /** By the menu, as it is: opened by the pointer, or a plain list without JavaScript. */
  async logOut() {
    if (this.scripted) await this.navigation.getByRole('link', { name: 'Account' }).hover();
    await this.navigation.getByRole('button', { name: 'Logout' }).click();
    await this.at('Login');
  }

  async openList() {
    if (this.scripted) await this.navigation.getByRole('link', { name: 'Account' }).hover();
    await this.navigation.getByRole('link', { name: 'API Keys' }).click();
    await this.at('Your API Keys');
    // The open menu covers what lies under it.
    if (this.scripted) await this.page.mouse.move(640, 700);
  }

  /** Generates a key on the pages; ends on the list and answers the token shown there. */
  async generate(description: string, type = 'Default Key') {
    await this.link('Generate a new API Key').click();
    await this.at('Generate an API Key');
    await this.field('Description').fill(description);
    await this.field('Type').selectOption({ label: type });
    await this.button('Generate').click();
    await this.at('Your API Keys');
    await expect(this.page.getByText('Your new API key is ready')).not.toHaveCount(0);
    return this.page.locator('.notice .whole-token code').innerText();
  }

  /** Posts the form of a plain page, as a browser would, without showing it. */
  async post(path: string, form: Record<string, string>) {
    const headers = { 'sec-fetch-site': 'same-origin' };
    return this.page.request.post(path, { form, headers, maxRedirects: 0 });
  }

  get recordLine() {
    return this.page.getByText(/^Page \d+ of /);
  }

  row(description: string) {
    return this.page.getByRole('row').filter({ has: this.link(description) });
  }

  /** The cell of a row that stands under a column's name. */
  async cell(description: string, column: string): Promise<Locator> {
    const names = await this.page.getByRole('columnheader').allInnerTexts();
    const index = names.map((name) => name.trim()).indexOf(column);
    expect(index, `the column ${column} among ${names}`).toBeGreaterThanOrEqual(0);
    return this.row(description).getByRole('cell').nth(index);
  }

  async openKey(description: string) {
    await this.link(description).click();
    await this.at(description);
  }

  /** From the list: the link, the question, the button; ends on the list. */
  async deleteKey(description: string) {
    await this.link(`Delete “${description}”`).click();
    await this.at('Delete an API Key');
    await expect(this.page.getByText(`Do you want to delete the key “${description}”?`)).toBeVisible();
    await this.button('Delete').click();
    await this.at('Your API Keys');
    await expect(this.row(description)).toHaveCount(0);
  }
}
