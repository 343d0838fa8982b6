"""Python 2 in the ini files that people have: read as what it means today where that is certain, and noted; else refused with what to write."""

import ast
import builtins
import re

_TEXTS = re.compile(r"""'''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|#.*""")


def _covered(line):
    """The line with texts covered by NUL and comments by SOH, so that only code is found in it."""
    return _TEXTS.sub(lambda text: ("\1" if text.group()[0] == "#" else "\0") * len(text.group()), line)


class _Fix:
    """Replaces what `pattern` finds in the code of a line. `{0}`, `{1}` … in the replacement are what its groups find."""

    def __init__(self, pattern, replacement, note):
        self.pattern = re.compile(pattern)
        self.replacement = replacement
        self.note = note

    def apply(self, line):
        covered = _covered(line)
        found = self.pattern.search(covered)
        if not found:
            return None
        groups = [line[slice(*found.span(index))].strip() for index in range(1, self.pattern.groups + 1)]
        return line[: found.start()] + self.replacement.format(*groups) + line[found.end() :]


# Tried on the line that Python cannot read, one after the other.
_FIXES = [
    _Fix(r"\bprint[ \t]+(?!>>)([^;\n\x01]+?)[ \t]*,?[ \t]*(?=;|$|\x01)", "print({0})", "`print` is read as a function: `print(…)`"),
    _Fix(r"\braise[ \t]+([\w.]+)[ \t]*,[ \t]*([^,;\n\x01]+?)[ \t]*(?=;|$|\x01)", "raise {0}({1})", "`raise X, text` is read as `raise X(text)`"),
    _Fix(r"<>", "!=", "`<>` is read as `!=`"),
    _Fix(r"`([^`\n]+)`", "repr({0})", "backticks are read as `repr(…)`"),
    _Fix(r"(?<![\w.])(\d+|0[xX][0-9a-fA-F]+)[lL]\b", "{0}", "the `L` of a long number is left out"),
    _Fix(r"(?<![\w.])0([0-7]+)\b(?!\.)", "0o{0}", "a number with a leading zero is read as octal: `0o…`"),
    _Fix(r"\b[uU][rR](?=\0)", "r", "`ur'…'` is read as `r'…'`"),
    _Fix(r"\bexec[ \t]+([^\s(\x01][^;\n\x01]*?)[ \t]*(?=;|$|\x01)", "exec({0})", "`exec` is read as a function: `exec(…)`"),
]

# What is not mended, because it is not certain what it means, and what to say of it.
_REMEDIES = [
    (re.compile(r"\bexec[ \t].*\bin\b"), "write `exec(code, names)`"),
    (re.compile(r"\bprint[ \t]*>>"), "write `LOG.info(…)` instead of `print >>…`"),
    (re.compile(r"\blambda[ \t]*\("), "a `lambda` takes no tuple apart any more: give it one name, and take that apart by index"),
]


def fix(line):
    """The line as it is read today, with a note; nothing where there is nothing of Python 2 in it that could be mended."""
    if remedy(line):
        return None
    for each in _FIXES:
        fixed = each.apply(line)
        if fixed is not None and fixed != line:
            return fixed, each.note
    return None


def remedy(line):
    """What to write instead of a line that Python cannot read."""
    covered = _covered(line)
    return next((remedy for pattern, remedy in _REMEDIES if pattern.search(covered)), None)


_METHODS = {
    "iteritems": "items",
    "itervalues": "values",
    "iterkeys": "keys",
    "viewitems": "items",
    "viewvalues": "values",
    "viewkeys": "keys",
}


_LAZY = {"filter", "map", "zip"}


class Modern(ast.NodeTransformer):
    """What parses today, but means something else or nothing. Notes are pairs of a line and a text; what is refused has a remedy as well."""

    def __init__(self, body):
        self.notes = []
        self.refused = []
        # Names that the code gives a meaning of its own.
        self._own = {
            getattr(node, "asname", None) or getattr(node, "name", None) or getattr(node, "arg", None) or getattr(node, "id", None)
            for statement in body
            for node in ast.walk(statement)
            if not isinstance(node, ast.Name) or isinstance(node.ctx, ast.Store)
        }
        self._inside = 0

    def _whole(self, value):
        """A list in place of what Python 2 made a list and what is always true today."""
        if isinstance(value, ast.BoolOp):
            value.values = [self._whole(each) for each in value.values]
        lazy = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in _LAZY
        if not lazy or value.func.id in self._own:
            return value
        self.notes.append((value.lineno, f"`{value.func.id}(…)` is read as `list({value.func.id}(…))`"))
        return ast.copy_location(ast.List([ast.copy_location(ast.Starred(value, ast.Load()), value)], ast.Load()), value)

    def visit_Return(self, statement):
        self.generic_visit(statement)
        # A function inside may be there to give one value after the other.
        if not self._inside:
            statement.value = self._whole(statement.value)
        return statement

    def visit_If(self, statement):
        self.generic_visit(statement)
        statement.test = self._whole(statement.test)
        return statement

    visit_While = visit_IfExp = visit_If

    def visit_UnaryOp(self, operation):
        self.generic_visit(operation)
        if isinstance(operation.op, ast.Not):
            operation.operand = self._whole(operation.operand)
        return operation

    def visit_FunctionDef(self, function):
        self._inside += 1
        self.generic_visit(function)
        self._inside -= 1
        return function

    def visit_BinOp(self, operation):
        self.generic_visit(operation)
        # `print >>file, text` is a pair of a shift and a text today.
        if isinstance(operation.op, ast.RShift) and isinstance(operation.left, ast.Name) and operation.left.id == "print":
            line = operation.lineno
            self.refused.append((line, "`print >>file` is not Python any more", remedy("print >>")))
        return operation

    def visit_Call(self, call):
        self.generic_visit(call)
        function = call.func
        if not isinstance(function, ast.Attribute) or call.keywords:
            return call
        if function.attr in _METHODS and not call.args:
            method = _METHODS[function.attr]
            self.notes.append((call.lineno, f"`.{function.attr}()` is read as `.{method}()`"))
            function.attr = method
        elif function.attr == "has_key" and len(call.args) == 1:
            self.notes.append((call.lineno, "`.has_key(x)` is read as `x in …`"))
            return ast.copy_location(ast.Compare(call.args[0], [ast.In()], [function.value]), call)
        return call

    def visit_ExceptHandler(self, handler):
        self.generic_visit(handler)
        caught = handler.type
        if isinstance(caught, ast.Tuple) and len(caught.elts) == 2 and not handler.name:
            first, second = caught.elts
            # `except X, e:`, which since Python 3.14 catches X and whatever `e` is; with brackets it always did.
            bare = (caught.lineno, caught.col_offset) == (first.lineno, first.col_offset)
            if bare and isinstance(second, ast.Name) and not hasattr(builtins, second.id):
                self.notes.append((handler.lineno, f"`except X, {second.id}:` is read as `except X as {second.id}:`"))
                handler.type, handler.name = first, second.id
        return handler


# Names that Python 2 has, and what they are today.
def _compare(a, b):
    return (a > b) - (a < b)


def names():
    from functools import reduce

    return {
        "unicode": str,
        "basestring": str,
        "long": int,
        "xrange": range,
        "unichr": chr,
        "reduce": reduce,
        "cmp": _compare,
        "izip": zip,
    }
