"""The component: code of the ini file, run a page of records at a time (wit/scripting.wit, docs/python.md).

The build imports this module once and keeps the memory as it is then, so that whatever is imported here costs nothing at a start. Modules that
the code of an ini file may want have to be among it: there are no files to import others from.
"""

import modules  # noqa: F401  (for what it imports)
from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.scripting import Field, Kind, Origin_Source, Outcome, Program, Stopped

import output
import programs
import running
from running import Planned, Runner

runner = Runner()


class Scripting(exports.Scripting):
    def load(self, found: list[Program]):
        output.begin()
        compiled, loaded, problems = programs.compile_all(found)
        if problems:
            raise Err(problems)
        runner.programs = compiled
        runner.filter = next((program for program in compiled if program.kind == Kind.FILTER), None)
        running.converters_of_the_file.update(
            (program.name, program) for program in compiled if program.kind == Kind.CONVERTER
        )
        return loaded

    def plan(self, fields: list[Field], skip: bool) -> None:
        named = running.converters_of_the_file
        unknown = next((field.converter for field in fields if field.converter not in named), None)
        if unknown is not None:
            raise Err(f"there is no program `{unknown}`")
        runner.fields = [
            Planned(
                named[field.converter],
                field.name,
                field.origin.value.split(".") if isinstance(field.origin, Origin_Source) else None,
                field.origin.value,
                {name: True if value is None else value for name, value in field.parameters},
            )
            for field in fields
        ]
        runner.skip = skip

    def run_page(self, page: bytes, most: int) -> Outcome:
        output.begin()
        result = runner.run(page, most)
        if isinstance(result, Stopped):
            raise Err(result)
        return result
