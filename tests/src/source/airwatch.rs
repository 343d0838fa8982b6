//! A Workspace ONE UEM tenant: its device search, the network of a device, and tokens for OAuth clients.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Answer, Api, Asked};

/// A tenant with the code `tenant-code-1`, the administrator `api` (password `correct horse`) and the OAuth client `client` (secret
/// `battery staple`).
#[derive(Debug, Default)]
pub struct AirWatch {
    /// Its devices.
    pub devices: Vec<Value>,
    /// How many it says that there are, where that is not how many there are.
    pub total: Option<u64>,
}

impl AirWatch {
    /// A device as the search tells of it, cut down to what tests map.
    pub fn device(id: u64) -> Value {
        json!({"EasIds": {}, "SerialNumber": format!("SN{id:05}"), "MacAddress": format!("{id:012X}"), "Imei": "",
            "LocationGroupId": {"Id": {"Value": 1111}, "Name": "Europe"}, "LastSeen": "2021-06-28T04:35:20.150",
            "Id": {"Value": id}, "Uuid": format!("uuid-{id}")})
    }

    /// An error as the tenant tells of it.
    pub fn error(status: u16, code: u64, message: &str) -> Answer {
        let activity = "8bcc0752-3390-44eb-b9f7-d9a25a88c320";
        Answer::json(
            status,
            json!({"errorCode": code, "message": message, "activityId": activity}),
        )
    }

    fn search(&self, query: &str) -> Result<Answer, String> {
        let (size, page) = query
            .strip_prefix("pagesize=")
            .and_then(|rest| rest.split_once("&page="))
            .ok_or("its query is not pagesize and page")?;
        let number = |text: &str| text.parse::<usize>().map_err(|_| format!("`{text}` is no number"));
        let (size, page) = (number(size)?, number(page)?);
        if !(1..=500).contains(&size) {
            return Err("a page has 1 to 500 devices".to_owned());
        }
        let devices: Vec<&Value> = self.devices.iter().skip(size * page).take(size).collect();
        if devices.is_empty() {
            return Ok(Answer {
                status: 204,
                ..Answer::default()
            });
        }
        let total = self.total.unwrap_or(self.devices.len() as u64);
        Ok(Answer::json(
            200,
            json!({"Devices": devices, "Page": page, "PageSize": size, "Total": total}),
        ))
    }
}

impl Api for AirWatch {
    fn answer(&mut self, asked: &Asked) -> Result<Answer, String> {
        let (path, query) = asked.path_and_query();
        if path == "/connect/token" {
            if asked.method != "POST" || asked.header("content-type") != "application/x-www-form-urlencoded" {
                return Err("it is no form".to_owned());
            }
            let form = "grant_type=client_credentials&client_id=client&client_secret=battery+staple";
            return Ok(if asked.body == form && asked.header("aw-tenant-code").is_empty() {
                let token = json!({"access_token": "token-of-airwatch", "token_type": "Bearer", "expires_in": 3600});
                Answer::json(200, &token)
            } else {
                Answer::json(400, json!({"error": "invalid_client"}))
            });
        }
        asked.reads_json()?;
        let path = path
            .strip_prefix("/api/v1/mdm/devices/")
            .ok_or("there is no such path")?;
        match asked.header("aw-tenant-code") {
            "tenant-code-1" => (),
            // An OAuth client is of one tenant.
            "" if asked.header("authorization").starts_with("Bearer ") => {
                if asked.headers.iter().any(|(name, _)| name == "aw-tenant-code") {
                    return Err("its aw-tenant-code is empty".to_owned());
                }
            }
            _ => {
                return Ok(Self::error(
                    403,
                    1013,
                    "Tenant code XYZ does not identify an Organization Group.",
                ));
            }
        }
        let basic = format!("Basic {}", STANDARD.encode("api:correct horse"));
        if ![basic.as_str(), "Bearer token-of-airwatch"].contains(&asked.header("authorization")) {
            let words = "An error occurred while validating remote service client credentials or user not found : api";
            return Ok(Self::error(401, 1005, words));
        }
        if path == "search" {
            return self.search(query);
        }
        let address = path
            .strip_prefix("macaddress/")
            .and_then(|rest| rest.strip_suffix("/network"))
            .ok_or("there is no such path")?;
        let is_known = self.devices.iter().any(|device| device["MacAddress"] == address);
        Ok(if is_known {
            let ip = json!({"IPAddress": {"WifiIPAddress": format!("10.0.0.{}", &address[9..])}, "Id": {"Value": 1}});
            Answer::json(200, &ip)
        } else {
            Self::error(404, 5061, "Device not found for this request.")
        })
    }
}
