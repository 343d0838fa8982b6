//! The pipeline of `oomnitza-connector upload`, written natively: what the benchmark compares with.
//!
//! It sends the same requests and uploads the same records, as one would write it for one source, one mapping and one
//! page of code: records are typed, nothing is sandboxed, and there is no limit, no second try and no report. Reading,
//! mapping and uploading overlap, with as much under way as in the product.

mod ldap;
mod okta;
mod oomnitza;

use std::process::ExitCode;

use tokio::sync::mpsc;

use oomnitza::Oomnitza;

/// Whatever ends a run.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Pages that wait to be mapped.
const QUEUE: usize = 2;

const USAGE: &str = "usage: native okta|ldap SOURCE-URL OOMNITZA-URL";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [source, from, to] = arguments.as_slice() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(source, from, to).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(source: &str, from: &str, to: &str) -> Result<(), Failure> {
    // Fails only where one is installed already.
    _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let oomnitza = Oomnitza::sign_in(client.clone(), to).await?;
    match source {
        "okta" => {
            oomnitza.mappings("Okta").await?;
            let (pages, mut incoming) = mpsc::channel(QUEUE);
            let reading = tokio::spawn(okta::read(client, from.to_owned(), pages));
            let mut uploads = oomnitza.uploads();
            while let Some(page) = incoming.recv().await {
                okta::map(&page, &mut uploads).await?;
            }
            reading.await??;
            uploads.finish().await
        }
        "ldap" => {
            oomnitza.mappings("LDAP").await?;
            let (pages, mut incoming) = mpsc::channel(QUEUE);
            let reading = tokio::spawn(ldap::read(from.to_owned(), pages));
            let mut uploads = oomnitza.uploads();
            while let Some(page) = incoming.recv().await {
                ldap::map(page, &mut uploads).await?;
            }
            reading.await??;
            uploads.finish().await
        }
        _ => Err(USAGE.into()),
    }
}
