"""What went wrong, said so that the person who wrote the code can mend it, without the contents of records."""

import difflib
import keyword
import re
import sys

from wit_world.exports.scripting import Problem

# Characters of an exception's text.
MOST_CHARACTERS = 500
# Characters of a line of code that are shown.
MOST_COLUMNS = 160

_FILE = "ini:"


def filename(index):
    """What stands for the file in the code of a program."""
    return f"{_FILE}{index}"


def excerpt(line, offset):
    """A line of code with a caret below the place; `offset` counts from 1."""
    shown = line.expandtabs(4).rstrip()
    if not offset or not shown or len(shown) > MOST_COLUMNS:
        return None
    column = min(len(line[: offset - 1].expandtabs(4)), len(shown))
    indent = len(shown) - len(shown.lstrip())
    return shown[indent:] + "\n" + " " * max(column - indent, 0) + "^"


def syntax_remedy(error, line):
    """What to do about a text that Python cannot read."""
    if isinstance(error, TabError):
        return "indent with blanks only"
    if isinstance(error, IndentationError):
        return "indent the lines of a block alike, and more than the line that begins it"
    first = re.match(r"\s*([a-z]+)", line)
    meant = difflib.get_close_matches(first.group(1), keyword.kwlist, 1) if first else []
    if meant and meant[0] != first.group(1):
        return f"did you mean `{meant[0]}`?"
    return "correct the line, and try it with `filter test`"


def failure(program, error):
    """The problem that an exception is. It is placed where the exception came from, as far as that is code of the ini file."""
    index, line = program.index, program.lines[0]
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(_FILE):
            index, line = int(file[len(_FILE) :]), trace.tb_lineno
        trace = trace.tb_next
    return index, line


def describe(error, record, sources):
    """The exception's kind and text. Words of the text that come from the record and not from the code are left out."""
    kind = type(error).__name__
    try:
        text = str(error)
    except BaseException:
        text = ""
    text = text[: MOST_CHARACTERS * 4]
    code = "\n".join(sources)
    try:
        contents = repr(record)
    except BaseException:
        contents = None

    def is_own(word):
        # What is so short tells nothing, and an "a" is in every record.
        return len(word) < 3 or word in code or contents is not None and word not in contents

    text = re.sub(r"'([^']*)'|\"([^\"]*)\"", lambda quoted: _quoted(quoted, code), text)
    text = re.sub(r"[^\W_][\w.@-]*", lambda word: word.group() if is_own(word.group()) else "…", text)
    text = text[:MOST_CHARACTERS]
    return f"{kind}: {text}" if text else kind


def _quoted(quoted, code):
    """What an exception quotes is shown where it stands in the code, or is the name of something of Python's."""
    text = quoted.group(1) if quoted.group(1) is not None else quoted.group(2)
    return quoted.group() if text in code or text in _OWN else "'…'"


# The names of Python's own types, which messages quote.
_OWN = {
    name
    for kind in object.__subclasses__()
    for name in (kind.__name__, kind.__qualname__)
} | {"int", "str", "float", "bool", "list", "dict", "tuple", "set", "bytes", "Record", "NoneType", "function", "method"}


# Python 2 at run time, and what is most often meant otherwise: a piece of the message, and what to write.
_REMEDIES = [
    (r"'str' object has no attribute 'decode'", "leave `.decode(…)` out: texts are Unicode"),
    (r"'bytes' object has no attribute 'encode'", "leave one of the `.encode(…)` out"),
    (r"'dict_(keys|values|items)' object is not subscriptable", "write `list(…)` around it"),
    (r"'(map|filter|zip)' object is not subscriptable", "write `list(…)` around it"),
    (r"'NoneType' object has no attribute", "the field is missing in this record, or null: ask for that first, or set `on_error = skip` to leave such records out"),
    (r"'NoneType' object is not|NoneType", "the field is missing in this record, or null: ask for that first, or set `on_error = skip` to leave such records out"),
    (r"module 'string' has no attribute", "use the methods of texts: `x.lower()`, `','.join(x)`"),
    (r"takes no keyword arguments|unexpected keyword argument 'cmp'", "write `key=functools.cmp_to_key(…)`"),
]


def remedy(error):
    """What to do about an exception."""
    own = getattr(error, "remedy", None)
    if isinstance(own, str):
        return own
    if isinstance(error, KeyError):
        return "not every record has it: write `record.get(…)`, or set `on_error = skip` to leave such records out"
    if isinstance(error, NameError) and error.name in sys.stdlib_module_names:
        return f"write `import {error.name}` above it"
    if isinstance(error, ModuleNotFoundError):
        return "what can be imported stands in docs/python.md"
    if isinstance(error, MemoryError):
        return "the code needs more memory than it may have"
    if isinstance(error, OSError):
        return "the code reaches no files, no network and no other programs"
    text = str(error)[:MOST_CHARACTERS]
    found = next((remedy for pattern, remedy in _REMEDIES if re.search(pattern, text)), None)
    return found or "try it with `filter test`, or set `on_error = skip` to leave such records out"


def problem(program, error, record, sources):
    index, line = failure(program, error)
    try:
        what, what_to_do = describe(error, record, sources), remedy(error)
    except BaseException:
        what, what_to_do = type(error).__name__, None
    return Problem(index, line, None, what, what_to_do)
