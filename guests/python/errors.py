"""What went wrong, said so that the person who wrote the code can mend it, without the contents of records."""

import difflib
import inspect
import keyword
import re
import sys
from opcode import opmap

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


_RAISE = opmap["RAISE_VARARGS"]
# What raises errors with texts of this program, but for the name of an attribute.
_OURS = {"records", "running"}
# What exceptions of the library add to what they are raised with.
_ADDED = "at line column char position"
# Code that can change the text of an error that it does not raise itself.
_CHANGES = re.compile(r"\bexcept\b|\.\s*args\b")


def failure(program, error):
    """Where an exception came from, as far as that is code of the ini file; whether a `raise` made its text, and of which texts of the library."""
    index, line, texts = program.index, program.lines[0], []
    # The texts of these are what they were given: the encoding that is not known, what a generator returns.
    is_made = isinstance(error, (KeyError, SystemExit)) or type(error) in (LookupError, StopIteration)
    trace = error.__traceback__
    while trace is not None:
        frame, code = trace.tb_frame, trace.tb_frame.f_code
        if code.co_filename.startswith(_FILE):
            index, line = int(code.co_filename[len(_FILE) :]), trace.tb_lineno
        module = str(frame.f_globals.get("__name__"))
        is_ours = module in _OURS and not isinstance(error, AttributeError)
        if trace.tb_next is None and code.co_code[trace.tb_lasti] == _RAISE and not is_ours:
            is_made = True
            if module.split(".")[0] in sys.stdlib_module_names:
                said = code.co_consts[bool(code.co_flags & inspect.CO_HAS_DOCSTRING) :]
                texts = [_ADDED, *(text for text in said if isinstance(text, str))]
        trace = trace.tb_next
    return index, line, is_made, texts


def describe(error, is_made, original, code):
    """The exception's kind and text without what may come from the record, which `original` gives as it came. Of a text that was made for a
    `raise` only words that stand in the code are shown, because it can hold anything that was made of a record; of others, what is not in the record."""
    kind = type(error).__name__
    try:
        text = str(error)
    except BaseException:
        text = ""
    text = text[: MOST_CHARACTERS * 4]
    try:
        contents = None if is_made else "\n".join(_leaves(original())).casefold()
    except BaseException:
        contents = None

    def is_own(run):
        run = run.strip(_MARKS)
        if not run or _stands(run, code):
            return True
        words = [run, *re.findall(r"\w+", run)]
        return contents is not None and all(word in _SMALL or word.casefold() not in contents or _stands(word, code) for word in words)

    if not is_made:
        text = _unquoted(text, code)
    text = re.sub(r"\S+", lambda run: run.group() if is_own(run.group()) else "…", text)
    text = text[:MOST_CHARACTERS]
    return f"{kind}: {text}" if text else kind


# What stands around a word.
_MARKS = "'\"()[]{}<>.,:;!?…"

# Words of Python's messages that are in every record.
_SMALL = {"a", "an", "as", "at", "be", "by", "in", "is", "it", "no", "of", "on", "or", "s", "t", "to"}


def _leaves(value):
    """The texts and numbers of a record as an exception may show them."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, str):
        yield value
        yield repr(value)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _stands(text, code):
    """Whether the text stands in the code, and not as a part of a word."""
    return text in code and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", code) is not None


# What an exception quotes, and a quotation mark: what stands between two letters is an apostrophe.
_QUOTED = re.compile(r"""(?<!\w)b?(['"])(.*?)\1(?!\w)""", re.DOTALL)
_QUOTATION = re.compile(r"""(?<!\w)b?['"]|['"](?!\w)""")


def _unquoted(text, code):
    """The text without what it quotes, except names of Python's own, and one piece that stands in the code. What is quoted can hold quotation
    marks: all is left out that can be within some."""
    marks = list(_QUOTATION.finditer(text))
    if _QUOTATION.search(_QUOTED.sub(" ", text)):
        return text[: marks[0].start()] + "'…'"
    pieces = [piece for piece in _QUOTED.finditer(text) if not _is_of_python(piece[2])]
    if not pieces or len(pieces) == 1 and _stands(pieces[0][2], code):
        return text
    return text[: pieces[0].start()] + "'…'" + text[marks[-1].end() :]


def _is_of_python(name):
    """Whether it is the name of a type or module of Python's, as messages quote them."""
    module, _, kind = name.rpartition(".")
    if module in sys.stdlib_module_names:
        return isinstance(getattr(sys.modules.get(module), kind, None), type)
    return name in _OWN or name in sys.stdlib_module_names


# The names of Python's own types, which messages quote, and its comparisons.
_OWN = {
    name
    for kind in object.__subclasses__()
    for name in (kind.__name__, kind.__qualname__)
} | {"int", "str", "float", "bool", "list", "dict", "tuple", "set", "bytes", "Record", "NoneType", "function", "method", "<", "<=", ">", ">="}


# Python 2 at run time, and what is most often meant otherwise: a piece of the message, and what to write.
_REMEDIES = [
    (r"'str' object has no attribute 'decode'", "leave `.decode(…)` out: texts are Unicode"),
    (r"'bytes' object has no attribute 'encode'", "leave one of the `.encode(…)` out"),
    (r"'dict_(keys|values|items)' object is not subscriptable", "write `list(…)` around it"),
    (r"'(map|filter|zip)' (object is not subscriptable|has no len)", "write `list(…)` around it"),
    (r"NoneType", "the field is missing in this record, or null: ask for that first, or set `on_error = skip` to leave such records out"),
    (r"module 'string' has no attribute", "use the methods of texts: `x.lower()`, `','.join(x)`"),
    (r"keyword argument 'cmp'|sorted expected 1 argument|sort\(\) takes no positional", "write `key=functools.cmp_to_key(…)`"),
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


def problem(program, error, original, programs):
    index, line, is_made, texts = failure(program, error)
    try:
        code = "\n".join(each.text for each in programs)
        is_made = is_made or _CHANGES.search(code) is not None
        code = "\n".join([code, *texts])
        what, what_to_do = describe(error, is_made, original, code), remedy(error)
    except BaseException:
        what, what_to_do = type(error).__name__, None
    return Problem(index, line, None, what, what_to_do)
