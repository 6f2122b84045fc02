"""Servers in processes of their own, their CPU time, and a load on keep-alive connections."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(pid: int) -> float:
    """Return the CPU seconds a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@dataclass(frozen=True, slots=True)
class Load:
    """What a load found: requests answered, wall seconds, and each answer's time, sorted, in seconds."""

    requests: int
    seconds: float
    times: list[float]

    def quantile(self, share: float) -> float:
        return self.times[min(len(self.times) - 1, int(share * len(self.times)))]


async def one_connection(port: int, paths: Sequence[str], until: float, times: list[float], pause: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    number = 0
    while time.perf_counter() < until:
        path = paths[number % len(paths)]
        number += 1
        began = time.perf_counter()
        writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 404")):
            raise ValueError(f"{path}: {head[:80]!r}")
        times.append(time.perf_counter() - began)
        if pause:
            await asyncio.sleep(pause)
    writer.close()


def load(port: int, paths: Sequence[str], connections: int, seconds: float, pause: float = 0.0) -> Load:
    """Ask for paths on so many keep-alive connections for so long, with a pause after each answer.

    Each connection starts at another path.
    """
    times: list[float] = []

    async def run() -> float:
        began = time.perf_counter()
        until = began + seconds
        starts = [n * len(paths) // connections for n in range(connections)]
        turns = [[*paths[start:], *paths[:start]] for start in starts]
        await asyncio.gather(*(one_connection(port, turn, until, times, pause) for turn in turns))
        return time.perf_counter() - began

    spent = asyncio.run(run())
    return Load(len(times), spent, sorted(times))
