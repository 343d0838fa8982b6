//! XML as it comes from web services, read into elements, and those into JSON.
//!
//! What a source sends is read with suspicion: no document types and so no entities but the five that XML names itself, UTF-8 only, and no
//! deeper, longer or wider than web services are. Namespaces are not resolved: names are told apart by what follows the colon.

use std::borrow::Cow;
use std::fmt;

use quick_xml::Reader;
use quick_xml::escape::{resolve_xml_entity, unescape};
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

/// Elements inside one another; a record may be 32 deep.
const MAX_DEPTH: usize = 64;

/// Elements of one document: with a hundred bytes each they fill less than half of a component's memory.
const MAX_ELEMENTS: usize = 1_000_000;

/// Attributes of one element; the most in use are a handful of namespaces.
const MAX_ATTRIBUTES: usize = 100;

/// An element: its attributes, the elements in it, and its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    text: String,
}

/// Why XML cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum XmlError {
    /// It is not UTF-8, or says that it is something else.
    Encoding(String),
    /// It declares a document type, which could define entities.
    DocumentType,
    /// It uses an entity that is not one of XML's own.
    Entity(String),
    /// It goes beyond one of the limits. Says which.
    TooLarge(String),
    /// It is not well formed. Says what is wrong.
    Malformed(String),
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding(encoding) => write!(f, "its encoding is {encoding}; only UTF-8 is read"),
            Self::DocumentType => f.write_str("it declares a document type, which is refused"),
            Self::Entity(name) => write!(f, "it uses the entity `{name}`, which XML does not know"),
            Self::TooLarge(what) => write!(f, "it has {what}"),
            Self::Malformed(what) => write!(f, "it is not well formed: {what}"),
        }
    }
}

impl std::error::Error for XmlError {}

fn malformed(what: impl fmt::Display) -> XmlError {
    XmlError::Malformed(what.to_string())
}

impl Element {
    /// The root element of a document.
    pub fn parse(document: &[u8]) -> Result<Self, XmlError> {
        let text = match document {
            [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [0, ..] | [_, 0, ..] => {
                return Err(XmlError::Encoding("UTF-16 or UTF-32".to_owned()));
            }
            [0xef, 0xbb, 0xbf, rest @ ..] => rest,
            plain => plain,
        };
        let text = std::str::from_utf8(text).map_err(|_| XmlError::Encoding("not what it should be".to_owned()))?;
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Self> = Vec::new();
        let mut root = None;
        let mut elements = 0;
        loop {
            let piece = match reader.read_event().map_err(malformed)? {
                Event::Start(start) => {
                    count(&mut elements, open.len(), root.is_some())?;
                    open.push(Self::of(&start)?);
                    continue;
                }
                Event::Empty(start) => {
                    count(&mut elements, open.len(), root.is_some())?;
                    close(Self::of(&start)?, &mut open, &mut root);
                    continue;
                }
                Event::End(_) => {
                    let element = open.pop().ok_or_else(|| malformed("an end without a start"))?;
                    close(element, &mut open, &mut root);
                    continue;
                }
                Event::Decl(declaration) => {
                    if let Some(encoding) = declaration.encoding() {
                        let encoding = encoding.map_err(malformed)?;
                        if !["utf-8", "utf8", "us-ascii"].contains(&encoding.to_ascii_lowercase().as_str()) {
                            return Err(XmlError::Encoding(format!("`{encoding}`")));
                        }
                    }
                    continue;
                }
                Event::Comment(_) | Event::PI(_) => continue,
                Event::DocType(_) => return Err(XmlError::DocumentType),
                Event::Eof => break,
                Event::Text(text) => text.into_inner(),
                Event::CData(text) => text.into_inner(),
                Event::GeneralRef(reference) => match reference.resolve_char_ref().map_err(malformed)? {
                    Some(character) => Cow::Owned(character.to_string()),
                    None => Cow::Borrowed(
                        resolve_xml_entity(&reference).ok_or_else(|| XmlError::Entity(reference.to_string()))?,
                    ),
                },
            };
            match open.last_mut() {
                Some(element) => element.text.push_str(&piece),
                None if piece.trim().is_empty() => {}
                None => return Err(malformed("text outside of its element")),
            }
        }
        match open.last() {
            Some(element) => Err(malformed(format!("it ends inside of `{}`", element.name))),
            None => root.ok_or_else(|| malformed("it holds no element")),
        }
    }

    fn of(start: &BytesStart<'_>) -> Result<Self, XmlError> {
        let mut attributes = Vec::new();
        // Repeated names do no harm here, and looking for them in a hostile document would take long.
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(malformed)?;
            if attributes.len() == MAX_ATTRIBUTES {
                return Err(XmlError::TooLarge(format!(
                    "more than {MAX_ATTRIBUTES} attributes at one element"
                )));
            }
            let value = unescape(&attribute.value).map_err(malformed)?;
            attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        Ok(Self {
            name: start.name().as_ref().to_owned(),
            attributes,
            ..Self::default()
        })
    }

    /// Its name without its namespace's prefix.
    pub fn name(&self) -> &str {
        local(&self.name)
    }

    /// Its text, without white space around it.
    pub fn text(&self) -> &str {
        self.text.trim()
    }

    /// An attribute, by its name without prefix.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| local(key) == name && !key.starts_with("xmlns"))
            .map(|(_, value)| value.as_str())
    }

