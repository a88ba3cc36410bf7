"""How the bench measures: wrk's load in turns, single calls, and a line of the table."""

import socket
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from processes import BENCH, BUILT, CORES, Server, output, say
from subject import INTERFACE, Databases, body

SIGNS = {"≥": float.__ge__, "≤": float.__le__, "<": float.__lt__}


@dataclass
class Run:
    """What every part works with."""

    quick: bool
    work: Path
    databases: Databases

    def __post_init__(self):
        self.rounds, self.seconds = (1, 2) if self.quick else (5, 5)
        # Complaints of the shops, and rows of an import.
        self.large, self.medium, self.basic = (30_000, 10_000, 10_000) if self.quick else (10**7, 10**6, 10**5)
        self.imported, self.imports = (20_000, 1) if self.quick else (10**6, 3)
        self.calls = 20 if self.quick else 200
        self.requests = 5_000 if self.quick else 40_000
        self.updates = 50 if self.quick else 1000

    def in_turns(self, servers: dict[str, Server], few: Iterable[str] = (), **load_of) -> dict[str, float]:
        """Calls per second of each, round after round; the median round counts. Those in `few` get 8 connections
        instead of 64: what takes seconds for a call would hardly end one in a round."""
        rates: dict[str, list[float]] = {name: [] for name in servers}
        connections = {name: 8 if name in few else 64 for name in servers}
        for name, server in servers.items():
            load(server, seconds=2, connections=connections[name], **load_of)
        for seed in range(1, self.rounds + 1):
            for name, server in servers.items():
                rate = load(server, seconds=self.seconds, connections=connections[name], seed=seed, **load_of)
                rates[name].append(rate)
        rate = {name: statistics.median(each) for name, each in rates.items()}
        for name in rate:
            say(f"{name}: {rate[name]:.0f} calls/s")
        return rate


def load(
    server: Server, token: str, seconds: int, connections: int = 64, pages: int = 1,
    queries: Path | None = None, requests: int = 0, seed: int = 0,
) -> float:  # fmt: skip
    """Calls per second for the first `pages` pages (list.lua), or for so many random `requests` a thread, which are
    of `queries` (random.lua)."""
    script = "random.lua" if queries else "list.lua"
    command = [
        "wrk", f"--threads={CORES}", f"--connections={connections}", f"--duration={seconds}s", "--timeout=60s",
        f"--script={BENCH / script}", f"http://127.0.0.1:{server.port}{INTERFACE}",
    ]  # fmt: skip
    environment = {"TOKEN": token, "PAGES": str(pages), "QUERIES": str(queries), "REQUESTS": str(requests), "SEED": str(seed)}
    printed = output(command, environment)
    microseconds, calls, received, failed = map(int, printed.split("done")[1].split())
    # Ten rows are more than this, and a random page has hardly ever fewer; a refusal, which is cheaper to give, is less.
    assert failed == 0 and received >= calls * 2000, printed
    # Who has not answered at all in that time is taken to have answered once.
    return max(calls, 1) / microseconds * 1_000_000


def fixed_bytes(answer: bytes, work: Path) -> Callable[[int], list]:
    """The command of a server that gives that answer whatever it is asked."""
    file = work / "answer.json"
    file.write_bytes(answer)
    return lambda port: [BUILT / "examples/fixed_bytes", f"127.0.0.1:{port}", file]


class Caller:
    """One connection that stays open, with as little of its own time in a call as can be."""

    def __init__(self, server: Server):
        self.socket = socket.create_connection(("127.0.0.1", server.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, token: str, expect_rows: bool = True, interface: str = INTERFACE, **parameters) -> float:
        """Seconds until the answer is there."""
        sent = body(token, **parameters)
        head = f"Host: tousu\r\nContent-Type: application/json\r\nContent-Length: {len(sent)}"
        request = f"POST {interface} HTTP/1.1\r\n{head}\r\n\r\n".encode() + sent
        started = time.perf_counter()
        self.socket.sendall(request)
        received = self.socket.recv(1 << 16)
        while len(parts := received.split(b"\r\n\r\n", 1)) < 2:
            received += self.socket.recv(1 << 16)
        length = int(parts[0].lower().split(b"content-length:")[1].split()[0])
        answer = parts[1]
        while len(answer) < length:
            answer += self.socket.recv(1 << 16)
        taken = time.perf_counter() - started
        assert answer.startswith(b'{"code":0,') and (b'"list":[{' in answer or not expect_rows), (parameters, answer)
        return taken


def resident(server: Server) -> tuple[float, float]:
    """MiB: the most that ever was, and what is no file now."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    peak, anonymous = (int(status.split(f"{what}:")[1].split()[0]) / 1024 for what in ("VmHWM", "RssAnon"))
    return peak, anonymous


def line(what: str, value: float, form: str, sign: str = "≥", target: float | None = None) -> str:
    if target is None:
        return f"| {what} | {form.format(value)} | | for information |"
    verdict = "reached" if SIGNS[sign](float(value), float(target)) else "**not reached**"
    return f"| {what} | {form.format(value)} | {sign} {form.format(target)} | {verdict} |"
