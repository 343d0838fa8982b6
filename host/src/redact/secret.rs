//! A credential.

use std::fmt;

use zeroize::Zeroizing;

/// A credential: it has no text form of its own, compares in constant time and is wiped from memory when it is dropped.
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a credential.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The credential itself. The name is meant to be searched for: each use puts it on a wire or into a child of it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What it holds that no secret has and most ways of sending one have no form for. A tab may be part of one.
    pub fn flaw(&self) -> Option<&'static str> {
        let is_harmful = |character: char| character.is_control() && character != '\t';
        match self.0.chars().find(|character| is_harmful(*character))? {
            '\n' | '\r' => Some("holds a line break"),
            '\0' => Some("holds a NUL"),
            _ => Some("holds a control character"),
        }
    }

    /// Whether there is nothing to it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        let (left, right) = (self.0.as_bytes(), other.0.as_bytes());
        left.len() == right.len()
            && left
                .iter()
                .zip(right)
                .fold(0u8, |differences, (left, right)| differences | (left ^ right))
                == 0
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
