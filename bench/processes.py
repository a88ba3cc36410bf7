"""Programs that the bench runs: tousu's, the peers', and what has to be installed before."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
BUILT = ROOT / "target/release"
KEPT = ROOT / "target/bench"  # what is installed once: the peers' parts
FASTIFY, FASTAPI = BENCH / "peers/fastify", BENCH / "peers/fastapi"
YARDSTICKS = ("fixed_bytes", "bare_inserts", "bare_copy", "bare_updates")
CORES = os.cpu_count() or 1

Command = Callable[[int], list]  # for a port


class Server(NamedTuple):
    port: int
    pid: int
    log: IO[bytes]

    def said(self) -> str:
        """What it has logged so far; its own place in the file stays."""
        return os.pread(self.log.fileno(), 1 << 30, 0).decode()


@contextlib.contextmanager
def serving(command: Command, environment: dict[str, str] | None = None) -> Iterator[Server]:
    """Starts a server and ends it with its children."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryFile(dir=KEPT) as log:
        process = subprocess.Popen(
            command(port), env={**os.environ, **(environment or {}), "PORT": str(port)}, cwd=KEPT,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        try:
            server = Server(port, process.pid, log)
            wait_until_open(server, process)
            yield server
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)


def wait_until_open(server: Server, process: subprocess.Popen):
    for _ in range(6000):
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", server.port)):
            return
        if process.poll() is not None:
            break
        time.sleep(0.01)
    sys.exit(f"{process.args[0]} does not listen:\n{server.said()}")


def output(command: list, environment: dict[str, str] | None = None, typed: str | None = None) -> str:
    environment = {**os.environ, **(environment or {})}
    done = subprocess.run(command, env=environment, cwd=KEPT, input=typed, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def say(text: str):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def install(build: bool = True):
    """Builds tousu and its yardsticks, and installs what is missing of wrk and the peers."""
    KEPT.mkdir(parents=True, exist_ok=True)
    if not shutil.which("wrk"):
        say("installing wrk through apt")
        subprocess.run(["apt-get", "install", "--yes", "wrk"], check=True, stdout=subprocess.DEVNULL)
    if build:
        examples = [word for example in YARDSTICKS for word in ("--example", example)]
        cargo = ["cargo", "build", "--release", "--package", "tousu", "--bins", *examples]
        subprocess.run(cargo, cwd=ROOT, check=True)
    with once("fastify", FASTIFY / "package-lock.json") as needed:
        if needed:
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=FASTIFY, check=True)
    with once("fastapi", FASTAPI / "requirements.txt") as needed:
        if needed:
            subprocess.run([sys.executable, "-m", "venv", "--clear", KEPT / "fastapi"], check=True)
            pip = [KEPT / "fastapi/bin/pip", "install", "--quiet", "--requirement", FASTAPI / "requirements.txt"]
            subprocess.run(pip, check=True)


@contextlib.contextmanager
def once(name: str, pins: Path) -> Iterator[bool]:
    """Whether a peer is to be installed: not if that was done from the same pins before."""
    done = KEPT / f"{name}.pins"
    needed = not done.exists() or done.read_bytes() != pins.read_bytes()
    if needed:
        say(f"installing {name}")
    yield needed
    shutil.copy(pins, done)
