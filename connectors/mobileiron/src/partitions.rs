//! Which of a tenant's partitions are read.

use oomnitza_sdk::prelude::*;

use crate::{ROWS, found, get};

/// A partition of a tenant.
#[derive(Debug, Deserialize)]
pub(crate) struct Partition {
    id: u64,
    #[serde(default)]
    name: Option<String>,
}

/// The partitions that a section names.
pub(crate) enum Partitions {
    All,
    Named(Vec<String>),
}

impl Partitions {
    /// The ids of those that a section names, in the tenant's order. A name that the tenant does not know is said; if it knows none of
    /// them there is nothing to read.
    pub(crate) fn among(&self, known: &[Partition]) -> Result<Vec<u64>> {
        let Self::Named(names) = self else {
            return Ok(known.iter().map(|partition| partition.id).collect());
        };
        let is_called = |partition: &Partition, name: &str| partition.name.as_deref() == Some(name);
        let there_are = || {
            known
                .iter()
                .filter_map(|partition| partition.name.as_deref())
                .collect::<Vec<_>>()
                .join("`, `")
        };
        let (found, unknown): (Vec<&String>, Vec<&String>) = names
            .iter()
            .partition(|name| known.iter().any(|partition| is_called(partition, name)));
        if found.is_empty() {
            return Err(Error::setting(
                "partitions",
                format!("the tenant has none of these; it has `{}`", there_are()),
            ));
        }
        for name in unknown {
            warning!("there is no partition `{name}`; there are `{}`", there_are());
        }
        let is_wanted = |partition: &&Partition| names.iter().any(|name| is_called(partition, name));
        Ok(known.iter().filter(is_wanted).map(|partition| partition.id).collect())
    }
}

/// The partitions of a tenant. The old program asked for the first 50 only.
pub(crate) fn all(base: &Address) -> Result<Vec<Partition>> {
    let mut all = Vec::new();
    let mut paging = Paging::default();
    while !paging.is_over() {
        let query = match paging.offset() {
            0 => String::new(),
            start => format!("?start={start}&rows={ROWS}"),
        };
        let answer = get(&format!("{base}/api/v1/tenant/partition/device{query}"))?;
        let found = found::<Partition>(&answer)?;
        paging.came(found.results.len(), found.total);
        // Few tenants have more than one; without a total there is no telling whether more would come.
        if found.total.is_none() {
            paging.end();
        }
        all.extend(found.results);
    }
    Ok(all)
}
