// Who takes what Latchkey sends: a mail server, and a program at the end of a webhook.
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { adopt } from './children.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

export type Mail = { to: string[]; headers: Record<string, string>; text: string; html: string };
export type Message = { type: string; timestamp: string; data: any };

/** aiosmtpd, whose mails Python's own parser reads. */
export class MailServer {
  readonly mails: Mail[] = [];

  private constructor(
    private readonly process: ChildProcess,
    readonly port: number,
  ) {}

  static async start(): Promise<MailServer> {
    const env = { ...process.env, PYTHONPATH: `${root}/.tools/python` };
    const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit'];
    const server = adopt(spawn('python3', [`${root}/server/tests/judges/smtp.py`, '{}'], { env, stdio }));
    const lines = createInterface({ input: server.stdout });
    return new Promise((done, fail) => {
      server.on('exit', () => fail(new Error('the mail server ended')));
      let started: MailServer | undefined;
      lines.on('line', (line) => {
        const said = JSON.parse(line);
        if (started) return started.mails.push(said);
        done((started = new MailServer(server, said)));
      });
    });
  }

  async stop() {
    const gone = new Promise((done) => this.process.once('exit', done));
    this.process.kill('SIGKILL');
    await gone;
  }
}

/** Takes messages, and has the library of Standard Webhooks check each signature. */
export class Receiver {
  readonly messages: Message[] = [];
  readonly refused: string[] = [];
  /** The secret of the webhook. */
  secret = '';

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      try {
        const headers = request.headers as Record<string, string>;
        receiver.messages.push(new Webhook(receiver.secret).verify(body, headers) as Message);
        response.writeHead(204).end();
      } catch (error) {
        receiver.refused.push(String(error));
        response.writeHead(400).end();
      }
    });
    const receiver = new Receiver(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return receiver;
  }

  get url() {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hooks/keys`;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
