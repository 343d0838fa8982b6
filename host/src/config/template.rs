//! Texts with the names of settings in braces: `https://{system_name}.zendesk.com`, `SSWS {api_token}`.

use crate::redact::Secret;

/// Why a template cannot be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It names a setting that is not there, or may not be used here.
    #[error("`{{{0}}}` is not a setting that can stand there")]
    Unknown(String),
    /// A brace is not closed.
    #[error("a brace is not closed")]
    Unclosed,
}

/// `template` with each `{name}` replaced by what `value` says.
pub fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, TemplateError> {
    let mut filled = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or(TemplateError::Unclosed)?;
        filled.push_str(before);
        filled.push_str(&value(name).ok_or_else(|| TemplateError::Unknown(name.to_owned()))?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The names that a template mentions, in order. A brace that is not closed mentions none.
pub fn names(template: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = template;
    while let Some((name, after)) = rest.split_once('{').and_then(|(_, after)| after.split_once('}')) {
        names.push(name);
        rest = after;
    }
    names
}

/// The same for credentials.
pub fn fill_secret(template: &str, value: impl Fn(&str) -> Option<Secret>) -> Result<Secret, TemplateError> {
    fill(template, |name| value(name).map(|secret| secret.expose().to_owned())).map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_and_values_are_not_read_again() {
        let value = |name: &str| (name == "a").then(|| "{b}".to_owned());
        assert_eq!(fill("x {a} y", value), Ok("x {b} y".to_owned()));
        assert_eq!(fill("{c}", value), Err(TemplateError::Unknown("c".to_owned())));
        assert_eq!(fill("{a", value), Err(TemplateError::Unclosed));
        assert_eq!(names("https://{a}.{b}/{c"), ["a", "b"]);
    }
}
