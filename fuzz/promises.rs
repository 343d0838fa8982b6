// What holds for every file, however odd: the fuzz target asserts it, and so does an ordinary test on the corpus.

use super::{Ini, Path};

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
            let changed = file
                .set(&section.name, &entry.name, "new = value")
                .expect("a plain value can be set");
            assert_eq!(
                changed
                    .section(&section.name)
                    .and_then(|section| section.value(&entry.name)),
                Some("new = value")
            );
            file.remove(&section.name, &entry.name)
                .expect("what is there can be removed");
        }
        file.set(&section.name, "brand.new", "value\nand more")
            .expect("a setting can be added");
        file.remove_section(&section.name).expect("a section can be removed");
    }
}
