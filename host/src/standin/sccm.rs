//! Stands in for the database of a Configuration Manager site: answers for [`tds`](super::tds), by the queries that the connector asks.
//!
//! Computers are made from their number, with what makes real ones awkward: several disks and adapters, missing inventory, letters beyond
//! ASCII, programs without a name, programs of a computer that the hardware inventory does not know.

use super::tds::{Answer, Asked, Cell, Column, Kind, Settings};

/// What a site is like.
#[derive(Debug, Clone)]
pub struct Site {
    /// How many computers it has.
    pub computers: u64,
    /// How many programs each has.
    pub programs: u64,
    /// A view that is not there.
    pub missing_view: Option<&'static str>,
    /// A view that may not be read.
    pub denied_view: Option<&'static str>,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            computers: 100,
            programs: 5,
            missing_view: None,
            denied_view: None,
        }
    }
}

/// The first computer's ResourceID, as Configuration Manager gives them.
const FIRST_ID: u64 = 16_777_220;

/// The columns of the hardware query, in its order.
const HARDWARE: [(&str, Kind); 14] = [
    ("resource_id", Kind::Int),
    ("computer_name", Kind::Text),
    ("domain_name", Kind::Text),
    ("make", Kind::Text),
    ("model", Kind::Text),
    ("platform", Kind::Text),
    ("user_name", Kind::Text),
    ("cpu", Kind::Text),
    ("hdd_total_mb", Kind::BigInt),
    ("ipv4_address", Kind::Text),
    ("mac_address", Kind::Text),
    ("memory_total_kb", Kind::BigInt),
    ("serial_number", Kind::Text),
    ("os_version", Kind::Text),
];

/// The columns of the software query, in its order.
const SOFTWARE: [(&str, Kind); 4] = [
    ("resource_id", Kind::Int),
    ("name", Kind::Text),
    ("version", Kind::Text),
    ("publisher", Kind::Text),
];

/// The views that each query reads.
const HARDWARE_VIEWS: [&str; 7] = [
    "v_GS_COMPUTER_SYSTEM",
    "v_GS_PROCESSOR",
    "v_GS_DISK",
    "v_GS_NETWORK_ADAPTER_CONFIGURATION",
    "v_GS_X86_PC_MEMORY",
    "v_GS_SYSTEM_ENCLOSURE",
    "v_GS_OPERATING_SYSTEM",
];
const SOFTWARE_VIEWS: [&str; 2] = ["v_GS_ADD_REMOVE_PROGRAMS", "v_GS_ADD_REMOVE_PROGRAMS_64"];

impl Site {
    /// A server with this site's database.
    pub fn settings(self) -> Settings {
        Settings::with(move |asked| self.answer(asked))
    }

    /// What a query is answered.
    pub fn answer(&self, asked: &Asked) -> Answer {
        let words: Vec<&str> = asked
            .statement
            .split(|character: char| character.is_whitespace() || character == '(' || character == ')')
            .filter_map(|word| word.strip_prefix("dbo."))
            .collect();
        if let Some(view) = words.iter().find(|view| Some(**view) == self.missing_view) {
            return Answer::no_such_object(&format!("dbo.{view}"));
        }
        if let Some(view) = words.iter().find(|view| Some(**view) == self.denied_view) {
            return Answer::no_permission(view, "CM_DCT");
        }
        let is_first_only = asked.statement.contains("SELECT TOP 1 ");
        let is_ordered = asked.statement.contains("ORDER BY");
        let site = self.clone();
        let computers = if is_first_only {
            1.min(self.computers)
        } else {
            self.computers
        };
        if words == HARDWARE_VIEWS && (is_first_only || is_ordered) {
            let rows = (0..computers).flat_map(hardware);
            let rows = rows.take(if is_first_only { 1 } else { usize::MAX });
            return Answer::Rows(columns(&HARDWARE), Box::new(rows));
        }
        if words == SOFTWARE_VIEWS && is_first_only {
            let row = vec![id(0)];
            return Answer::rows(columns(&SOFTWARE[..1]), vec![row]);
        }
        if words == SOFTWARE_VIEWS && is_ordered {
            // One more than the hardware inventory knows.
            let rows = (0..=computers).flat_map(move |computer| software(computer, site.programs));
            return Answer::Rows(columns(&SOFTWARE), Box::new(rows));
        }
        Answer::Error(
            102,
            "Incorrect syntax: the stand-in does not know this query.".to_owned(),
        )
    }
}

fn columns(columns: &[(&str, Kind)]) -> Vec<Column> {
    columns
        .iter()
        .map(|(name, kind)| Column::new(name, kind.clone()))
        .collect()
}

fn id(computer: u64) -> Cell {
    Cell::Int((FIRST_ID + computer).cast_signed())
}

/// A computer's rows: one for each disk and each adapter.
fn hardware(computer: u64) -> Vec<Vec<Cell>> {
    let disks: &[i64] = if computer % 7 == 3 {
        &[953_869, 476_940]
    } else {
        &[476_940]
    };
    let adapters = if computer % 11 == 5 { 2 } else { 1 };
    let has_inventory = computer % 13 != 8;
    let text = |text: String| if has_inventory { Cell::Text(text) } else { Cell::Null };
    let mut rows = Vec::new();
    for disk in disks {
        for adapter in 0..adapters {
            rows.push(vec![
                id(computer),
                Cell::Text(format!("PC-{computer:06}")),
                "EXAMPLE".into(),
                "Dell Inc.".into(),
                "OptiPlex 7010 “Größe L”".into(),
                if computer.is_multiple_of(2) {
                    "x64-based PC"
                } else {
                    "X86-based PC"
                }
                .into(),
                text(format!("EXAMPLE\\user{computer}")),
                text("Intel(R) Core(TM) i7-3770 CPU @ 3.40GHz".to_owned()),
                if has_inventory { Cell::Int(*disk) } else { Cell::Null },
                text(format!(
                    "10.{}.{}.{}, fe80::1c2a:{computer:x}",
                    adapter,
                    computer / 250 % 250,
                    computer % 250
                )),
                text(format!(
                    "00:50:56:{:02X}:{:02X}:{adapter:02X}",
                    computer / 256 % 256,
                    computer % 256
                )),
                if has_inventory {
                    Cell::Int(8_388_152)
                } else {
                    Cell::Null
                },
                text(format!("SN{computer:08}")),
                // Blanks at its end are the system's own.
                text("Microsoft Windows 10 Enterprise ".to_owned()),
            ]);
        }
    }
    rows
}

/// A computer's programs, of which one has no name.
fn software(computer: u64, programs: u64) -> Vec<Vec<Cell>> {
    let nameless = if computer.is_multiple_of(5) {
        Cell::Null
    } else {
        "".into()
    };
    let mut rows = vec![vec![id(computer), nameless, "1.0".into(), Cell::Null]];
    for program in 0..programs {
        rows.push(vec![
            id(computer),
            Cell::Text(format!("Program {program:03} — Ausführung")),
            if program % 4 == 3 {
                Cell::Null
            } else {
                Cell::Text(format!("{}.{program}", computer % 10))
            },
            "Example \"Software\" GmbH".into(),
        ]);
    }
    rows
}
