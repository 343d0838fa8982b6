//! The people of a directory: a paged search below its base.

use ldap3::adapters::{Adapter, EntriesOnly, PagedResults};
use ldap3::{LdapConnAsync, Scope, SearchEntry};
use oomnitza_connector::standin::ldap::Settings;
use tokio::sync::mpsc;

use crate::Failure;
use crate::oomnitza::{Record, Uploads};

const PAGE: usize = 500;

const ATTRIBUTES: [&str; 6] = ["uid", "givenName", "sn", "mail", "mobile", "sAMAccountName"];

/// Reads page after page.
pub(crate) async fn read(url: String, pages: mpsc::Sender<Vec<SearchEntry>>) -> Result<(), Failure> {
    let settings = Settings::default();
    let (connection, mut ldap) = LdapConnAsync::new(&url).await?;
    ldap3::drive!(connection);
    ldap.simple_bind(&settings.bind_dn, &settings.password)
        .await?
        .success()?;
    let adapters: Vec<Box<dyn Adapter<_, _>>> =
        vec![Box::new(EntriesOnly::new()), Box::new(PagedResults::new(PAGE as i32))];
    let mut search = ldap
        .streaming_search_with(
            adapters,
            &settings.base_dn,
            Scope::Subtree,
            "(objectClass=inetOrgPerson)",
            ATTRIBUTES,
        )
        .await?;
    let mut page = Vec::with_capacity(PAGE);
    while let Some(entry) = search.next().await? {
        page.push(SearchEntry::construct(entry));
        if page.len() == PAGE {
            pages
                .send(std::mem::replace(&mut page, Vec::with_capacity(PAGE)))
                .await?;
        }
    }
    search.finish().await.success()?;
    pages.send(page).await?;
    ldap.unbind().await?;
    Ok(())
}

/// Maps a page and hands it on; who lacks a required field is left out.
pub(crate) async fn map(page: Vec<SearchEntry>, uploads: &mut Uploads) -> Result<(), Failure> {
    for entry in page {
        let first = |name: &str| Some(entry.attrs.get(name)?.first()?.as_str());
        let given = |name: &str| first(name).filter(|value| !value.is_empty());
        let (Some(user), Some(first_name), Some(last_name), Some(email)) = (
            given("uid").or(given("sAMAccountName")),
            given("givenName"),
            given("sn"),
            given("mail"),
        ) else {
            continue;
        };
        let record = Record {
            user,
            first_name,
            last_name,
            email,
            phone: first("mobile"),
            permissions_id: "25",
            position: "Employee",
        };
        uploads.push(&record).await?;
    }
    Ok(())
}
