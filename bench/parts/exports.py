"""Exports of a whole large shop: how fast each form leaves, and what the server takes of memory for it."""

import http.client
import json
import time

from measure import Run, line, resident
from processes import Server, say, serving
from subject import BACKENDS, page, settings, tousu_serve

EXPORT, GET = "/tousu.complaint.export/1.0.0", "/tousu.export.get/1.0.0"
FORMS = ("csv", "ndjson", "xlsx")
BOUND = 150  # MiB


def measure(run: Run) -> list[str]:
    lines = []
    for backend in BACKENDS:
        database = run.databases.of(backend, run.medium)
        for form in FORMS:
            # Each on a server of its own, so that the peak is its own.
            with serving(tousu_serve, settings(database.url)) as server:
                size, seconds, manifest = export(server, database.token, form)
                total = page(server, database.token)["total"]
                assert manifest["rows"] == total >= database.complaints, (manifest["rows"], total)
                peak, _ = resident(server)
            rate = total / seconds
            say(f"{backend}, {form}: {total:,} rows, {size >> 20} MiB in {seconds:.1f} s, peak {peak:.0f} MiB")
            what = f"export, {backend}, {total:,} complaints, {form}"
            lines.append(line(f"{what}: peak memory of the server", peak, "{:.0f} MiB", "<", BOUND))
            lines.append(line(f"{what}: rows a second", rate, "{:,.0f}"))
    return lines


def export(server: Server, token: str, form: str) -> tuple[int, float, dict]:
    """Bytes and seconds of a whole file, and its manifest."""
    started = time.monotonic()
    answer = post(server, EXPORT, access_token=token, format=form)
    assert answer.headers["X-Export-Id"], answer.read()
    size, rows = 0, 0
    # A file that breaks off raises IncompleteRead.
    while piece := answer.read(1 << 16):
        size += len(piece)
        rows += piece.count(b"\n")
    seconds = time.monotonic() - started
    known = json.loads(post(server, GET, access_token=token, export_id=answer.headers["X-Export-Id"]).read())
    manifest = known["data"]["manifest"]
    assert manifest["bytes"] == size, (manifest["bytes"], size)
    assert form != "ndjson" or manifest["rows"] == rows, (manifest["rows"], rows)
    return size, seconds, manifest


def post(server: Server, path: str, **asked) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", path, json.dumps(asked).encode(), {"Content-Type": "application/json"})
    return connection.getresponse()
