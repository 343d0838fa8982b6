//! `Link` headers (RFC 8288), by which many APIs say where the next page is.

/// The target of the link with `rel="next"`, in however many headers the links came.
pub fn next_link<'a>(headers: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    headers.into_iter().find_map(|header| {
        let mut rest = header;
        while let Some((target, after)) = rest.split_once('<').and_then(|(_, after)| after.split_once('>')) {
            let (parameters, following) = parameters(after);
            if parameters.into_iter().any(|(name, value)| {
                name.eq_ignore_ascii_case("rel")
                    && value
                        .split_ascii_whitespace()
                        .any(|rel| rel.eq_ignore_ascii_case("next"))
            }) {
                return Some(target);
            }
            rest = following;
        }
        None
    })
}

/// The parameters behind a target, and what follows the comma that ends them. A quoted value may hold commas and semicolons.
fn parameters(text: &str) -> (Vec<(&str, &str)>, &str) {
    let mut parameters = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix(',') {
            return (parameters, after);
        }
        let Some(after) = rest.strip_prefix(';') else {
            return (parameters, "");
        };
        let after = after.trim_start();
        let end = after.find(['=', ';', ',']).unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        let Some(after) = after.strip_prefix('=') else {
            rest = after;
            continue;
        };
        let (value, after) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_at(after.find([';', ',']).unwrap_or(after.len())),
        };
        parameters.push((name.trim(), value.trim()));
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found_however_the_links_come() {
        for (headers, next) in [
            (
                vec![
                    r#"<https://x/u?limit=2>; rel="self""#,
                    r#"<https://x/u?after=a,b;c&limit=2>; rel="next""#,
                ],
                Some("https://x/u?after=a,b;c&limit=2"),
            ),
            (
                vec![r#"<https://x/1>; rel="self", <https://x/2>; rel="next""#],
                Some("https://x/2"),
            ),
            (
                vec![r#"<https://x/1>; title="a, b; <c>"; rel=self, <https://x/2>;rel=next;x"#],
                Some("https://x/2"),
            ),
            (vec![r#"<https://x/2>; REL="prev next""#], Some("https://x/2")),
            (vec![r#"<https://x/1>; rel="self""#], None),
            (
                vec![
                    r#"<https://x/1>; rev="next""#,
                    "",
                    "<",
                    "<>",
                    "<a>;",
                    "<a>; rel=",
                    "<a>; rel=\"next",
                ],
                Some("a"),
            ),
            (vec![], None),
        ] {
            assert_eq!(next_link(headers.iter().copied()), next, "{headers:?}");
        }
    }
}
