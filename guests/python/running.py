"""A page of records through the programs."""

import functools
import json
import random

from componentize_py_types import Err
from wit_world.exports.scripting import Outcome, Problem, Stopped
from wit_world.imports import converters

import errors
import output
import records
from output import LOG
from records import Malformed, Record, descend

# The converters of the ini file by their names.
converters_of_the_file = {}

# The built-in converter that `cae` calls.
_WITH_DEFAULT = "casper_extension_attribute"

LEFT_OUT, STAYS, FAILED = 0, 1, 2


class DynamicException(Exception):
    """For code that raises it, as it could in the old program."""


class Refusal(ValueError):
    """A converter that cannot be called so."""

    remedy = "see the converters in docs/mapping.md"


def converter(record, name, **params):
    """Runs another converter, of the ini file or built in. `value` is the value it converts; the built-in ones that read the record do
    without."""
    value = params.get("value")
    own = converters_of_the_file.get(name.lower())
    if own is not None:
        return own.call(None, record, value, params)
    # The parameters of a mapping are texts. What stands in for a missing attribute can be anything here.
    default = None
    if name == _WITH_DEFAULT and not isinstance(params.get("default"), str):
        default = params.pop("default", None)
    parameters = [
        (key, None if given is True else str(given)) for key, given in params.items() if key != "value" and given is not None
    ]
    try:
        made = converters.convert(name, parameters, records.write(record), None if value is None else records.write(value))
    except Err as refused:
        raise Refusal(refused.value) from None
    return default if made is None else json.loads(made, object_hook=Record)


def cae(record, attr, default=None):
    """The value of the extension attribute `attr` (Casper)."""
    return converter(record, _WITH_DEFAULT, attr=attr, default=default)


def get_field_value(data, field, default=None):
    """What the path leads to: `a.b` is `b` in `a`."""
    return descend(data, field.split("."), default)


def names():
    """What code finds without importing it."""
    return {
        "LOG": LOG,
        "converter": converter,
        "cae": cae,
        "cea": cae,
        "get_field_value": get_field_value,
        "DynamicException": DynamicException,
    }


class Planned:
    """A field whose value a program makes."""

    def __init__(self, program, name, steps, constant, params):
        self.program, self.name, self.steps, self.params = program, name, steps, params
        self.constant = None if steps else json.loads(constant, object_hook=Record)

    def made(self, record):
        value = descend(record, self.steps) if self.steps else self.constant
        return records.write(self.program.call(self.name, record, value, dict(self.params)))


class Runner:
    """The programs of a section at work."""

    def __init__(self):
        self.programs, self.filter, self.fields, self.skip = [], None, [], False

    def run(self, page, most):
        # The same numbers for the same page, whichever page this component ran before.
        random.seed()
        verdicts, values, failures = bytearray(), [], []
        pieces = functools.cache(lambda: records.pieces(page))
        code = None if self.filter is None else self.filter.call
        fields = self.fields
        for record in records.read(page):
            if len(verdicts) >= most:
                verdicts.append(LEFT_OUT)
                continue
            if record.__class__ is not Record:
                self._other(record, verdicts, values, failures)
                continue
            program = self.filter
            try:
                if code is not None and not code(record):
                    verdicts.append(LEFT_OUT)
                    continue
                if fields:
                    made = []
                    for field in fields:
                        program = field.program
                        made.append(field.made(record))
                    values += made
                verdicts.append(STAYS)
            except BaseException as error:
                # As the record came: code may have changed the one that it was given.
                problem = errors.problem(program, error, lambda: records.one(pieces()[len(verdicts)]), self.programs)
                if not self.skip:
                    return Stopped(len(verdicts), problem, list(output.lines))
                verdicts.append(FAILED)
                failures.append(problem)
        values.append(b"")
        return Outcome(bytes(verdicts), b"\n".join(values), failures, list(output.lines), output.suppressed)

    def _other(self, record, verdicts, values, failures):
        """What is no object: not a record, which the mapper says; or one that cannot be read, which it must not send unfiltered."""
        if isinstance(record, Malformed):
            program = self.filter or self.fields[0].program
            verdicts.append(FAILED)
            failures.append(Problem(program.index, program.lines[0], None, "the record is not well-formed JSON", None))
        else:
            verdicts.append(STAYS)
            values += [b"null"] * len(self.fields)
