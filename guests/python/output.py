"""What code logs and prints. It is kept until the page is done, and limited, because nobody reads a line a record."""

import io
import logging
import sys

from wit_world.exports.scripting import Line

# Lines of one page.
MOST_LINES = 100
# Characters of one line.
MOST_CHARACTERS = 8 << 10

lines = []
suppressed = 0


def begin():
    """A page begins."""
    global suppressed
    lines.clear()
    suppressed = 0


def add(level, text):
    global suppressed
    if len(lines) < MOST_LINES:
        lines.append(Line(level, text.encode("utf-8", "replace").decode()[:MOST_CHARACTERS]))
    else:
        suppressed += 1


class _Handler(logging.Handler):
    def emit(self, record):
        add(min(max(record.levelno, 10), 40), self.format(record))


class _Printed(io.TextIOBase):
    """Takes what is printed, whole lines at a time."""

    encoding = "utf-8"

    def __init__(self):
        self._begun = ""

    def writable(self):
        return True

    def write(self, text):
        *whole, self._begun = (self._begun + text).split("\n")
        for line in whole:
            add(logging.INFO, line)
        # A line that never ends is not kept.
        self._begun = self._begun[-MOST_CHARACTERS:]
        return len(text)


logging.basicConfig(handlers=[_Handler()], level=logging.DEBUG, format="%(message)s", force=True)
logging.raiseExceptions = False
LOG = logging.getLogger("lib/filter")
sys.stdout = sys.stderr = _Printed()
sys.stdin = io.StringIO("")
