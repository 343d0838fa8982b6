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

    /// A truth value, as the ini files write them.
    pub fn flag(&self, name: &str) -> Result<bool> {
        match self.optional(name).unwrap_or("False").to_ascii_lowercase().as_str() {
            "1" | "yes" | "true" | "on" => Ok(true),
            "0" | "no" | "false" | "off" => Ok(false),
            other => Err(Error::setting(name, format!("`{other}` is neither True nor False"))),
        }
    }

    /// A number from `least` to `most`.
    pub fn number<N: FromStr + PartialOrd + std::fmt::Display>(&self, name: &str, least: N, most: N) -> Result<N> {
        let text = self.text(name)?;
        text.parse()
            .ok()
            .filter(|number| (&least..=&most).contains(&number))
            .ok_or_else(|| Error::setting(name, format!("`{text}` is not a number from {least} to {most}")))
    }

    /// A JSON value.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        serde_json::from_str(self.text(name)?).map_err(|error| Error::setting(name, format!("cannot be read: {error}")))
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
        ]);
        assert_eq!(settings.address("url").unwrap().to_string(), "https://x.example/a");
        assert_eq!(
            settings.address("bad").unwrap_err().to_string(),
            "setting `bad`: `x.example` is not an address: it begins with neither https:// nor http://"
        );
        assert_eq!(settings.number("n", 1, 200).unwrap(), 200);
        assert_eq!(
            settings.number("n", 1, 100).unwrap_err().to_string(),
            "setting `n`: `200` is not a number from 1 to 100"
        );
        assert!(settings.flag("flag").unwrap() && !settings.flag("none").unwrap());
        assert_eq!(
            settings.text("empty").unwrap_err().to_string(),
            "setting `empty`: is missing"
        );
    }
}
