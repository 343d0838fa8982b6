"""What CPython makes of the corpus: `python3 oracle.py` writes the results behind the records of each case, `--check` says which differ.

A case is a name, `filter` or `converter` with its parameters, the code as it stands in an ini file, and records with their results. Code of
Python 2 is followed by the same code of today, which is what CPython runs. Nothing here is shared with the component that is tested.
"""

import json
import pathlib
import sys


class Attributes(dict):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name] if name in self else None

    def __setattr__(self, name, value):
        self[name] = value


Attributes.__name__ = Attributes.__qualname__ = "dict"


class DynamicException(Exception):
    pass


def shown(value):
    def other(value):
        if isinstance(value, bytes):
            return value.decode("utf-8")
        raise TypeError

    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=other)


def results(kind, parameters, code, records):
    is_filter = kind == "filter"
    signature = "record" if is_filter else "field, record, value, params"
    # An ini file's reader takes one blank from the lines of a value.
    source = compile(f"def code({signature}):\n" + "\n".join(line[1:] for line in code), "case", "exec")
    params = dict((part.split("=") + [True])[:2] for part in parameters.split("|") if part)
    sys.stdout, printed = open("/dev/null", "w"), sys.stdout
    try:
        for text in records:
            # As the old program did: everything anew for each record.
            names = {"DynamicException": DynamicException}
            exec(source, names)
            record = json.loads(text, object_hook=Attributes)
            try:
                if is_filter:
                    yield "true" if names["code"](record) else "false"
                else:
                    value = record.get("value")
                    yield shown(names["code"]("value", record, value, dict(params)))
            except Exception as error:
                trace, line = error.__traceback__, 1
                while trace:
                    if trace.tb_frame.f_code.co_filename == "case":
                        line = trace.tb_lineno
                    trace = trace.tb_next
                yield f"raises {type(error).__name__} {line - 1}"
    finally:
        sys.stdout = printed


def rewritten(case):
    head, _, tail = case.partition("\n---\n")
    name, kind, *code = head.split("\n")
    if "today" in code:
        code = code[code.index("today") + 1 :]
    records = [line.rpartition(" => ")[0] or line for line in tail.strip().split("\n")]
    kind, _, parameters = kind.partition(" ")
    made = results(kind, parameters, code, records)
    return head + "\n---\n" + "\n".join(f"{record} => {result}" for record, result in zip(records, made))


def main():
    differ = []
    for path in sorted(pathlib.Path(__file__).parent.glob("corpus/*.txt")):
        text = path.read_text()
        cases = text.strip().split("\n\n# ")
        new = "\n\n# ".join(rewritten(case) for case in cases) + "\n"
        if "--check" in sys.argv:
            differ += [f"{path.name}: {a!r} instead of {b!r}" for a, b in zip(text.split("\n"), new.split("\n")) if a != b]
        else:
            path.write_text(new)
    print("\n".join(differ))
    sys.exit(1 if differ else 0)


main()
