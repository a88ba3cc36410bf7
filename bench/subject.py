"""tousu as the bench uses it: databases with shops, the server, the list call."""

import contextlib
import http.client
import json
import sqlite3
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from processes import BUILT, Server, output, say, serving
from rows import beijing, rows

TOUSU = BUILT / "tousu"
SHOP, SMALL_SHOP, PERMISSION = "appbench", "appsmall", "投诉管理-查询"
INTERFACE = "/xe.pay_through.complaint_record.xe.b_complaints.list/1.0.0"
BACKENDS = ("SQLite", "PostgreSQL")
DAYS = 365
FAR = 4_000_000_000  # epoch seconds after every complaint
# A shop of more complaints is read into memory in the background, and the log tells when it is there.
READ_AT_ONCE = 20_000


class Database(NamedTuple):
    url: str
    complaints: int
    token: str
    small_token: str = ""

    @property
    def address(self) -> str:
        """As others than tousu want it."""
        return self.url.removeprefix("sqlite:")

    def milliseconds(self, statements: list[str]) -> float:
        """How long the database takes for the statements by itself."""
        if not self.url.startswith("sqlite:"):
            script = "\n".join(["\\timing on", *(f"{statement};" for statement in statements)])
            printed = output(["psql", "--no-psqlrc", "--quiet", "--file", "-", self.url], typed=script)
            return sum(float(line.split()[1]) for line in printed.splitlines() if line.startswith("Time: "))
        with contextlib.closing(sqlite3.connect(f"file:{self.address}?mode=ro", uri=True)) as connection:
            started = time.perf_counter()
            for statement in statements:
                connection.execute(statement).fetchall()
            return (time.perf_counter() - started) * 1000


@dataclass
class Databases:
    """The databases of a run, each made when it is first asked for."""

    work: Path
    postgres: str
    small: int
    made: dict[tuple, Database] = field(default_factory=dict)
    dropped_at_the_end: list[str] = field(default_factory=list)
    until: int = field(default_factory=lambda: int(time.time()) // 3600 * 3600)

    def new(self, backend: str) -> str:
        """The address of an empty database."""
        name = f"bench_{uuid.uuid4().hex[:12]}"
        if backend == "SQLite":
            return f"sqlite:{self.work / name}.db"
        psql(self.postgres, f"create database {name}")
        self.dropped_at_the_end.append(name)
        return f"{self.postgres.rpartition('/')[0]}/{name}"

    def drop(self, url: str):
        name = url.rpartition("/")[2]
        if url.startswith("sqlite:"):
            for file in self.work.glob(f"{name}*"):
                file.unlink()
        else:
            psql(self.postgres, f"drop database {name} with (force)")
            self.dropped_at_the_end.remove(name)

    def drop_all(self):
        for name in [*self.dropped_at_the_end]:
            self.drop(f"/{name}")

    def of(self, backend: str, complaints: int, skew: str = "even") -> Database:
        """A database with a shop of so many complaints, as `tousu bench-data` makes them, and with a small one."""
        key = backend, complaints, skew
        if key not in self.made:
            url = self.new(backend)
            asked = f"--complaints={complaints}", f"--skew={skew}", f"--days={DAYS}", f"--until={beijing(self.until)}"
            report = tousu(url, "bench-data", *asked)
            say(f"{backend}: bench-data made {complaints:,} complaints ({skew}) in {report['seconds']:.1f} s")
            tousu(url, "shop", "add", SMALL_SHOP, "--name", "bench")
            export = write_rows(self.work, self.small, self.until)
            take_in(url, export, self.small, SMALL_SHOP)
            self.made[key] = Database(url, complaints, new_token(url, SHOP), new_token(url, SMALL_SHOP))
        return self.made[key]


def psql(url: str, statement: str):
    output(["psql", "--no-psqlrc", "--quiet", "--command", statement, url])


def write_rows(work: Path, count: int, until: int) -> Path:
    export = work / f"rows-{count}.ndjson"
    if not export.exists():
        say(f"making {count:,} rows")
        with export.open("w") as file:
            for row in rows(count, until):
                file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
    return export


def settings(url: str) -> dict[str, str]:
    # The limiter does its work, but one token may call as often as it can.
    return {"TOUSU_DATABASE": url, "TOUSU_LIMITS__CALLS_FACTOR": "1000000"}


def tousu_serve(port: int) -> list:
    return [TOUSU, "serve", "--listen", f"127.0.0.1:{port}"]


def tousu(url: str, *arguments) -> dict:
    return json.loads(output([TOUSU, *arguments, "--json"], settings(url)))


def new_shop(url: str) -> str:
    """Adds the shop to a database that is empty; gives a token of its app."""
    tousu(url, "shop", "add", SHOP, "--name", "bench")
    return new_token(url, SHOP)


def new_token(url: str, shop: str) -> str:
    client_id = tousu(url, "app", "add", "--shop", shop, "--name", "bench", "--grant", PERMISSION)["client_id"]
    return tousu(url, "token", "--shop", shop, "--client-id", client_id)["access_token"]


def take_in(url: str, export: Path, count: int, shop: str = SHOP):
    report = tousu(url, "import", "--shop", shop, export)
    assert report["read"] == report["added"] == count, report


@contextlib.contextmanager
def in_memory(database: Database) -> Iterator[Server]:
    """tousu on the database, when it has read the shop."""
    with serving(tousu_serve, settings(database.url)) as server:
        page(server, database.token)
        patience = time.monotonic() + 300
        while database.complaints > READ_AT_ONCE and "the shop is in memory" not in server.said():
            assert time.monotonic() < patience, server.said()
            time.sleep(0.1)
        yield server


def ask(server: Server, token: str, **parameters) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", INTERFACE, body(token, **parameters), {"Content-Type": "application/json"})
    return connection.getresponse().read()


def body(token: str, **parameters) -> bytes:
    return json.dumps({"access_token": token, "page": 1, "page_size": 10, **parameters}).encode()


def page(server: Server, token: str, **parameters) -> dict:
    """`list` and `total`."""
    answer = json.loads(ask(server, token, **parameters))
    assert answer["code"] == 0, answer
    return answer["data"]
