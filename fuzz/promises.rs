// What holds for every file, however odd: the fuzz target asserts it, and so does an ordinary test on the corpus.

use super::{EditError, Ini, Path};

pub fn hold(bytes: &[u8]) {
    let Ok(file) = Ini::parse(Path::new("config.ini"), bytes.to_vec()) else {
        return;
    };
    assert_eq!(file.render(), bytes, "nothing was changed");
    for section in &file.sections {
        for entry in section.entries.iter().filter(|entry| !entry.is_default) {
            let same = file
                .set(&section.name, &entry.name, &entry.value)
                .expect("it has this value");
            assert_eq!(same.render(), bytes, "[{}] {}", section.name, entry.name);
            // That nothing else is read differently, every edit checks itself.
            if let Some(changed) = possible(file.set(&section.name, &entry.name, "new = value")) {
                let section = changed.section(&section.name);
                assert_eq!(
                    section.and_then(|section| section.value(&entry.name)),
                    Some("new = value")
                );
            }
            possible(file.remove(&section.name, &entry.name));
        }
        file.set(&section.name, "brand.new", "value\nand more")
            .expect("a setting can be added");
        possible(file.remove_section(&section.name));
    }
}

/// A plain value can be set, and what is there removed, unless the rest would be read in another encoding.
fn possible(edited: Result<Ini, EditError>) -> Option<Ini> {
    edited.map_err(|problem| assert_eq!(problem, EditError::Left)).ok()
}
