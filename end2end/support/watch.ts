import type { BrowserContext } from '@playwright/test';

// What nobody should ever see: errors on the console, scripts that throw, violations of the Content Security
// Policy, refused or failed requests, and requests that leave the site. A test names the refusals it provokes.
export class Watch {
  private readonly found: string[] = [];
  private readonly expected = new Set<number | string>();
  private readonly seen = new Set<number | string>();

  /** From here on this status, or this network error, is part of the test; it has to occur. */
  expects(...what: (number | string)[]) {
    for (const one of what) this.expected.add(one);
  }

  async over(context: BrowserContext, origin: string, scripted: boolean) {
    context.on('console', (message) => {
      const text = message.text();
      // The status itself is judged below, where it can be expected.
      if (text.startsWith('Failed to load resource:')) return;
      // Without JavaScript the preloaded program is never used, and Chromium says so.
      const loud = scripted ? ['error', 'assert', 'warning'] : ['error', 'assert'];
      if (loud.includes(message.type())) this.found.push(`console ${message.type()}: ${text}`);
    });
    context.on('weberror', (error) => this.found.push(`script error: ${error.error().stack}`));
    context.on('request', (request) => {
      if (new URL(request.url()).origin !== origin) this.found.push(`left the site: ${request.url()}`);
    });
    context.on('response', (response) => {
      if (response.status() < 400) return;
      const what = `${response.status()} for ${response.request().method()} ${response.url()}`;
      this.judge(response.status(), what);
    });
    context.on('requestfailed', (request) => {
      const why = request.failure()?.errorText ?? 'unknown';
      // A page that is left takes its open requests with it.
      if (why === 'net::ERR_ABORTED') return;
      // Chromium's word for a script that it does not fetch because scripts are off (crbug.com/600795).
      if (why === 'csp' && !scripted && /\.js$/.test(request.url())) return;
      this.judge(why, `${why} for ${request.method()} ${request.url()}`);
    });
    if (!scripted) return;
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => {
        console.error(`CSP ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
      });
      addEventListener('unhandledrejection', (event) => console.error(`unhandled: ${event.reason}`));
      // Lets a test see when the program has taken over a form.
      const add = EventTarget.prototype.addEventListener;
      EventTarget.prototype.addEventListener = function (type, ...rest) {
        if (type === 'submit') (this as any).isLive = true;
        return add.call(this, type, ...(rest as [any]));
      };
    });
  }

  private judge(kind: number | string, what: string) {
    this.seen.add(kind);
    if (!this.expected.has(kind)) this.found.push(what);
  }

  /** Everything that was wrong. */
  problems() {
    const missed = [...this.expected].filter((one) => !this.seen.has(one)).map((one) => `never came: ${one}`);
    return [...this.found, ...missed];
  }
}
