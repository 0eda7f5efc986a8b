//! PostgreSQL and PgBouncer from the package sources of a Debian or Ubuntu system.
//!
//! Installs nothing: apt downloads package lists and packages into a separate folder and verifies
//! their signatures as usual, and the packages are unpacked into one folder. This needs no root and
//! starts no service. Missing libraries are downloaded too, and `LD_LIBRARY_PATH` includes them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use super::command::run;
use super::staging::ignore_missing;
use crate::options::Progress;

const LISTS_TIMEOUT: Duration = Duration::from_secs(180);
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(300);
const LOCAL_TIMEOUT: Duration = Duration::from_secs(60);

/// Downloads the server into `staging` and unpacks it into `unpacked`. Returns a name for the
/// cache.
pub(super) async fn fetch(
    staging: &Path,
    unpacked: &Path,
    progress: Progress<'_>,
) -> Result<String, String> {
    // PostgreSQL in Debian reads the time zones of the system.
    if !Path::new("/usr/share/zoneinfo/UTC").exists() {
        return Err("the system has no time zones (package tzdata)".to_owned());
    }
    let apt = Apt::updated(staging, progress).await?;
    let depends =
        run(apt.command("apt-cache").args(["depends", "postgresql"]), LOCAL_TIMEOUT).await?;
    let server = server_package(&depends)
        .ok_or_else(|| "the package sources have no package postgresql".to_owned())?;
    apt.unpack(&server, staging, unpacked, progress).await?;
    remove_jit(unpacked, &server).map_err(|error| error.to_string())?;
    Ok(format!("debian-{server}"))
}

/// Downloads and unpacks PgBouncer.
pub(super) async fn fetch_pooler(
    staging: &Path,
    unpacked: &Path,
    progress: Progress<'_>,
) -> Result<String, String> {
    let apt = Apt::updated(staging, progress).await?;
    apt.unpack("pgbouncer", staging, unpacked, progress).await?;
    Ok("debian-pgbouncer".to_owned())
}

/// apt with its package lists and archives in a separate folder.
struct Apt {
    options: Vec<String>,
}

impl Apt {
    async fn updated(staging: &Path, progress: Progress<'_>) -> Result<Self, String> {
        let apt = Self::new(staging)?;
        progress("reading the package lists (apt-get update, in a separate folder)");
        run(apt.command("apt-get").arg("update"), LISTS_TIMEOUT).await?;
        Ok(apt)
    }

    /// Downloads a package and its missing libraries, and unpacks them into one folder.
    async fn unpack(
        &self,
        package: &str,
        staging: &Path,
        unpacked: &Path,
        progress: Progress<'_>,
    ) -> Result<(), String> {
        let plan = ["install", "--simulate", "--no-install-recommends", package];
        let plan = run(self.command("apt-get").args(plan), LOCAL_TIMEOUT).await?;
        let mut packages = missing_libraries(&plan);
        packages.push(package.to_owned());

        progress(&format!("downloading {} (apt-get download)", packages.join(", ")));
        let downloads = staging.join("packages");
        fs::create_dir(&downloads).map_err(|error| error.to_string())?;
        let mut download = self.command("apt-get");
        download.arg("download").args(&packages).current_dir(&downloads);
        run(&mut download, DOWNLOAD_TIMEOUT).await?;

        for package in downloads.read_dir().map_err(|error| error.to_string())?.flatten() {
            let mut unpack = Command::new("dpkg-deb");
            unpack.arg("--extract").arg(package.path()).arg(unpacked);
            run(&mut unpack, LOCAL_TIMEOUT).await?;
        }
        Ok(())
    }

    fn new(staging: &Path) -> Result<Self, String> {
        let [lists, cache] = ["lists", "cache"].map(|name| staging.join(name));
        let archives = cache.join("archives");
        for folder in [&lists, &archives] {
            fs::create_dir_all(folder.join("partial")).map_err(|error| error.to_string())?;
        }
        let options = vec![
            format!("Dir::State::Lists={}", lists.display()),
            format!("Dir::Cache={}", cache.display()),
            format!("Dir::Cache::Archives={}", archives.display()),
            // As root, apt would switch to a user that may not write to this folder.
            "APT::Sandbox::User=root".to_owned(),
        ];
        Ok(Self { options })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("LC_ALL", "C").env("DEBIAN_FRONTEND", "noninteractive").arg("-q");
        command.args(self.options.iter().flat_map(|option| ["-o", option]));
        command
    }
}

/// Finds `postgresql-15` in the output of `apt-cache depends postgresql`.
fn server_package(depends: &str) -> Option<String> {
    let packages = depends.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    let version = |package: &str| package.strip_prefix("postgresql-")?.parse::<u32>().ok();
    packages.filter(|package| version(package).is_some()).map(str::to_owned).next()
}

/// Libraries that the server does not need: LLVM for JIT compilation (100 MB) with its solver, and
/// Perl for the cluster tools of Debian.
const OMITTED: [&str; 3] = ["libllvm", "libz3", "libperl"];

/// The shared libraries that an installation would add or update.
fn missing_libraries(plan: &str) -> Vec<String> {
    plan.lines()
        .filter_map(|line| line.strip_prefix("Inst ")?.split_whitespace().next())
        .filter(|package| package.starts_with("lib"))
        .filter(|package| !OMITTED.iter().any(|prefix| package.starts_with(prefix)))
        .filter(|package| !package.ends_with("-perl") && !package.ends_with("-dev"))
        .map(str::to_owned)
        .collect()
}

/// Without LLVM, loading the JIT library would fail queries. If the library is missing, PostgreSQL
/// does not use JIT.
fn remove_jit(unpacked: &Path, server: &str) -> std::io::Result<()> {
    let version = server.trim_start_matches("postgresql-");
    let library = unpacked.join(format!("usr/lib/postgresql/{version}/lib/llvmjit.so"));
    fs::remove_file(library).or_else(ignore_missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_is_the_package_with_a_version() {
        let depends = "postgresql\n  Depends: postgresql-common\n  Depends: postgresql-15\n  \
                       Suggests: postgresql-doc\n";
        assert_eq!(server_package(depends).as_deref(), Some("postgresql-15"));
        assert_eq!(server_package("postgresql\n  Suggests: postgresql-15\n"), None);
    }

    #[test]
    fn only_libraries_are_added() {
        let plan = "Reading package lists...\n\
            Inst perl (5.36.0-7 Debian:12 [amd64])\n\
            Inst libjson-perl (4.10 Debian:12 [all])\n\
            Inst libpq5 (15.8 Debian:12 [amd64]) []\n\
            Inst libllvm14 (1:14.0.6 Debian:12 [amd64])\n\
            Inst postgresql-15 (15.8 Debian:12 [amd64])\n\
            Conf libpq5 (15.8 Debian:12 [amd64])\n";
        assert_eq!(missing_libraries(plan), ["libpq5"]);
    }
}
