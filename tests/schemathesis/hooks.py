"""Makes most of the generated calls get somewhere: past the token, and to complaints and subscriptions that exist."""

import itertools
import json
import os
import urllib.request

import schemathesis

DEMO = json.loads(os.environ["TOUSU_DEMO"])
TOKEN = {"access_token": DEMO["access_token"]}
CREDENTIALS = {name: DEMO[name] for name in ("app_id", "client_id", "secret_key")} | {
    "grant_type": "client_credential"
}
LIST = "/xe.pay_through.complaint_record.xe.b_complaints.list/1.0.0"
CREATE_SUBSCRIPTION = "/tousu.subscription.create/1.0.0"
DELETE_SUBSCRIPTION = "/tousu.subscription.delete/1.0.0"
WIDE_FILTER = {"complaint_id": "", "start_time": "2000-01-01 00:00:00", "end_time": "2999-12-31 23:59:59"}


def some_complaint():
    request = urllib.request.Request(DEMO["address"] + LIST, json.dumps(TOKEN).encode())
    with urllib.request.urlopen(request) as answer:
        return {"complaint_id": json.load(answer)["data"]["list"][0]["complaint_id"]}


def some_subscription():
    # A name that leads nowhere.
    asked = TOKEN | {"kind": "webhook", "target": "https://hooks.example.invalid/"}
    request = urllib.request.Request(DEMO["address"] + CREATE_SUBSCRIPTION, json.dumps(asked).encode())
    with urllib.request.urlopen(request) as answer:
        return {"subscription_id": json.load(answer)["data"]["subscription"]["subscription_id"]}


COMPLAINT = some_complaint()
SUBSCRIPTION = some_subscription()
# A count and not chance, so that the same seed makes the same calls.
calls = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    # Some calls keep what was generated, or else the refusals would go untested.
    number = next(calls)
    given = {}
    if case.path == "/token":
        given |= CREDENTIALS if number % 3 else {}
    else:
        given |= TOKEN if number % 5 else {}
        given |= (WIDE_FILTER if case.path == LIST else COMPLAINT) if number % 2 else {}
        given |= SUBSCRIPTION if number % 2 and case.path != DELETE_SUBSCRIPTION else {}
    for parameters in (case.body, case.query):
        if isinstance(parameters, dict):
            # What a call was generated without stays out: its absence is what the call tests.
            parameters.update((name, value) for name, value in given.items() if name in parameters)
