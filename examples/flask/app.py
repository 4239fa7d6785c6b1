"""A Flask API that lets a request pass if Latchkey says that its key may."""
import json
import os
import urllib.request

from flask import Flask, abort, g, request

LATCHKEY_URL, GATEWAY_TOKEN = os.environ["LATCHKEY_URL"], os.environ["GATEWAY_TOKEN"]
FORBIDDEN = {"IP_NOT_ALLOWED", "NO_CLIENT_ADDRESS", "DISABLED", "OWNER_DISABLED"}
app = Flask(__name__)
# Behind a proxy, use werkzeug's ProxyFix, or every client has the proxy's address.


def verify(key, client_ip):
    question = json.dumps({"key": key, "client_ip": client_ip}).encode()
    headers = {"Authorization": f"Bearer {GATEWAY_TOKEN}", "Content-Type": "application/json"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{LATCHKEY_URL}/v1/verify", question, headers), timeout=2
    ) as answer:
        return json.load(answer)


@app.before_request
def require_key():
    key = request.headers.get("X-API-Key") or abort(401)
    try:
        g.latchkey = verify(key, request.remote_addr)
    except (OSError, ValueError) as error:
        app.logger.error("Latchkey: %s", error)
        abort(503)
    code = g.latchkey["code"]
    if not g.latchkey["valid"]:
        abort(429 if code == "THROTTLED" else 403 if code in FORBIDDEN else 401)


@app.get("/hello")
def hello():
    return {"hello": g.latchkey["username"]}
