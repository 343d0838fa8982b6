//! Okta's users: pages by `Link` headers, and of each user the profile.

use oomnitza_connector::standin::okta::Settings;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, LINK};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use crate::Failure;
use crate::oomnitza::{Record, Uploads};

#[derive(Deserialize)]
struct User<'a> {
    #[serde(borrow)]
    profile: Profile<'a>,
}

/// What is mapped, as it stands in the answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile<'a> {
    #[serde(borrow)]
    login: Option<&'a RawValue>,
    #[serde(borrow)]
    first_name: Option<&'a RawValue>,
    #[serde(borrow)]
    last_name: Option<&'a RawValue>,
    #[serde(borrow)]
    email: Option<&'a RawValue>,
    #[serde(borrow)]
    mobile_phone: Option<&'a RawValue>,
}

/// Reads page after page.
pub(crate) async fn read(client: reqwest::Client, base: String, pages: mpsc::Sender<Vec<u8>>) -> Result<(), Failure> {
    let authorization = format!("SSWS {}", Settings::default().token);
    let mut next = Some(format!("{base}/api/v1/users?limit=200"));
    while let Some(url) = next {
        let request = client
            .get(url)
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, &authorization);
        let answer = request.send().await?.error_for_status()?;
        next = next_link(answer.headers());
        pages.send(answer.bytes().await?.into()).await?;
    }
    Ok(())
}

/// The URL of `<URL>; rel="next"`.
fn next_link(headers: &HeaderMap) -> Option<String> {
    headers.get_all(LINK).iter().find_map(|value| {
        let url = value.to_str().ok()?.strip_suffix(">; rel=\"next\"")?;
        Some(url.strip_prefix('<')?.to_owned())
    })
}

/// Maps a page and hands it on; who lacks a required field is left out.
pub(crate) async fn map(page: &[u8], uploads: &mut Uploads) -> Result<(), Failure> {
    let users: Vec<User> = serde_json::from_slice(page)?;
    let given = |value: &&RawValue| value.get() != "\"\"";
    for User { profile } in users {
        let (Some(user), Some(first_name), Some(last_name), Some(email)) = (
            profile.login.filter(given),
            profile.first_name.filter(given),
            profile.last_name.filter(given),
            profile.email.filter(given),
        ) else {
            continue;
        };
        let record = Record {
            user,
            first_name,
            last_name,
            email,
            phone: profile.mobile_phone,
            permissions_id: "25",
            position: "Employee",
        };
        uploads.push(&record).await?;
    }
    Ok(())
}
