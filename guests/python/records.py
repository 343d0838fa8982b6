"""Records as code sees them: `record.a`, `record['a']` and `record.get('a')` alike, at every depth."""

import json
import re


class Record(dict):
    """A JSON object. A field that is not there reads as `None` by its name, and is missing otherwise, as in any `dict`."""

    __slots__ = ()

    def __getattr__(self, name):
        # What Python itself looks for (to copy an object, to print it) is not a field.
        if name.startswith("__"):
            raise AttributeError(name)
        return self.get(name)

    def __setattr__(self, name, value):
        self[name] = value

    def __delattr__(self, name):
        self.pop(name, None)


# Code that prints a type, or reads a message of Python's, sees what it would see of a plain object.
Record.__name__ = Record.__qualname__ = "dict"


class Malformed:
    """Stands for a record that is not well-formed JSON, which the filter therefore cannot judge."""


_decode = json.JSONDecoder(object_hook=Record).decode

# What tells where a record ends: texts, and brackets outside of them.
_TOKEN = re.compile(r'"[^"\\]*(?:\\[\s\S][^"\\]*)*"|[\[\]{},]')


def read(page):
    """The records of a page. One that is not well-formed does not spoil the others."""
    text = page.decode("utf-8", "surrogateescape")
    try:
        records = _decode(text)
        if isinstance(records, list):
            return records
    except (ValueError, RecursionError):
        pass
    return [one(piece) for piece in _pieces(text)]


def pieces(page):
    """The texts of the records of a page."""
    return list(_pieces(page.decode("utf-8", "surrogateescape")))


def one(piece):
    """The record of such a text."""
    try:
        return _decode(piece)
    except (ValueError, RecursionError):
        return Malformed()


def _pieces(text):
    depth, start = 0, None
    for token in _TOKEN.finditer(text):
        bracket = token.group()
        if bracket in ("[", "{"):
            depth += 1
            if depth == 1:
                start = token.end()
        elif bracket in ("]", "}"):
            depth -= 1
            if depth == 0 and text[start : token.start()].strip():
                yield text[start : token.start()]
        elif bracket == "," and depth == 1:
            yield text[start : token.start()]
            start = token.end()


def descend(value, steps, default=None):
    """What the path leads to: into objects by name, into lists by number."""
    for step in steps:
        if isinstance(value, dict):
            if step not in value:
                return default
            value = value[step]
        elif isinstance(value, list) and step.isascii() and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return default
    return value


def _other(value):
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8")
    remedy = REMEDIES.get(type(value).__name__, "return a text, a number, True, False, None, a list or a dict")
    raise Unsendable(f"a converter's result holds a {type(value).__name__}, which cannot be sent", remedy)


REMEDIES = {
    "datetime": "write `.isoformat()` behind it",
    "date": "write `.isoformat()` behind it",
    "time": "write `.isoformat()` behind it",
    "Decimal": "write `str(…)` around it, or `float(…)`",
    "set": "write `sorted(…)` around it",
    "frozenset": "write `sorted(…)` around it",
    "generator": "write `list(…)` around it",
    "map": "write `list(…)` around it",
    "filter": "write `list(…)` around it",
    "UUID": "write `str(…)` around it",
}


class Unsendable(TypeError):
    """A result that has no form in JSON."""

    def __init__(self, what, remedy):
        super().__init__(what)
        self.remedy = remedy


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_other).encode
_encode_ascii = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_other).encode


def write(value):
    """The JSON text of a value, one line."""
    try:
        return _encode(value).encode()
    except UnicodeEncodeError:
        # Half of a pair of UTF-16, which JSON can only write as an escape.
        return _encode_ascii(value).encode()
