"""Asks a SQL Server with python-tds: argument is a JSON object with what to connect with and the statements to ask; prints what each came to."""

import json
import sys

import pytds


def told(work):
    try:
        return work()
    except pytds.Error as error:
        # The number is the last message's, the text is that of all of them.
        return {"error": [getattr(error, "number", None), error.args[0]]}


def shown(value):
    return value.isoformat() if hasattr(value, "isoformat") else repr(value)


def ask(connection, step):
    with connection.cursor() as cursor:
        cursor.execute(step["statement"], tuple(step.get("parameters", ())))
        if "stop_after" in step:
            rows = [cursor.fetchone() for _ in range(step["stop_after"])]
            cursor.cancel()
        else:
            rows = cursor.fetchall()
        names = [column[0] for column in cursor.description]
        return {"columns": names, "rows": [[shown(value) for value in row] for row in rows]}


def main(asked):
    how = {"autocommit": True, "login_timeout": 10, "timeout": 10, "disable_connect_retry": True}
    with pytds.connect("127.0.0.1", **how, **asked["login"]) as connection:
        return [told(lambda: ask(connection, step)) for step in asked["steps"]]


print(json.dumps(told(lambda: main(json.loads(sys.argv[1])))))
