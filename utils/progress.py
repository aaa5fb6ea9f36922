"""How far a long computation is: seen by a person, absent from stored outputs."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import TextIO

from tqdm.auto import tqdm


def progress(items: Iterable | None = None, what: str = "", *, total: int | None = None) -> tqdm:
    """Iterate over items with a bar, or count up to total by `update`.

    utils.report turns it off by the variable TQDM_DISABLE.
    """
    hidden = bool(os.environ.get("TQDM_DISABLE"))
    return tqdm(items, desc=what, total=total, disable=hidden, leave=False)


class Progress:
    """Says which notebook and cell is running and for how long.

    In a terminal one line is rewritten twice a second; elsewhere each cell gets a line.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty()
        self.started = time.monotonic()

    def run(self, label: str, work: Callable[[], object]) -> None:
        """Call `work` while showing `label` and the time it takes."""
        started, done = time.monotonic(), threading.Event()

        def show() -> None:
            width = os.get_terminal_size(self.stream.fileno()).columns - 1
            while not done.is_set():
                seconds = minutes(time.monotonic() - started)
                total = minutes(time.monotonic() - self.started)
                line = f"{total}  {seconds}  {label}"[:width]
                self._write(f"\r\x1b[2K{line}")
                done.wait(0.5)

        if self.live:
            ticker = threading.Thread(target=show, daemon=True)
            ticker.start()
        else:
            self._write(label)
        try:
            work()
        finally:
            done.set()
            if self.live:
                ticker.join()
                self._write("\r\x1b[2K")
            else:
                self._write(f"  {minutes(time.monotonic() - started)}\n")

    def line(self, text: str) -> None:
        """Write a line that stays."""
        self._write(text + "\n")

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()


def minutes(seconds: float) -> str:
    """75.2 as 1:15."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
