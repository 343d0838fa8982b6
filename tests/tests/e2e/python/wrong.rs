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
        ("good", "    return value"),
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
    // A section that uses none of it does not care.
    let program = super::program(&ini("", "", &converters));
    let output = program.run(&["upload", "okta"]);
    assert!(!output.stderr.contains("converters"), "{output}");
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
    ] {
        let program = super::program(&ini("", code, &[]));
        program.write(
            "record.json",
            br#"{"secret": "hunter2-Xylophon", "inner": {"list": ["hunter2-Xylophon"]}}"#,
        );
        let output = program.run(&["filter", "test", "--section", "okta", "--record", "record.json"]);
        assert_eq!(output.code, Some(1), "{code}\n{output}");
        assert!(
            !output.to_string().contains("unter2") && !output.to_string().contains("ylophon"),
            "{code}\n{output}"
        );
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
