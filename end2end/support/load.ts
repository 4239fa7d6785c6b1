import { Agent, get } from 'node:http';

/** One question of a gateway: when it was sent, and the status it got. */
export type Asked = { sent: number; status: number };

/** Uses a key without pause on many connections until it is stopped. */
export class Load {
  readonly asked: Asked[] = [];
  private stopped = false;
  private readonly agent: Agent;
  private readonly lanes: Promise<void>[];

  constructor(
    private readonly url: string,
    private readonly token: string,
    connections: number,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
    this.lanes = Array.from({ length: connections }, () => this.lane());
  }

  /** Resolves once so many more questions are answered. */
  async more(count: number) {
    const enough = this.asked.length + count;
    while (this.asked.length < enough) await new Promise((done) => setTimeout(done, 5));
  }

  async stop() {
    this.stopped = true;
    await Promise.all(this.lanes);
    this.agent.destroy();
  }

  private async lane() {
    while (!this.stopped) {
      const sent = performance.now();
      this.asked.push({ sent, status: await this.ask() });
    }
  }

  private ask(): Promise<number> {
    const headers = { 'x-api-key': this.token, 'x-forwarded-for': '203.0.113.7' };
    return new Promise((done, fail) => {
      get(`${this.url}/authz/forward-auth`, { agent: this.agent, headers }, (response) => {
        response.resume().on('end', () => done(response.statusCode!));
      }).on('error', fail);
    });
  }
}
