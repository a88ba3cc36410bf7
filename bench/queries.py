"""The filters that random.lua asks with, and how many complaints each has: what tells which pages there are."""

import itertools
import random
from collections.abc import Callable, Iterator

from rows import DAY, beijing


def queries(total: Callable[..., int], until: int, days: int, ranges: int = 3) -> Iterator[str]:
    """A line for random.lua for each filter that has complaints, without times and with each of `ranges` ranges
    of time within the `days` before `until`. `total` asks a server with the parameters of the list interface."""
    chance = random.Random(2024)
    times = [("-", "-")]
    for _ in range(ranges):
        first, last = sorted(chance.randrange(until - days * DAY, until) for _ in "ab")
        # Open at one side or the other, or at none.
        times.append(chance.choice([(first, last), (first, last), (first, "-"), ("-", last)]))
    for channel, state, overtime, (first, last) in itertools.product(range(5), ("-", 0, 1, 2), range(3), times):
        asked = {"channel_type": channel, "is_overtime": overtime, "state": "" if state == "-" else state}
        if first != "-":
            asked["start_time"] = beijing(first)
        if last != "-":
            asked["end_time"] = beijing(last)
        if found := total(**asked):
            yield f"{channel} {state} {overtime} {first} {last} {found}"
