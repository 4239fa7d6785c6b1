"""Reads a secret, headers and the body of a webhook's message as JSON from standard input, has the Standard
Webhooks library verify them, and prints the message; ends with an error if the library refuses it."""

import json
import sys

from standardwebhooks import Webhook

given = json.load(sys.stdin)
message = Webhook(given["secret"]).verify(given["body"], given["headers"])
json.dump(message, sys.stdout)
