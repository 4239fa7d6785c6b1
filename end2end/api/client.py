"""Uses the client that openapi-python-client made of the document, as a customer's program would."""
import os

from latchkey_client import AuthenticatedClient
from latchkey_client.api.account import find_account
from latchkey_client.api.addresses import authorise_address, list_allowed, remove_address
from latchkey_client.api.gateways import verify_key
from latchkey_client.api.keys import change_key, delete_key, find_key, generate_key, list_keys, rotate_key
from latchkey_client.models import (
    AllowedAddress, KeyChange, KeyState, NewKey, NewKeyKeyType, Passes, Problem, Refused, Rotation,
    RotationOverlapSeconds, VerifyRequest,
)

url = os.environ["LATCHKEY_URL"]
client = AuthenticatedClient(base_url=url, token=os.environ["TOKEN"], raise_on_unexpected_status=True)
gateway = AuthenticatedClient(base_url=url, token=os.environ["GATEWAY_TOKEN"], raise_on_unexpected_status=True)


def verify(token):
    return verify_key.sync(client=gateway, body=VerifyRequest(key=token, client_ip="203.0.113.7"))


before = find_account.sync(client=client)
assert before.username == "demouser" and before.is_owner, before

asked = NewKey(description="made in Python", key_type=NewKeyKeyType.DEFAULT)
made = generate_key.sync(client=client, body=asked, idempotency_key="python-1")
again = generate_key.sync(client=client, body=asked, idempotency_key="python-1")
assert made.token.startswith("lkd_") and (made.id, made.token) == (again.id, again.token), (made, again)
assert find_account.sync(client=client).key_count == before.key_count + 1

page, found = list_keys.sync(client=client, q="in Python", limit=1), []
while True:
    found += page.data
    if page.next_cursor is None:
        break
    page = list_keys.sync(client=client, q="in Python", limit=1, cursor=page.next_cursor)
assert [key.id for key in found] == [made.id], found

authorise_address.sync(client=client, id=str(made.id), body=AllowedAddress(address="203.0.113.0/24"))
assert [entry.address for entry in list_allowed.sync(client=client, id=str(made.id)).data] == ["203.0.113.0/24"]
passed = verify(made.token)
assert isinstance(passed, Passes) and passed.times_used == 1, passed

rotated = rotate_key.sync(client=client, id=str(made.id), body=Rotation(RotationOverlapSeconds.VALUE_0))
assert rotated.id == made.id and rotated.token != made.token
refused = verify(made.token)
assert isinstance(refused, Refused) and refused.code.value == "ROTATED", refused
assert isinstance(verify(rotated.token), Passes)

paused = change_key.sync(client=client, id=str(made.id), body=KeyChange(paused=True))
assert paused.state == KeyState.PAUSED, paused
remove_address.sync(client=client, id=str(made.id), network="203.0.113.0/24")
assert list_allowed.sync(client=client, id=str(made.id)).data == []

assert delete_key.sync_detailed(client=client, id=str(made.id)).status_code == 204
gone = find_key.sync(client=client, id=str(made.id))
assert isinstance(gone, Problem) and gone.type_ == "urn:problem-type:latchkey:not-found", gone
print("listed, made, limited, rotated, deleted")
