//! The settings of a section, by type.

use std::str::FromStr;

use serde::de::DeserializeOwned;

use crate::{Address, Error, Result};

/// The settings of a section, secret ones left out, defaults filled in.
#[derive(Debug, Clone, Default)]
pub struct Settings(Vec<(String, String)>);

impl Settings {
    /// Settings by name and value.
    pub fn new(settings: Vec<(String, String)>) -> Self {
        Self(settings)
    }

    /// A setting that may be missing or empty.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// A setting that must be there.
    pub fn text(&self, name: &str) -> Result<&str> {
        self.optional(name).ok_or_else(|| Error::setting(name, "is missing"))
    }

    /// Whether a truth value says so; the host has refused whatever is none.
    pub fn truth(&self, name: &str) -> bool {
        let value = self.optional(name).unwrap_or_default().to_ascii_lowercase();
        ["1", "yes", "true", "on"].contains(&value.as_str())
    }

    /// A number; the host has refused what is out of the range that the description gives it.
    pub fn number<N: FromStr>(&self, name: &str) -> Result<N> {
        let text = self.text(name)?;
        text.parse()
            .map_err(|_| Error::setting(name, format!("`{text}` is not such a number")))
    }

    /// A JSON value.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        serde_json::from_str(self.text(name)?).map_err(|error| Error::setting(name, format!("cannot be read: {error}")))
    }

    /// A JSON list of texts; none where the word stands there that means all. The host has refused anything else.
    pub fn names(&self, name: &str) -> Result<Option<Vec<String>>> {
        Ok(serde_json::from_str(self.text(name)?).ok())
    }

    /// The address of a web API.
    pub fn address(&self, name: &str) -> Result<Address> {
        let text = self.text(name)?;
        Address::parse(text).map_err(|problem| Error::setting(name, format!("`{text}` is not an address: {problem}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        Settings::new(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn values_have_types_and_problems_name_the_setting() {
        let settings = settings(&[
            ("url", "https://x.example/a/"),
            ("bad", "x.example"),
            ("n", "200"),
            ("flag", "Yes"),
            ("empty", ""),
            ("names", r#"["a"]"#),
        ]);
        assert_eq!(settings.address("url").unwrap().to_string(), "https://x.example/a");
        assert_eq!(
            settings.address("bad").unwrap_err().to_string(),
            "setting `bad`: `x.example` is not an address: it begins with neither https:// nor http://"
        );
        assert_eq!(settings.number::<u32>("n").unwrap(), 200);
        assert_eq!(
            settings.number::<u8>("bad").unwrap_err().to_string(),
            "setting `bad`: `x.example` is not such a number"
        );
        assert_eq!(settings.names("names").unwrap(), Some(vec!["a".to_owned()]));
        assert_eq!(settings.names("flag").unwrap(), None);
        assert!(settings.truth("flag") && !settings.truth("none") && !settings.truth("n"));
        assert_eq!(
            settings.text("empty").unwrap_err().to_string(),
            "setting `empty`: is missing"
        );
    }
}
