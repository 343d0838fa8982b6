//! Converters as mappings name them: `name` or `name:key=value|flag`.

use std::fmt;

/// A converter and its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converter {
    /// Its name.
    pub name: String,
    /// Names and values; a flag has none.
    pub parameters: Vec<(String, Option<String>)>,
}

impl Converter {
    /// Takes a mapping's text apart; nothing where it names no converter.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, parameters) = match text.split_once(':') {
            Some((name, parameters)) => (name, parameters.split('|').collect()),
            None => (text, Vec::new()),
        };
        let name = name.trim();
        if name.is_empty() {
            return None;
        }
        let parameters = parameters
            .into_iter()
            .filter(|parameter| !parameter.is_empty())
            .map(|parameter| match parameter.split_once('=') {
                Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
                None => (parameter.to_owned(), None),
            })
            .collect();
        Some(Self {
            name: name.to_owned(),
            parameters,
        })
    }
}

impl fmt::Display for Converter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        let mut separator = ':';
        for (key, value) in &self.parameters {
            write!(f, "{separator}{key}")?;
            if let Some(value) = value {
                write!(f, "={value}")?;
            }
            separator = '|';
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parameters_and_flags_are_taken_apart_and_put_together_again() {
        for (text, name, parameters) in [
            ("date_format", "date_format", vec![]),
            (
                "split:on=-|index=1",
                "split",
                vec![("on", Some("-")), ("index", Some("1"))],
            ),
            ("split:on=:|keep", "split", vec![("on", Some(":")), ("keep", None)]),
            (
                "casper_extension_attribute:attr=A=B",
                "casper_extension_attribute",
                vec![("attr", Some("A=B"))],
            ),
            ("location:", "location", vec![]),
        ] {
            let converter = Converter::parse(text).unwrap();
            let expected: Vec<_> = parameters
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value.map(str::to_owned)))
                .collect();
            assert_eq!(
                (converter.name.as_str(), &converter.parameters),
                (name, &expected),
                "{text}"
            );
            assert_eq!(converter.to_string(), text.trim_end_matches(':'));
        }
        assert_eq!(Converter::parse(" "), None);
        assert_eq!(Converter::parse(":on=x"), None);
    }
}
