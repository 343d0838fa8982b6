//! Whether a statement is one query. Pure, and without recursion.
//!
//! It begins with SELECT or WITH. Outside of strings, comments and quoted names it holds no `;`, and none of the reserved words with which
//! another statement begins, because Transact-SQL needs no `;` between statements: `SELECT 1 DROP TABLE t` is two. Reserved words cannot be
//! bare names, so no query is lost by this; whoever has a column `[update]` quotes it for the server anyway.
//!
//! This is a net, not the defence: what a login may do is decided by its rights.

/// What makes something else of a query: words that begin other statements, `INTO`, which makes a table, and what reaches other servers.
const FORBIDDEN: [&str; 45] = [
    "ALTER",
    "BACKUP",
    "BEGIN",
    "BULK",
    "CHECKPOINT",
    "CLOSE",
    "COMMIT",
    "CREATE",
    "DBCC",
    "DEALLOCATE",
    "DECLARE",
    "DELETE",
    "DENY",
    "DROP",
    "EXEC",
    "EXECUTE",
    "GOTO",
    "GRANT",
    "IF",
    "INSERT",
    "INTO",
    "KILL",
    "MERGE",
    "OPEN",
    "OPENDATASOURCE",
    "OPENQUERY",
    "OPENROWSET",
    "PRINT",
    "RAISERROR",
    "READTEXT",
    "RECONFIGURE",
    "RESTORE",
    "RETURN",
    "REVERT",
    "REVOKE",
    "ROLLBACK",
    "SAVE",
    "SET",
    "SHUTDOWN",
    "TRIGGER",
    "TRUNCATE",
    "UPDATE",
    "USE",
    "WAITFOR",
    "WHILE",
];

/// Refuses what is not one query, and says why.
pub(super) fn check(statement: &str) -> Result<(), String> {
    if let Some(odd) = odd_character(statement) {
        // What ends a line, and with it a comment, is not to be a matter of opinion.
        return Err(format!("it holds the character U+{:04X}", odd as u32));
    }
    let mut rest = statement;
    let mut is_first = true;
    while let Some((token, after)) = next(rest)? {
        rest = after;
        match token {
            Token::Blank => continue,
            Token::Word(word) if is_first => {
                if !["SELECT", "WITH"].iter().any(|begin| word.eq_ignore_ascii_case(begin)) {
                    return Err("it does not begin with SELECT or WITH".to_owned());
                }
            }
            _ if is_first => return Err("it does not begin with SELECT or WITH".to_owned()),
            Token::Word(word) => {
                if let Some(found) = FORBIDDEN.iter().find(|forbidden| word.eq_ignore_ascii_case(forbidden)) {
                    return Err(format!("it holds {found}"));
                }
            }
            Token::End => return Err("it holds a `;`: it would be several statements".to_owned()),
            Token::Other => {}
        }
        is_first = false;
    }
    if is_first {
        return Err("it is empty".to_owned());
    }
    Ok(())
}

/// A piece of a statement.
#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    /// White space or a comment.
    Blank,
    /// A word that is not quoted.
    Word(&'a str),
    /// `;`
    End,
    /// A string, a quoted name, a variable, a number, a sign.
    Other,
}

/// The first piece, and what follows it.
fn next(text: &str) -> Result<Option<(Token<'_>, &str)>, String> {
    let mut characters = text.chars();
    let Some(first) = characters.next() else {
        return Ok(None);
    };
    let after_first = characters.as_str();
    let found = match first {
        ';' => (Token::End, after_first),
        '\'' => (Token::Other, quoted(after_first, '\'', "a string")?),
        '"' => (Token::Other, quoted(after_first, '"', "a quoted name")?),
        '[' => (Token::Other, quoted(after_first, ']', "a name in brackets")?),
        '-' if after_first.starts_with('-') => {
            let end = text.find('\n').map_or(text.len(), |line| line + 1);
            (Token::Blank, text.get(end..).unwrap_or_default())
        }
        '/' if after_first.starts_with('*') => (Token::Blank, comment(text)?),
        space if space.is_whitespace() => (Token::Blank, after_first),
        letter if is_word(letter) => {
            let end = text.find(|character| !is_word(character)).unwrap_or(text.len());
            let (word, after) = text.split_at_checked(end).unwrap_or((text, ""));
            let is_name = letter.is_alphabetic() || letter == '_';
            (if is_name { Token::Word(word) } else { Token::Other }, after)
        }
        _ => (Token::Other, after_first),
    };
    Ok(Some(found))
}

/// What may stand in a word: `@` begins variables, `#` temporary tables.
fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '@' | '#' | '$')
}

/// What follows the closing quote; two of them are one that does not close.
fn quoted<'a>(mut text: &'a str, quote: char, what: &str) -> Result<&'a str, String> {
    loop {
        let (_, after) = text
            .split_once(quote)
            .ok_or_else(|| format!("it holds {what} that does not end"))?;
        match after.strip_prefix(quote) {
            Some(more) => text = more,
            None => return Ok(after),
        }
    }
}

