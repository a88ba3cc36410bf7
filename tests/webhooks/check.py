"""Subscribes a receiver to a running server, has things happen, and lets the public library judge every webhook."""

import json
import queue
import subprocess
import sys
import tempfile
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

PATIENCE = 60
arrived = queue.Queue()
# What the next ones are answered with; all others with 204.
answers = queue.Queue()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        status = answers.get() if not answers.empty() else 204
        arrived.put((body, dict(self.headers), status))
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def accepts(secret, body, headers):
    """Whether the library lets it in."""
    try:
        Webhook(secret).verify(body, headers)
        return True
    except WebhookVerificationError:
        return False


def next_one(kind, status=204):
    body, headers, answered = arrived.get(timeout=PATIENCE)
    assert json.loads(body)["type"] == kind, f"{kind} was expected: {body.decode()}"
    assert answered == status
    return body, headers


def check(demo, receiver):
    def call(name, **parameters):
        body = json.dumps({"access_token": demo["access_token"], **parameters}).encode()
        with urllib.request.urlopen(f"{demo['address']}/tousu.{name}/1.0.0", body) as answer:
            answer = json.load(answer)
        assert answer["code"] == 0, answer
        return answer["data"]

    target = f"http://127.0.0.1:{receiver.server_port}/hooks"
    made = call("subscription.create", kind="webhook", target=target)
    which = {"subscription_id": made["subscription"]["subscription_id"]}
    first = made["secret"]
    assert call("subscription.test", **which)["delivered"] == 1
    body, headers = next_one("subscription.test")
    assert accepts(first, body, headers)
    # It is the library that decides: what was changed on the way, or belongs to another time or secret, stays out.
    assert not accepts(first, body.replace(b"test", b"rest"), headers)
    names = {name.lower(): name for name in headers}
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        changed = dict(headers)
        changed[names[name]] = changed[names[name]].translate(str.maketrans("0123456789", "1234567890"))
        assert changed != headers and not accepts(first, body, changed), name
    assert not accepts("whsec_" + 32 * "A", body, headers)

    # What happens is told in order and, after a failure, again, under the same id.
    answers.put(500)
    created = call("complaint.create", complaint_reason="要退款 😀，电话 18812341474", idempotency_key="check")
    complaint = {"complaint_id": created["complaint"]["complaint_id"]}
    call("complaint.reply", content="好的，已退款", finish=1, **complaint)
    failed, failed_headers = next_one("complaint.created", 500)
    again, again_headers = next_one("complaint.created")
    assert failed == again and failed_headers[names["webhook-id"]] == again_headers[names["webhook-id"]]
    told = [(failed, failed_headers), (again, again_headers)]
    told += [next_one("complaint.replied"), next_one("complaint.closed")]
    for body, headers in told:
        assert accepts(first, body, headers)
        data = json.loads(body)["data"]
        assert data["complaint_id"] == complaint["complaint_id"]
        assert "18812341474" not in body.decode() and "188****1474" in data["complaint_reason"]
    ids = {headers[names["webhook-id"]] for _, headers in told}
    assert len(ids) == 3, ids

    # While one secret takes another's place both are good; afterwards the new one alone.
    second = call("subscription.rotate_secret", overlap_hours=1, **which)["secret"]
    call("subscription.test", **which)
    body, headers = next_one("subscription.test")
    assert accepts(first, body, headers) and accepts(second, body, headers)
    third = call("subscription.rotate_secret", overlap_hours=0, **which)["secret"]
    call("subscription.test", **which)
    body, headers = next_one("subscription.test")
    assert accepts(third, body, headers)
    assert not accepts(first, body, headers) and not accepts(second, body, headers)
    print("The public library accepts every webhook, and nothing else.")


def main():
    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder, open(f"{folder}/log", "w+") as log:
        arguments = ["serve", "--demo", "--json", "--listen", "127.0.0.1:0", "--database", "sqlite:demo.db"]
        near = ["--set", "notices.http=true", "--set", "notices.private_targets=true"]
        server = subprocess.Popen(
            [sys.argv[1], *arguments, *near], cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            check(json.loads(server.stdout.readline()), receiver)
        except BaseException:
            log.seek(0)
            print("".join(log.readlines()[-50:]), file=sys.stderr)
            raise
        finally:
            server.terminate()
            server.wait()


main()
