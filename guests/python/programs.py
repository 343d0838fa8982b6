"""From the text of a setting to a function."""

import ast
import builtins
import inspect
import re
import sys
import types
import warnings

from wit_world.exports.scripting import Kind, Loaded, Problem

import errors
import python2
import running

# Lines of Python 2 that are mended in one program.
MOST_FIXES = 200
# Calls inside one another while a program is read: a sum of some hundred terms is a tree as deep. They take memory, and no stack.
MOST_DEPTH = 100_000

_SIGNATURES = {
    Kind.FILTER: "def recordfilter(record): pass",
    Kind.CONVERTER: "def converter(field, record, value, params): pass",
}

warnings.simplefilter("ignore")


class Refused(Exception):
    """Why a text is no program."""

    def __init__(self, line, what, remedy=None, excerpt=None):
        super().__init__(what)
        self.line, self.what, self.remedy, self.excerpt = line, what, remedy, excerpt


class Compiled:
    """A program that can be called."""

    def __init__(self, index, found):
        self.index = index
        self.name = found.name
        self.kind = found.kind
        self.text = found.text
        self.lines = list(found.lines)
        self.notes = []
        body = self._parse()
        modern = python2.Modern(body)
        body = [modern.visit(statement) for statement in body]
        for refused in modern.refused:
            raise Refused(*refused)
        module = ast.parse(_SIGNATURES[self.kind])
        function = module.body[0]
        function.body = body
        ast.fix_missing_locations(module)
        self.code = self._compile(module)
        self.notes = sorted(self.notes + modern.notes)
        self.reads, self.calls = _named(body)
        # Each call has globals of its own where code could leave something in them, so that no record sees the one before: pages are run
        # side by side, and what a record becomes must not depend on which came before it here.
        shared = not any(
            isinstance(node, ast.Global) or isinstance(node, ast.Name) and node.id in ("globals", "exec", "eval", "__builtins__")
            for statement in body
            for node in ast.walk(statement)
        )
        code = self.code
        if shared:
            self.call = types.FunctionType(code, _globals())
        else:
            self.call = lambda *arguments: types.FunctionType(code, _globals())(*arguments)

    def _parse(self):
        """The statements, their lines those of the ini file."""
        lines = self.text.split("\n")
        first = next((line for line in lines if line.strip() and not line.strip().startswith("#")), None)
        if first is None:
            raise Refused(self.lines[0], "holds no code", "write `return True`, or remove the setting")
        # The text is indented as it stands in the ini file, so it is read as a block.
        shift = 1 if first[0].isspace() else 0
        for _ in range(MOST_FIXES):
            source = "if 1:\n" * shift + "\n".join(lines)
            try:
                tree = ast.parse(source)
                break
            except SyntaxError as error:
                index = (error.lineno or 1) - 1 - shift
                index = min(max(index, 0), len(lines) - 1)
                fixed = python2.fix(lines[index])
                if fixed is None:
                    raise self._refused(error, index, lines, shift) from None
                lines[index] = fixed[0]
                self.notes.append((self.lines[index], fixed[1]))
        else:
            raise Refused(self.lines[0], "is Python 2 through and through", "write it for Python 3")
        body = tree.body
        if shift:
            if len(body) > 1:
                index = body[1].lineno - 1 - shift
                excerpt = errors.excerpt(self.text.split("\n")[index], 1)
                raise Refused(
                    self.lines[index],
                    "this line is indented less than the first one",
                    "indent all lines of the code alike",
                    excerpt,
                )
            body = body[0].body
        for statement in body:
            for node in ast.walk(statement):
                if hasattr(node, "lineno"):
                    node.lineno = self.lines[min(node.lineno - 1 - shift, len(self.lines) - 1)]
                    node.end_lineno = self.lines[min(node.end_lineno - 1 - shift, len(self.lines) - 1)]
        return body

    def _refused(self, error, index, lines, shift):
        remedy = python2.remedy(lines[index]) or errors.syntax_remedy(error, lines[index])

        def of_the_file(line):
            place = int(line.group(1)) - 1 - shift
            return f"on line {self.lines[place]}" if 0 <= place < len(self.lines) else line.group()

        what = re.sub(r"on line (\d+)", of_the_file, error.msg)
        # The line is shown as it stands in the file. Where something of it was mended before, the place in it is not known.
        text = self.text.split("\n")[index]
        return Refused(self.lines[index], what, remedy, errors.excerpt(text, error.offset if text == lines[index] else 1))

    def _compile(self, module):
        try:
            code = compile(module, errors.filename(self.index), "exec", dont_inherit=True)
        except SyntaxError as error:
            line = error.lineno or self.lines[0]
            text = self.text.split("\n")[self.lines.index(line)] if line in self.lines else ""
            raise Refused(line, error.msg, errors.syntax_remedy(error, text), errors.excerpt(text, error.offset)) from None
        except ValueError as error:
            raise Refused(self.lines[0], f"cannot be compiled: {error}", "write it in smaller pieces") from None
        code = next(constant for constant in code.co_consts if isinstance(constant, types.CodeType))
        if code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
            yields = (ast.Yield, ast.YieldFrom, ast.Await)
            line = next((node.lineno for node in ast.walk(module) if isinstance(node, yields)), self.lines[0])
            raise Refused(line, "`yield` makes no result", "write `return`")
        return code


