"""A mail server (aiosmtpd) that takes what comes and prints each mail as a line of JSON, read by Python's own
parser. Its first line is the port. Options, as one JSON object:
port; defer: so many recipients are answered 451 first; refuse: this recipient is answered 550;
rcpt, data, text: what is answered to every recipient, to DATA, to every letter; hang: never answers to a letter;
login: [user, password] that is asked for; certificate, key: offers STARTTLS.
Each line of its input is answered by a line of its output, after all that came before."""

import asyncio
import email
import email.policy
import json
import logging
import ssl
import sys
import threading
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

options = json.loads(sys.argv[1])
# What goes wrong on purpose is not worth a line.
logging.disable()
warnings.simplefilter("ignore")


def say(what):
    print(json.dumps(what), flush=True)


class Handler:
    def __init__(self):
        self.deferred = 0

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address == options.get("refuse"):
            return f"550 5.1.1 <{address}>: no such user"
        if "rcpt" in options:
            return options["rcpt"]
        if self.deferred < options.get("defer", 0):
            self.deferred += 1
            say({"deferred": self.deferred})
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if options.get("hang"):
            say({"hanging": True})
            await asyncio.sleep(3600)
        if "text" in options:
            return options["text"]
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = {part.get_content_type(): part.get_content().replace("\r\n", "\n") for part in mail.walk() if not part.is_multipart()}
        say({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "greeting": session.host_name,
            "user": session.auth_data.login.decode() if session.auth_data else None,
            "tls": session.ssl is not None,
            "headers": {name.lower(): str(value) for name, value in mail.items()},
            "header_lines": [name for name, _ in mail.items()],
            "date": mail["Date"].datetime.timestamp(),
            "defects": [repr(d) for part in mail.walk() for d in part.defects],
            "structure": [part.get_content_type() for part in mail.walk()],
            "text": parts.get("text/plain"),
            "html": parts.get("text/html"),
        })
        return "250 taken"


class Server(SMTP):
    async def smtp_DATA(self, arg):
        if "data" in options:
            await self.push(options["data"])
        else:
            await super().smtp_DATA(arg)


def authenticate(server, session, envelope, mechanism, data):
    user, password = options["login"]
    if (data.login, data.password) == (user.encode(), password.encode()):
        return AuthResult(success=True, auth_data=data)
    return AuthResult(success=False, handled=False)


def answer_lines(loop):
    for _ in sys.stdin:
        loop.call_soon_threadsafe(say, {"asked": True})


async def main():
    settings = {}
    if "login" in options:
        settings |= {"authenticator": authenticate, "auth_required": True}
        settings |= {"auth_require_tls": "certificate" in options}
    if "certificate" in options:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options["certificate"], options["key"])
        settings |= {"tls_context": context, "require_starttls": True}
    handler = Handler()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Server(handler, hostname="localhost", **settings), "127.0.0.1", options.get("port", 0)
    )
    say(server.sockets[0].getsockname()[1])
    threading.Thread(target=answer_lines, args=[loop], daemon=True).start()
    await server.serve_forever()


asyncio.run(main())