    /// The elements in it.
    pub fn children(&self) -> &[Self] {
        &self.children
    }

    /// The elements of this name in it, without the rest.
    pub fn into_children(mut self, name: &str) -> Vec<Self> {
        self.children.retain(|child| child.name() == name);
        self.children
    }

    /// The first element of this name in it.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name() == name)
    }

    /// The element that these names lead to, each inside of the one before.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// Whether it says that it has no value: `nil="true"`, `xsi:nil="1"`.
    pub fn is_nil(&self) -> bool {
        matches!(self.attribute("nil"), Some("true" | "1"))
    }

    /// As JSON: an element with elements in it is an object, one of several with the same name an item of a list, any other its text; without
    /// text, or with `nil`, it is null. Attributes are left out.
    pub fn value(&self) -> Value {
        if self.is_nil() {
            return Value::Null;
        }
        let text = || match self.text() {
            "" => Value::Null,
            text => Value::String(text.to_owned()),
        };
        if self.children.is_empty() {
            return text();
        }
        let mut object = Map::new();
        for child in &self.children {
            let value = child.value();
            match object.get_mut(child.name()) {
                Some(Value::Array(list)) => list.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
                None => _ = object.insert(child.name().to_owned(), value),
            }
        }
        if !self.text().is_empty() {
            object.insert("#text".to_owned(), text());
        }
        Value::Object(object)
    }
}

/// Counts an element that begins, and judges whether it may.
fn count(elements: &mut usize, depth: usize, has_root: bool) -> Result<(), XmlError> {
    *elements += 1;
    if depth == 0 && has_root {
        Err(malformed("more than one root element"))
    } else if depth == MAX_DEPTH {
        Err(XmlError::TooLarge(format!(
            "more than {MAX_DEPTH} elements inside one another"
        )))
    } else if *elements > MAX_ELEMENTS {
        Err(XmlError::TooLarge(format!("more than {MAX_ELEMENTS} elements")))
    } else {
        Ok(())
    }
}

/// Puts an element that has ended where it belongs.
fn close(element: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None => *root = Some(element),
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Text as it can stand in an element or an attribute of a request. What XML cannot hold is left out.
pub fn escape(text: &str) -> Cow<'_, str> {
    let is_forbidden = |character: char| matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    if text.contains(is_forbidden) {
        let kept: String = text.chars().filter(|character| !is_forbidden(*character)).collect();
        Cow::Owned(quick_xml::escape::escape(kept.as_str()).into_owned())
    } else {
        quick_xml::escape::escape(text)
    }
}

#[cfg(test)]
mod tests;