def _globals():
    names = python2.names()
    names.update(running.names())
    names["__builtins__"] = builtins
    names["__name__"] = "__main__"
    return names


def _named(body):
    """The fields of the record that code names, and the converters that it calls by name. A converter whose name is computed is `*`."""
    reads, calls = {}, {}
    # Of a converter that is not called where it is named, one cannot see what it is called with.
    handed_over = 0
    is_record = lambda node: isinstance(node, ast.Name) and node.id == "record"  # noqa: E731
    text = lambda node: node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None  # noqa: E731
    for statement in body:
        for node in ast.walk(statement):
            field = None
            if isinstance(node, ast.Attribute) and is_record(node.value) and not hasattr(dict, node.attr):
                field = node.attr
            elif isinstance(node, ast.Subscript) and is_record(node.value):
                field = text(node.slice)
            elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)) and is_record(node.comparators[0]):
                field = text(node.left)
            elif isinstance(node, ast.Call):
                function, arguments = node.func, node.args
                if isinstance(function, ast.Attribute) and is_record(function.value) and arguments:
                    field = text(arguments[0])
                elif isinstance(function, ast.Name) and function.id == "get_field_value" and len(arguments) > 1:
                    field = (text(arguments[1]) or "").split(".")[0]
                elif isinstance(function, ast.Name) and function.id == "converter":
                    name = arguments[1] if len(arguments) > 1 else None
                    name = next((keyword.value for keyword in node.keywords if keyword.arg == "name"), name)
                    calls[(text(name) or "*").lower()] = None
                    handed_over -= 1
                elif isinstance(function, ast.Name) and function.id in ("cae", "cea"):
                    calls["casper_extension_attribute"] = None
                    reads["extension_attributes"] = None
            elif isinstance(node, ast.Name) and node.id == "converter":
                handed_over += 1
            if field:
                reads[field] = None
    if handed_over:
        calls["*"] = None
    return list(reads), list(calls)


def compile_all(found):
    """The programs, what is to be known of them, and what is wrong with them."""
    compiled, problems = [], []
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(MOST_DEPTH)
    for index, program in enumerate(found):
        try:
            compiled.append(Compiled(index, program))
        except Refused as refused:
            problems.append(Problem(index, refused.line, refused.excerpt, refused.what, refused.remedy))
        except (RecursionError, MemoryError):
            what = "is nested too deeply to be read"
            problems.append(Problem(index, program.lines[0], None, what, "write it in smaller pieces, or as a dict"))
    sys.setrecursionlimit(usual)
    notes = [Problem(program.index, line, None, note, None) for program in compiled for line, note in program.notes]
    reads = list(dict.fromkeys(name for program in compiled for name in program.reads))
    calls = list(dict.fromkeys(name for program in compiled for name in program.calls))
    return compiled, Loaded(notes, reads, calls), problems
