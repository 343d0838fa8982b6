//! The entries of the directory: its base, and below it people of the class `inetOrgPerson` (RFC 2798).

use crate::standin::people::{Mobile, Person, person};

/// An attribute that some entry has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attribute {
    ObjectClass,
    Dc,
    Uid,
    Cn,
    Sn,
    GivenName,
    Mail,
    Mobile,
    Title,
    DepartmentNumber,
    Description,
    JpegPhoto,
}

use Attribute::*;

impl Attribute {
    /// All of them.
    pub(super) const ALL: [Self; 12] = [
        ObjectClass,
        Dc,
        Uid,
        Cn,
        Sn,
        GivenName,
        Mail,
        Mobile,
        Title,
        DepartmentNumber,
        Description,
        JpegPhoto,
    ];

    /// As the schema spells it.
    pub(super) fn name(self) -> &'static str {
        match self {
            ObjectClass => "objectClass",
            Dc => "dc",
            Uid => "uid",
            Cn => "cn",
            Sn => "sn",
            GivenName => "givenName",
            Mail => "mail",
            Mobile => "mobile",
            Title => "title",
            DepartmentNumber => "departmentNumber",
            Description => "description",
            JpegPhoto => "jpegPhoto",
        }
    }

    /// The attribute of a name, in whatever case.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|attribute| attribute.name().eq_ignore_ascii_case(name))
    }
}

/// An entry.
pub(super) struct Entry<'a> {
    base: &'a str,
    /// Nobody for the base itself.
    person: Option<Person>,
}

impl<'a> Entry<'a> {
    /// An entry by its place: the base is the first.
    pub(super) fn at(place: u64, base: &'a str) -> Self {
        Self {
            base,
            person: place.checked_sub(1).map(person),
        }
    }

    /// Its distinguished name.
    pub(super) fn name(&self) -> String {
        match &self.person {
            Some(person) => format!("uid={},{}", person.login, self.base),
            None => self.base.to_owned(),
        }
    }

    /// Shows each value of an attribute.
    pub(super) fn values(&self, attribute: Attribute, see: &mut dyn FnMut(&[u8])) {
        let Some(person) = &self.person else {
            match attribute {
                ObjectClass => ["top", "domain"].iter().for_each(|class| see(class.as_bytes())),
                Dc => see(self.base.split(['=', ',']).nth(1).unwrap_or_default().as_bytes()),
                _ => (),
            }
            return;
        };
        match attribute {
            ObjectClass => {
                ["top", "person", "organizationalPerson", "inetOrgPerson"]
                    .iter()
                    .for_each(|class| see(class.as_bytes()));
            }
            Dc => (),
            Uid => see(person.login.as_bytes()),
            Cn => see(format!("{} {}", person.first_name, person.last_name).as_bytes()),
            Sn => see(person.last_name.as_bytes()),
            GivenName => see(person.first_name.as_bytes()),
            Mail => see(person.email.as_bytes()),
            // A directory has no empty values: the attribute is there, or it is not.
            Attribute::Mobile => match &person.mobile {
                Mobile::Number(number) => see(number.as_bytes()),
                Mobile::Empty | Mobile::Absent => (),
            },
            Title => see(person.title.as_bytes()),
            DepartmentNumber => see(person.department.as_bytes()),
            Description if person.index % 3 == 0 => {
                see(format!(r"\\srv\new\{}, CN=Doe\, John", person.login).as_bytes())
            }
            // The beginning and the end of a picture, with bytes between that are not text.
            JpegPhoto if person.index % 5 == 0 => {
                let [low, high, ..] = person.index.to_le_bytes();
                see(&[0xff, 0xd8, 0xff, 0xe0, 0x00, low, high, 0xff, 0xd9]);
            }
            Description | JpegPhoto => (),
        }
    }
}