/// What follows a comment. Transact-SQL's nest.
fn comment(mut text: &str) -> Result<&str, String> {
    let mut depth = 0_usize;
    loop {
        if let Some(after) = text.strip_prefix("/*") {
            depth += 1;
            text = after;
        } else if let Some(after) = text.strip_prefix("*/") {
            depth -= 1;
            text = after;
            if depth == 0 {
                return Ok(text);
            }
        } else {
            let mut characters = text.chars();
            if characters.next().is_none() {
                return Err("it holds a comment that does not end".to_owned());
            }
            text = characters.as_str();
        }
    }
}

/// A control character other than tab and line feed; a carriage return only before a line feed.
fn odd_character(statement: &str) -> Option<char> {
    let mut characters = statement.chars().peekable();
    while let Some(character) = characters.next() {
        let is_fine = match character {
            '\t' | '\n' => true,
            '\r' => characters.peek() == Some(&'\n'),
            '\u{2028}' | '\u{2029}' => false,
            other => !other.is_control(),
        };
        if !is_fine {
            return Some(character);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_query_passes() {
        for statement in [
            "SELECT 1",
            "  \r\n\tselect TOP 1 ResourceID FROM dbo.v_GS_COMPUTER_SYSTEM",
            "-- who; DROP\nSELECT 1 -- end; DROP",
            "/* a /* nested; */ DROP */ SELECT 1",
            "WITH a AS (SELECT 1 AS x) SELECT x FROM a WHERE x = @P1",
            "SELECT 'it''s; DROP TABLE t'",
            "SELECT [a;]]b], \"c;\"\"d\" FROM [update]",
            "SELECT CASE WHEN a = 1 THEN 2 ELSE 3 END FROM t ORDER BY a OFFSET 5 ROWS FETCH NEXT 5 ROWS ONLY",
            "SELECT IIF(a > 1, 'x', N'y'), updated, settings, @set, #drop FROM intro",
            "SELECT 1 / 2 - 3 * 4",
            "SELECT 'Łódź', [größe] FROM t",
        ] {
            assert_eq!(check(statement), Ok(()), "{statement}");
        }
    }

    // H-52
    #[test]
    fn anything_else_is_refused_and_the_reason_is_said() {
        for (statement, problem) in [
            ("", "it is empty"),
            ("-- nothing", "it is empty"),
            ("DROP TABLE t", "it does not begin with SELECT or WITH"),
            ("SELECTED", "it does not begin with SELECT or WITH"),
            ("'SELECT'", "it does not begin with SELECT or WITH"),
            ("; SELECT 1", "it does not begin with SELECT or WITH"),
            ("sp_who", "it does not begin with SELECT or WITH"),
            (
                "SELECT 1; DROP TABLE t",
                "it holds a `;`: it would be several statements",
            ),
            ("SELECT 1;", "it holds a `;`: it would be several statements"),
            ("SELECT 1 drop TABLE t", "it holds DROP"),
            ("SELECT 1 EXEC xp_cmdshell 'id'", "it holds EXEC"),
            ("SELECT 1/**/EXEC/**/sp_who", "it holds EXEC"),
            ("SELECT 1 WAITFOR DELAY '1:00'", "it holds WAITFOR"),
            ("SELECT * INTO t FROM u", "it holds INTO"),
            ("WITH a AS (SELECT 1 AS x) DELETE FROM a", "it holds DELETE"),
            ("SELECT * FROM OPENROWSET('x', 'y', 'z')", "it holds OPENROWSET"),
            ("SELECT 'a' '; DROP TABLE t", "it holds a string that does not end"),
            ("SELECT '''; DROP TABLE t", "it holds a string that does not end"),
            ("SELECT [a", "it holds a name in brackets that does not end"),
            ("SELECT \"a", "it holds a quoted name that does not end"),
            ("SELECT 1 /* /* */", "it holds a comment that does not end"),
            (
                "SELECT 1 /* */ */; SELECT 2",
                "it holds a `;`: it would be several statements",
            ),
            ("SELECT 1 -- \r; DROP TABLE t", "it holds the character U+000D"),
            ("SELECT 1 -- \u{85} DROP TABLE t", "it holds the character U+0085"),
            ("SELECT 1 -- \u{2028} DROP TABLE t", "it holds the character U+2028"),
            ("SELECT 1\0", "it holds the character U+0000"),
        ] {
            assert_eq!(check(statement), Err(problem.to_owned()), "{statement:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(statement in any::<String>()) {
            _ = check(&statement);
        }

        #[test]
        fn what_is_quoted_is_never_taken_for_a_statement(inside in "[ -~]{0,40}") {
            let text = inside.replace('\'', "''");
            let name = inside.replace(']', "]]");
            let comment = inside.replace(['*', '/'], " ");
            let statement = format!("SELECT '{text}', [{name}] /* {comment} */ FROM t");
            prop_assert_eq!(check(&statement), Ok(()), "{}", statement);
        }

        #[test]
        fn a_second_statement_is_always_seen(quoted in "[a-z';\\[\\]/*-]{0,20}", word in "(DROP|delete|Exec|UPDATE|into)") {
            let text = quoted.replace('\'', "''");
            for between in [" ", ";", "\n", "/**/", "--x\n"] {
                let statement = format!("SELECT '{text}'{between}{word} t");
                prop_assert!(check(&statement).is_err(), "{}", statement);
            }
        }
    }
}
