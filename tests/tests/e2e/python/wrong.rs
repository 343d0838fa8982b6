//! What is wrong with code is said before anything is fetched: file, line, section, and a caret.

use oomnitza_tests::Output;

use super::ini;

/// Runs a section with this filter, whose code begins on line 13. Oomnitza and the source are not there to be asked.
fn upload(filter: &str) -> Output {
    super::program(&ini("", filter, &[])).run(&["upload", "okta"])
}

#[test]
fn a_syntax_error_has_its_line_and_a_caret() {
    insta::assert_snapshot!(upload("    if record.a = 1:\n        return True"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:13: [okta] recordfilter: cannot assign to attribute here. Maybe you meant '==' instead of '='?
        if record.a = 1:
           ^
    hint: correct the line, and try it with `filter test`
    ");
    insta::assert_snapshot!(upload("    # the first of two\n    return (record.a ==\n    return 2"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:14: [okta] recordfilter: '(' was never closed
        return (record.a ==
               ^
    hint: correct the line, and try it with `filter test`
    ");
    insta::assert_snapshot!(upload("    return record.name == 'Zoë"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:13: [okta] recordfilter: unterminated string literal (detected at line 3)
        return record.name == 'Zoë
                              ^
    hint: correct the line, and try it with `filter test`
    ");
}

#[test]
fn indentation_that_is_none() {
    insta::assert_snapshot!(upload("    if record.a:\n    return True"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:14: [okta] recordfilter: expected an indented block after 'if' statement on line 13
        return True
        ^
    hint: indent the lines of a block alike, and more than the line that begins it
    ");
    insta::assert_snapshot!(upload("      x = 1\n    return x"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:14: [okta] recordfilter: unindent does not match any outer indentation level
        return x
                ^
    hint: indent the lines of a block alike, and more than the line that begins it
    ");
    insta::assert_snapshot!(upload("    if record.a:\n\treturn 1\n        return 2"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:14: [okta] recordfilter: expected an indented block after 'if' statement on line 13
    hint: indent the lines of a block alike, and more than the line that begins it
    ");
}

#[test]
fn what_compiles_only_outside_of_a_function() {
    insta::assert_snapshot!(upload("    for a in record:\n        yield a"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:14: [okta] recordfilter: `yield` makes no result
    hint: write `return`
    ");
    insta::assert_snapshot!(upload("    break"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:13: [okta] recordfilter: 'break' outside loop
        break
        ^
    hint: correct the line, and try it with `filter test`
    ");
    insta::assert_snapshot!(upload("    # nothing"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:12: [okta] recordfilter: holds no code
    hint: write `return True`, or remove the setting
    ");
}

/// One blank, a tab, or the line of the setting itself: the old program wanted two blanks.
#[test]
fn any_indentation_will_do() {
    for code in [
        " return record.a == 1",
        "\treturn record.a == 1",
        "\tif record.a:\n\t\treturn record.a == 1",
        "  # comment\n          if record.a:\n           return record.a == 1",
    ] {
        let program = super::program(&ini("", code, &[]));
        let tried = super::try_records(&program, "{\"a\": 1}\n{\"a\": 2}\n");
        assert_eq!(
            (tried[0].status.as_str(), tried[1].status.as_str()),
            ("stays", "left out"),
            "{code}"
        );
    }
    let program = super::program(&ini("recordfilter: return record.a == 1 ; of the ini file", "", &[]));
    let tried = super::try_records(&program, "{\"a\": 1}\n{\"a\": 2}\n");
    assert_eq!(
        (tried[0].status.as_str(), tried[1].status.as_str()),
        ("stays", "left out")
    );
}

#[test]
fn every_converter_is_looked_at() {
    let mapping = r#"mapping.FIRST_NAME = {"source": "firstName", "converter": "good"}"#;
    let converters = [
        (
            "good",
            "    return converter(record, 'Bad') or converter(record, 'worse')",
        ),
        ("bad", "    return value +"),
        ("worse", "    retrun value"),
    ];
    let program = super::program(&ini(mapping, "", &converters));
    insta::assert_snapshot!(program.run(&["upload", "okta"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:16: [converters] bad: invalid syntax
        return value +
                      ^
    hint: correct the line, and try it with `filter test`
    error: config.ini:18: [converters] worse: invalid syntax
        retrun value
               ^
    hint: did you mean `return`?
    ");
    // `validate` says it too.
    let checked = program.run(&["validate", "okta"]);
    assert_eq!(checked.code, Some(2), "{checked}");
    for line in [16, 18] {
        let place = format!("config.ini:{line}: [converters] ");
        assert!(checked.to_string().contains(&place), "{checked}");
    }
    // A section that uses none of it does not care, filter or not.
    for filter in ["", "    return True"] {
        let output = super::program(&ini("", filter, &converters)).run(&["upload", "okta"]);
        assert!(!output.stderr.contains("converters"), "{output}");
    }
}

/// What is mended in a line that stays wrong is not shown: the line stands as in the file.
#[test]
fn a_line_that_is_mended_and_wrong_still_is_shown_as_it_stands() {
    insta::assert_snapshot!(upload("    print record.a +"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:13: [okta] recordfilter: invalid syntax
        print record.a +
        ^
    hint: correct the line, and try it with `filter test`
    ");
}

/// What people write is read, and what is deeper is refused with its line.
#[test]
fn code_of_many_parts_is_read_or_refused_by_name() {
    let sum = |terms: usize| format!("    return {}", vec!["record.a"; terms].join(" + "));
    let choices: String = (0..400)
        .map(|n| format!("    elif record.a == {n}:\n        return 0\n"))
        .collect();
    let choices = format!("    if not record.a:\n        return 0\n{choices}    return 1");
    for code in [sum(400), choices] {
        let program = super::program(&ini("", &code, &[]));
        let tried = super::try_records(&program, "{\"a\": -1}\n");
        assert_eq!(tried[0].status, "stays", "{}", code.len());
    }
    let brackets = format!("    return {}1{}", "(".repeat(150), ")".repeat(150));
    let mapping = r#"mapping.FIRST_NAME = {"source": "firstName", "converter": "good"}"#;
    let converters = [("good", "    return converter(record, 'deep')"), ("deep", &brackets)];
    let program = super::program(&ini(mapping, &sum(30_000), &converters));
    for command in ["upload", "validate"] {
        let output = program.run(&[command, "okta"]);
        assert_eq!(output.code, Some(2), "{output}");
        for place in ["12: [okta] recordfilter", "17: [converters] deep"] {
            let told = format!("error: config.ini:{place}: is nested too deeply to be read\n");
            assert!(output.to_string().contains(&told), "{output}");
        }
        assert!(
            output.to_string().contains("hint: write it in smaller pieces"),
            "{output}"
        );
    }
}

#[test]
fn python_2_is_read_where_that_is_certain_and_noted() {
    let filter = "    print 'at', record.a\n    if record.has_key('a') and record.a <> 010:\n        raise ValueError, 'x'\n    try:\n        return `record`\n    except ValueError, e:\n        return 5L";
    let program = super::program(&ini("", filter, &[]));
    program.write("record.json", b"{}");
    insta::assert_snapshot!(program.run(&["filter", "test", "--section", "okta", "--record", "record.json"]), @"
    exit: 0
    ----- stdout
    log: at None
    record 1: stays
    ----- stderr
    warning: config.ini:13: [okta] recordfilter: `print` is read as a function: `print(…)`
    warning: config.ini:14: [okta] recordfilter: `.has_key(x)` is read as `x in …`
    warning: config.ini:14: [okta] recordfilter: `<>` is read as `!=`
    warning: config.ini:14: [okta] recordfilter: a number with a leading zero is read as octal: `0o…`
    warning: config.ini:15: [okta] recordfilter: `raise X, text` is read as `raise X(text)`
    warning: config.ini:17: [okta] recordfilter: backticks are read as `repr(…)`
    warning: config.ini:18: [okta] recordfilter: `except X, e:` is read as `except X as e:`
    warning: config.ini:19: [okta] recordfilter: the `L` of a long number is left out
    ");
    let noted = program.run(&["validate", "okta"]);
    assert_eq!(
        (noted.code, noted.stdout.matches("[okta] recordfilter: ").count()),
        (Some(0), 8),
        "{noted}"
    );
}

#[test]
fn python_2_that_is_not_certain_is_refused_with_what_to_write() {
    insta::assert_snapshot!(upload("    import sys\n    print >>sys.stderr, record.a"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:14: [okta] recordfilter: `print >>file` is not Python any more
    hint: write `LOG.info(…)` instead of `print >>…`
    ");
    insta::assert_snapshot!(upload("    return sorted(record.a, key=lambda (a, b): b)"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:13: [okta] recordfilter: Lambda expression parameters cannot be parenthesized
        return sorted(record.a, key=lambda (a, b): b)
                                           ^
    hint: a `lambda` takes no tuple apart any more: give it one name, and take that apart by index
    ");
    insta::assert_snapshot!(upload("    exec record.a in {}"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:13: [okta] recordfilter: Missing parentheses in call to 'exec'. Did you mean exec(...)?
        exec record.a in {}
        ^
    hint: write `exec(code, names)`
    ");
}

/// What people write of Python 2 and what is only seen when it runs.
#[test]
fn python_2_at_run_time_says_what_to_write() {
    for (code, hint) in [
        ("    return record.a.decode('utf-8')", "leave `.decode(…)` out"),
        ("    return record.keys()[0]", "write `list(…)` around it"),
        ("    import string\n    return string.lower(record.a)", "x.lower()"),
        ("    return re.match('a', record.a)", "write `import re` above it"),
        ("    return record['b']", "record.get(…)"),
        ("    return record.b.lower()", "missing in this record"),
        ("    import requests", "docs/python.md"),
        ("    return open('/etc/passwd')", "no files, no network"),
        (
            "    return sorted([2, 1], lambda a, b: cmp(a, b))",
            "key=functools.cmp_to_key(…)",
        ),
        (
            "    return sorted([2, 1], cmp=lambda a, b: cmp(a, b))",
            "key=functools.cmp_to_key(…)",
        ),
        (
            "    return [2, 1].sort(lambda a, b: cmp(a, b))",
            "key=functools.cmp_to_key(…)",
        ),
        (
            "    return [2, 1].sort(cmp=lambda a, b: cmp(a, b))",
            "key=functools.cmp_to_key(…)",
        ),
        ("    return [].index(x=1)", "hint: try it with"),
        ("    return len(filter(None, [1]))", "write `list(…)` around it"),
    ] {
        let program = super::program(&ini("", code, &[]));
        program.write("record.json", br#"{"a": "x"}"#);
        let output = program.run(&["filter", "test", "--section", "okta", "--record", "record.json"]);
        assert!(
            output.code == Some(1) && output.stdout.contains(hint),
            "{code}\n{output}"
        );
    }
}

/// What code says itself is shown, as is what Python says.
#[test]
fn exceptions_tell_what_is_of_the_code_and_of_python() {
    let program = super::program(&ini(
        "",
        "    import json, re, datetime\n    if record.x == 1:\n        raise ValueError('no name in ' + record.a)\n    if record.x == 2:\n        \
            return [][record.x]\n    if record.x == 3:\n        return json.loads(record.a)\n    if record.x == 4:\n        \
            return re.sub('a', 'b', 5)\n    if record.x == 5:\n        return 'a'.decode('utf-8')\n    if record.x == 6:\n        \
            return 'a' * 'b'\n    if record.x == 8:\n        return sorted(['a', 5])\n    if record.x == 9:\n        \
            return 5 + 'a'\n    datetime.datetime.strptime('2024 ' + record.a, '%Y')",
        &[],
    ));
    let tried = super::try_records(
        &program,
        &[1, 2, 3, 4, 5, 6, 8, 9, 10]
            .map(|x| format!("{{\"x\": {x}, \"a\": \"is no an 7\"}}\n"))
            .concat(),
    );
    let told: Vec<_> = tried.iter().map(|tried| tried.error.as_deref().unwrap()).collect();
    assert_eq!(
        told,
        [
            "config.ini:15: [okta] recordfilter: ValueError: no name in … no … …",
            "config.ini:17: [okta] recordfilter: IndexError: list index out of range",
            "config.ini:19: [okta] recordfilter: JSONDecodeError: Expecting value: line 1 column 1 (char …",
            "config.ini:21: [okta] recordfilter: TypeError: expected string or bytes-like object, got 'int'",
            "config.ini:23: [okta] recordfilter: AttributeError: 'str' object has no attribute 'decode'",
            "config.ini:25: [okta] recordfilter: TypeError: can't multiply sequence by non-int of type 'str'",
            "config.ini:27: [okta] recordfilter: TypeError: '<' not supported between instances of 'int' and 'str'",
            "config.ini:29: [okta] recordfilter: TypeError: unsupported operand type(s) for +: 'int' and 'str'",
            "config.ini:30: [okta] recordfilter: ValueError: unconverted data remains:  is no … …",
        ]
    );
}

/// Words of an exception that come from the record are left out.
#[test]
fn exceptions_do_not_tell_contents() {
    for code in [
        "    return int(record.secret)",
        "    raise Exception('value: ' + record.secret)",
        "    return {}[record.secret]",
        "    return {}[record.inner.list[0]]",
        "    import datetime\n    return datetime.datetime.strptime(record.secret, '%Y')",
        "    return float(record.secret[1:])",
        "    import json\n    return json.loads(record.secret)",
        "    return getattr(5, record.secret)",
        "    raise KeyError(dict(record))",
        "    assert False, record",
        "    raise ValueError('bad ' + record.secret.upper())",
        "    raise ValueError(\n        'bad ' + record.mac)",
        "    raise ValueError, 'bad %s' % record.phone",
        "    raise ValueError(record.first + record.last)",
        "    raise ValueError('pin=' + record.pin)",
        "    assert not record, record.last[1:]",
        "    ssn = record.pop('ssn')\n    raise ValueError('bad ' + ssn)",
        "    ssn = record.pop('ssn')\n    import sys\n    sys.exit('bad ' + ssn)",
        "    import sys\n    sys.exit('bad ' + record.mac)",
        "    import sys\n    sys.exit('bad ' + record.phone)",
        "    import sys\n    sys.exit('bad (%s), %s' % (record.pin, record.path))",
        "    {}[int(record.number)]",
        "    {}[int(record.number) + 9700000]",
        "    import datetime\n    datetime.datetime.strptime('2024' + (record.first + record.last).upper(), '%Y')",
        "    exec(compile('raise ValueError(record.first[::-1])', 'x', 'exec'))",
        "    exec('raise ValueError(record.first.lower())')",
        "    try:\n        int(record.owner)\n    except ValueError as e:\n        \
            e.args = (record.owner[2:] + record.heir[2:],)\n        raise",
        "    import json\n    try:\n        json.loads(record.owner)\n    except ValueError as e:\n        \
            e.args = (record.owner[2:] + record.heir[2:],)\n        raise e",
        "    class Changes:\n        def __enter__(self):\n            pass\n        \
            def __exit__(self, kind, error, trace):\n            error.args = (record.owner[2:] + record.heir[2:],)\n    with Changes():\n        int('x')",
        "    return 'x'.encode(record.owner[2:] + record.heir[2:])",
        "    def made():\n        return record.owner[2:] + record.heir[2:]\n        yield\n    next(made())",
        "    return getattr(record, '__a ' + record.owner[2:] + record.heir[2:])",
        "    return getattr(5, \"a' \" + record.owner[2:] + record.heir[2:])",
        "    return getattr(5, \"a' \" + record.owner[2:] + record.heir[2:] + \" 'b\")",
        "    return getattr(5, \"' \" + record.owner[2:] + record.heir[2:] + \" '\")",
        "    return int(record.owner + ' ' + record.owner[2:] + record.heir[2:] + ' \"')",
        "    return int((record.owner[2:] + record.heir[2:]).encode())",
        "    return int((record.owner[2:] + record.heir[2:]) * 40)",
    ] {
        let program = super::program(&ini("", code, &[]));
        program.write(
            "record.json",
            br#"{"secret": "hunter2-Xylophon", "inner": {"list": ["hunter2-Xylophon"]}, "mac": "AB:CD:EF:88:99:00",
                "phone": "+41 79 888 77 66", "first": "Augusta", "last": "Lovelace", "ssn": "987-65-4329", "pin": "97",
                "path": "CORP\\quux", "number": 8897, "owner": "O'Neil", "heir": "x'Smith"}"#,
        );
        let output = program.run(&["filter", "test", "--section", "okta", "--record", "record.json"]);
        assert_eq!(output.code, Some(1), "{code}\n{output}");
        let told = output.to_string();
        let told = told
            .split("recordfilter: ")
            .nth(1)
            .unwrap()
            .split("\nhint: ")
            .next()
            .unwrap();
        for secret in [
            "unter2", "ylophon", "UNTER2", "AB:", "88", "79", "66", "ugusta", "ovelace", "UGUSTA", "tsug", "987",
            "4329", "97", "quux", "Neil", "Smith",
        ] {
            assert!(!told.contains(secret), "{code}\n{output}");
        }
        assert!(output.stdout.contains("config.ini:1"), "{code}\n{output}");
    }
}

#[test]
fn on_error_is_stop_or_skip() {
    let program = super::program(&ini("on_error = ignore", "    return True", &[]));
    insta::assert_snapshot!(program.run(&["upload", "okta"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] on_error: cannot be `ignore`
    hint: write `on_error = skip` to leave out records on which code fails, or `on_error = stop`
    ");
}
