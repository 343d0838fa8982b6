//! People who do not exist, each told by a number.
//!
//! Their names are words and first names put together at random, chosen for what they do to a program: letters beyond ASCII and
//! beyond Latin, apostrophes, quotation marks and backslashes.

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Which one.
    pub index: u64,
    /// Differs from everybody else's: `ada.lovelace.000017@example.com`.
    pub login: String,
    /// May be beyond ASCII.
    pub first_name: &'static str,
    /// May be beyond ASCII.
    pub last_name: &'static str,
    /// Where mail reaches them.
    pub email: String,
    /// A telephone that is not there comes in two ways.
    pub mobile: Mobile,
    /// May have quotation marks and backslashes.
    pub title: &'static str,
    /// May have quotation marks and backslashes.
    pub department: &'static str,
}

/// What is known of a person's telephone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mobile {
    /// Its number, of the kind that is given to nobody.
    Number(String),
    /// The field is there, and empty.
    Empty,
    /// There is no such field.
    Absent,
}

/// Names, and how they are spelled in a login.
const FIRST_NAMES: [(&str, &str); 16] = [
    ("Ada", "ada"),
    ("Zoë", "zoe"),
    ("José", "jose"),
    ("Søren", "soren"),
    ("Łukasz", "lukasz"),
    ("花子", "hanako"),
    ("Siân", "sian"),
    ("Ünal", "unal"),
    ("Anne-Marie", "anne-marie"),
    ("Ирина", "irina"),
    ("Grace", "grace"),
    ("Nuño", "nuno"),
    ("Πέτρος", "petros"),
    ("Ahmed", "ahmed"),
    ("Mary Jo", "maryjo"),
    ("ß", "eszett"),
];

/// Names, and how they are spelled in a login. Their number shares no factor with that of the first names, so that all pairs occur.
const LAST_NAMES: [(&str, &str); 13] = [
    ("Lovelace", "lovelace"),
    ("O'Brien", "obrien"),
    ("山田", "yamada"),
    ("Muñoz", "munoz"),
    ("Ångström", "angstrom"),
    ("Żółć", "zolc"),
    ("van der Sample", "vandersample"),
    ("Quill", "quill"),
    ("Testić", "testic"),
    ("D'Example", "dexample"),
    ("Null", "null"),
    ("🦊 Fox", "fox"),
    ("Placeholder-Smythe", "placeholder-smythe"),
];

const TITLES: [&str; 7] = [
    "Engineer",
    "Vice \"President\"",
    "Back\\slash Engineer",
    "Gärtner",
    "Head of R&D <east>",
    "Analyst\tII",
    "経理",
];

const DEPARTMENTS: [&str; 5] = [
    "Engineering",
    "Sales \"East\"",
    "C:\\Accounts\\new",
    "Recherche & Développement",
    "人事",
];

/// The person of a number: always the same one.
pub fn person(index: u64) -> Person {
    let (first_name, first) = pick(&FIRST_NAMES, index).unwrap_or_default();
    let (last_name, last) = pick(&LAST_NAMES, index).unwrap_or_default();
    let login = format!("{first}.{last}.{index:06}@example.com");
    let mobile = match index % 11 {
        3 => Mobile::Empty,
        7 => Mobile::Absent,
        // 555-01xx is kept free for fiction.
        _ => Mobile::Number(format!("+1 202 555 01{:02}", index % 100)),
    };
    Person {
        index,
        email: login.clone(),
        login,
        first_name,
        last_name,
        mobile,
        title: pick(&TITLES, index).unwrap_or_default(),
        department: pick(&DEPARTMENTS, index / 3).unwrap_or_default(),
    }
}

/// One of a list, round and round.
fn pick<T: Copy>(list: &[T], index: u64) -> Option<T> {
    list.get(usize::try_from(index % list.len() as u64).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_person_is_always_the_same_and_a_login_is_nobody_else_s() {
        assert_eq!(person(17), person(17));
        assert_eq!(person(0).login, "ada.lovelace.000000@example.com");
        assert_eq!(person(u64::MAX).index, u64::MAX);
        let logins: BTreeSet<String> = (0..10_000).map(|index| person(index).login).collect();
        assert_eq!(logins.len(), 10_000);
        assert!(logins.iter().all(|login| login.is_ascii()));
    }

    #[test]
    fn what_breaks_programs_occurs_early() {
        let people: Vec<Person> = (0..250).map(person).collect();
        let occurs = |what: fn(&Person) -> bool| people.iter().any(what);
        assert!(occurs(|person| person.last_name == "山田"));
        assert!(occurs(|person| person.last_name.contains('\'')));
        assert!(occurs(
            |person| person.title.contains('"') && person.department.contains('"')
        ));
        assert!(occurs(
            |person| person.title.contains('\\') && person.department.contains('\\')
        ));
        assert!(occurs(|person| person.mobile == Mobile::Empty));
        assert!(occurs(|person| person.mobile == Mobile::Absent));
        let pairs: BTreeSet<_> = people
            .iter()
            .map(|person| (person.first_name, person.last_name))
            .collect();
        assert_eq!(pairs.len(), FIRST_NAMES.len() * LAST_NAMES.len());
    }
}
