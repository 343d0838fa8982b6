"""What Python 2.7's own ConfigParser makes of the files in corpus/ and of random ones, for the test that compares our reader with it.

Run it with Python 2.7 or with Jython (Debian: apt-get install jython), in this directory:

    jython python.py > python.json

Bytes become text one by one (Latin-1), so that nothing is lost. Of continued lines the old program kept the indent, which the standard
class does not: the test compares them without. A byte order mark, at which the standard class stops, is left out, and so are the
carriage returns of Windows, where the old program never saw them.
"""

import ConfigParser
import json
import os
import random
import StringIO


def reading(text):
    if text.startswith("\xef\xbb\xbf"):
        text = text[3:]
    parser = ConfigParser.RawConfigParser()
    try:
        parser.readfp(StringIO.StringIO(text.replace("\r\n", "\n")))
    except ConfigParser.MissingSectionHeaderError as error:
        return {"no_header": error.lineno}
    except ConfigParser.ParsingError as error:
        return {"wrong": [line for line, _ in error.errors]}
    latin = lambda text: text.decode("latin-1")
    return {
        "sections": dict(
            (latin(section), dict((latin(name), latin(value)) for name, value in parser.items(section)))
            for section in parser.sections()
        )
    }


HEADERS = ["[a]", "[b.c]", "[DEFAULT]", "[a] ; x"]
NAMES = ["x", "X", "y ", "mapping.A", "rem", "remark", "\xe9", "a b"]
PIECES = [
    "=", ":", " = ", ": ", " ", "  ", "\t", ";", " ;", "; ", "#", " #", '""', '"', "%", "%(x)s", "1", "value", "if a:", "return b", "\\",
    "\x0b", "\x0c", "\xe9", "\xa0", "\x85", "[", "]", "rem",
]


def random_line(source):
    some = lambda pieces, most: "".join(source.choice(pieces) for _ in range(source.randint(0, most)))
    kind = source.randint(0, 11)
    if kind < 6:
        return source.choice(NAMES) + source.choice(["=", " = ", ":", ": "]) + some(PIECES, 4)
    if kind < 9:
        return source.choice([" ", "    ", "\t"]) + some(PIECES, 4)
    if kind < 11:
        return source.choice(HEADERS + ["", "# x", "; x", "rem x", "rem"])
    line = some(PIECES, 4)
    # The one thing that ours refuses and Python takes for a setting: a header without its bracket, with a delimiter behind it.
    return "" if line.startswith("[") else line


def random_file(source):
    lines = [random_line(source) for _ in range(source.randint(1, 9))]
    return "[a]\n" + "\n".join(lines) + source.choice(["", "\n"])


def main():
    files = {}
    for name in sorted(os.listdir("corpus")):
        with open(os.path.join("corpus", name), "rb") as file:
            files[name] = reading(file.read())
    source = random.Random(1010)
    texts = sorted(set(random_file(source) for _ in range(1000)))
    randoms = [{"text": text.decode("latin-1"), "reading": reading(text)} for text in texts]
    print(json.dumps({"files": files, "random": randoms}, sort_keys=True, separators=(",", ":")))


main()
