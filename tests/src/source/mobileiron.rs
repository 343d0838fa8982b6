//! A MobileIron Cloud tenant: its partitions and their devices.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Answer, Api, Asked};

/// A tenant with the account `api` (password `correct horse`).
#[derive(Debug, Default)]
pub struct MobileIron {
    /// Ids and names of its partitions, and their devices, the latest check-in first.
    pub partitions: Vec<(u64, String, Vec<Value>)>,
}

impl MobileIron {
    /// A device as the tenant tells of it, cut down to what tests map.
    pub fn device(id: u64, last_checkin: Option<u64>) -> Value {
        json!({"id": id, "serialNumber": format!("MI{id:05}"), "phoneNumber": null, "imei": "35 664808 754860 4",
            "lastCheckin": last_checkin, "registrationState": "ACTIVE", "availableCapacity": 21.361225,
            "customAttributes": {"attrs": {"cost_centre": ["42"]}}, "easDeviceIdentifiers": ["null"]})
    }

    /// A page of results.
    fn envelope(all: &[Value], start: usize, rows: usize) -> Answer {
        let page: Vec<&Value> = all.iter().skip(start).take(rows).collect();
        Answer::json(
            200,
            json!({"errors": null, "result": {
                "totalCount": all.len(), "searchResults": page, "offset": 0, "limit": 50, "queryTime": 62}}),
        )
    }
}

impl Api for MobileIron {
    fn answer(&mut self, asked: &Asked) -> Result<Answer, String> {
        asked.reads_json()?;
        let basic = format!("Basic {}", STANDARD.encode("api:correct horse"));
        if asked.header("authorization") != basic {
            return Ok(Answer::new(401, "text/html", ""));
        }
        let number = |text: &str| text.parse::<usize>().map_err(|_| format!("`{text}` is no number"));
        match asked.path_and_query() {
            ("/api/v1/tenant/partition/device", query) => {
                let (start, rows) = match query.strip_prefix("start=").and_then(|rest| rest.split_once("&rows=")) {
                    Some((start, rows)) => (number(start)?, number(rows)?),
                    None if query.is_empty() => (0, 50),
                    None => return Err("its query is not start and rows".to_owned()),
                };
                let partitions = self
                    .partitions
                    .iter()
                    .map(|(id, name, _)| json!({"id": id, "name": name}));
                Ok(Self::envelope(&partitions.collect::<Vec<_>>(), start, rows))
            }
            ("/api/v1/device", query) => {
                let (partition, start) = query
                    .strip_prefix("dmPartitionId=")
                    .and_then(|rest| rest.strip_suffix("&sortFields[0].name=lastCheckin&sortFields[0].order=DESC"))
                    .and_then(|rest| rest.split_once("&rows=500&start="))
                    .ok_or("its query is not partition, rows, start and order")?;
                let (partition, start) = (number(partition)? as u64, number(start)?);
                let found = self.partitions.iter().find(|(id, ..)| *id == partition);
                let (.., devices) = found.ok_or("there is no such partition")?;
                Ok(Self::envelope(devices, start, 500))
            }
            _ => Err("there is no such path".to_owned()),
        }
    }
}
