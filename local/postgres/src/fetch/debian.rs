//! PostgreSQL and PgBouncer from the package sources that a Debian or Ubuntu system already trusts.
//!
//! Nothing is installed and the system is not changed: apt reads its package lists into a folder of
//! ours, checks the packages' signatures as always and downloads them, and they are unpacked beside
//! each other. Hence it needs no root, starts no cluster and no service, and removing the cache folder
//! undoes it. Libraries that the system lacks come along and are found by `LD_LIBRARY_PATH`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use super::command::run;
use super::staging::ignore_missing;
use crate::options::Progress;

const LISTS_TIMEOUT: Duration = Duration::from_secs(180);
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(300);
const LOCAL_TIMEOUT: Duration = Duration::from_secs(60);

/// Downloads the server into `staging` and unpacks it into `unpacked`. Gives a name for the cache.
pub(super) async fn fetch(
    staging: &Path,
    unpacked: &Path,
    progress: Progress<'_>,
) -> Result<String, String> {
    // Debian's PostgreSQL has no time zones of its own. They have to be at this path.
    if !Path::new("/usr/share/zoneinfo/UTC").exists() {
        return Err("the system has no time zones (package tzdata)".to_owned());
    }
    let apt = Apt::updated(staging, progress).await?;
    let depends =
        run(apt.command("apt-cache").args(["depends", "postgresql"]), LOCAL_TIMEOUT).await?;
    let server = server_package(&depends)
        .ok_or_else(|| "the package sources have no package postgresql".to_owned())?;
    apt.unpack(&server, staging, unpacked, progress).await?;
    leave_out_jit(unpacked, &server).map_err(|error| error.to_string())?;
    Ok(format!("debian-{server}"))
}

/// The same with PgBouncer.
pub(super) async fn fetch_pooler(
    staging: &Path,
    unpacked: &Path,
    progress: Progress<'_>,
) -> Result<String, String> {
    let apt = Apt::updated(staging, progress).await?;
    apt.unpack("pgbouncer", staging, unpacked, progress).await?;
    Ok("debian-pgbouncer".to_owned())
}

/// apt with package lists and archives in a folder of ours, on the system's sources, keys and status.
struct Apt {
    options: Vec<String>,
}

impl Apt {
    async fn updated(staging: &Path, progress: Progress<'_>) -> Result<Self, String> {
        let apt = Self::new(staging)?;
        progress("reading the package lists (apt-get update, in a folder of our own)");
        run(apt.command("apt-get").arg("update"), LISTS_TIMEOUT).await?;
        Ok(apt)
    }

    /// Downloads a package and the libraries that the system lacks for it, and unpacks them together.
    async fn unpack(
        &self,
        package: &str,
        staging: &Path,
        unpacked: &Path,
        progress: Progress<'_>,
    ) -> Result<(), String> {
        let plan = ["install", "--simulate", "--no-install-recommends", package];
        let plan = run(self.command("apt-get").args(plan), LOCAL_TIMEOUT).await?;
        let mut packages = libraries_to_come(&plan);
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
        let lists = folder(staging, "lists/partial")?;
        let archives = folder(staging, "cache/archives/partial")?;
        let above = |path: &Path| path.parent().unwrap_or(path).display().to_string();
        let options = vec![
            format!("Dir::State::Lists={}", above(&lists)),
            format!("Dir::Cache={}", staging.join("cache").display()),
            format!("Dir::Cache::Archives={}", above(&archives)),
            // As root apt would drop to a user who may not write into this folder.
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

fn folder(staging: &Path, name: &str) -> Result<PathBuf, String> {
    let path = staging.join(name);
    fs::create_dir_all(&path).map_err(|error| error.to_string())?;
    Ok(path)
}

/// `postgresql-15` out of what `apt-cache depends postgresql` says.
fn server_package(depends: &str) -> Option<String> {
    let packages = depends.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    packages
        .filter(|package| {
            package
                .strip_prefix("postgresql-")
                .is_some_and(|version| version.parse::<u32>().is_ok())
        })
        .map(str::to_owned)
        .next()
}

/// Libraries that the server itself does without: LLVM (a hundred megabytes for compiling queries) and
/// its solver, and Perl, which runs Debian's own cluster tools.
const LEFT_OUT: [&str; 3] = ["libllvm", "libz3", "libperl"];

/// The shared libraries that installing would add or update.
fn libraries_to_come(plan: &str) -> Vec<String> {
    plan.lines()
        .filter_map(|line| line.strip_prefix("Inst ")?.split_whitespace().next())
        .filter(|package| package.starts_with("lib"))
        .filter(|package| !LEFT_OUT.iter().any(|prefix| package.starts_with(prefix)))
        .filter(|package| !package.ends_with("-perl") && !package.ends_with("-dev"))
        .map(str::to_owned)
        .collect()
}

/// Without LLVM the compiler for queries can only fail to load, which fails the query; without its
/// file PostgreSQL knows that it has none.
fn leave_out_jit(unpacked: &Path, server: &str) -> std::io::Result<()> {
    let version = server.trim_start_matches("postgresql-");
    let library = unpacked.join(format!("usr/lib/postgresql/{version}/lib/llvmjit.so"));
    fs::remove_file(library).or_else(ignore_missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_the_package_with_a_version() {
        let depends = "postgresql\n  Depends: postgresql-common\n  Depends: postgresql-15\n  \
                       Suggests: postgresql-doc\n";
        assert_eq!(server_package(depends).as_deref(), Some("postgresql-15"));
        assert_eq!(server_package("postgresql\n  Suggests: postgresql-15\n"), None);
    }

    #[test]
    fn only_libraries_come_along() {
        let plan = "Reading package lists...\n\
            Inst perl (5.36.0-7 Debian:12 [amd64])\n\
            Inst libjson-perl (4.10 Debian:12 [all])\n\
            Inst libpq5 (15.8 Debian:12 [amd64]) []\n\
            Inst libllvm14 (1:14.0.6 Debian:12 [amd64])\n\
            Inst postgresql-15 (15.8 Debian:12 [amd64])\n\
            Conf libpq5 (15.8 Debian:12 [amd64])\n";
        assert_eq!(libraries_to_come(plan), ["libpq5"]);
    }
}
