//! `tributary up`: runs the system on this machine until Ctrl-C. Its data persists.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File, TryLockError};
use std::io::{self, IsTerminal, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use tributary_postgres::Storage;
use tributary_system::{System, SystemConfig, load_or_create_pepper};

use crate::signal;
use crate::start::{show_console, start};

#[derive(Args)]
pub struct Options {
    /// The address that the HTTP API listens on. 0.0.0.0 for all interfaces, as in a container.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The port of the HTTP API. 0 for any free port.
    #[arg(long, default_value_t = 8000)]
    port: u16,
    /// The directory for data, logs and the environment file of the running system.
    #[arg(long, default_value = ".tributary")]
    directory: PathBuf,
    /// The queue on SQS_ENDPOINT_URL, created if it does not exist. A new queue by default.
    #[arg(long)]
    queue: Option<String>,
    /// The directory of prebuilt function binaries. By default cargo builds them.
    #[arg(long)]
    functions: Option<PathBuf>,
    /// The simulated latency of each categorisation, in milliseconds, such as 500-1000.
    #[arg(long)]
    latency: Option<String>,
    /// The number of concurrent enrich workers.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=100))]
    workers: u16,
    /// The tenant to create an API key for.
    #[arg(long, default_value = "local")]
    tenant: String,
    /// The interval between relay's runs, in seconds.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    relay_interval: u64,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    fs::create_dir_all(&options.directory)
        .with_context(|| format!("cannot create {}", options.directory.display()))?;
    let directory = fs::canonicalize(&options.directory)?;
    let _lock = lock(&directory)?;
    let env_file = EnvFile::new(&directory);

    let config = SystemConfig {
        storage: Storage::Kept(directory.join("postgres")),
        queue_name: options.queue,
        binary_directory: options.functions,
        host: options.host,
        port: options.port,
        tenant: options.tenant.clone(),
        api_key_pepper: Some(pepper(&directory)?),
        authorize_environment: jwt_environment(),
        log_directory: Some(directory.join("logs")),
        simulated_latency: options.latency,
        enrich_concurrency: usize::from(options.workers),
        relay_interval: Some(Duration::from_secs(options.relay_interval)),
        ..SystemConfig::throw_away().with_servers_of_environment()
    };
    let system = start(config).await?;

    let outcome = async {
        env_file.write(&system)?;
        show_console(&system).await?;
        // Scripts read the key from the file `env`.
        if io::stdout().is_terminal() {
            println!("API key of tenant {}: {}", options.tenant, system.api_key());
        }
        println!(
            "Ready. In another terminal:\n  source {}\n  cargo tributary simulate\n\
             Logs: {}. Ctrl-C stops the system.",
            env_file.path.display(),
            directory.join("logs").display()
        );
        signal::interrupted().await;
        println!("\nStopping");
        Ok(())
    };
    let outcome = outcome.await;
    env_file.remove();
    system.stop().await.context("the system did not stop cleanly")?;
    println!("Stopped. The data remains in {}", directory.display());
    outcome
}

/// The pepper of the environment, else the one stored with the data: keys stay valid across runs.
fn pepper(directory: &Path) -> anyhow::Result<SecretString> {
    match env::var("API_KEY_PEPPER").ok().filter(|pepper| !pepper.is_empty()) {
        Some(pepper) => Ok(pepper.into()),
        None => {
            let path = directory.join("pepper");
            load_or_create_pepper(&path).with_context(|| format!("cannot store {}", path.display()))
        }
    }
}

/// The issuer's settings for authorize.
fn jwt_environment() -> BTreeMap<String, String> {
    env::vars().filter(|(name, _)| name.starts_with("JWT_")).collect()
}

/// Prevents a second `up` on the same data.
fn lock(directory: &Path) -> anyhow::Result<File> {
    let file = File::create(directory.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let running = fs::read_to_string(directory.join(EnvFile::NAME)).unwrap_or_default();
            let url = running
                .lines()
                .find_map(|line| line.strip_prefix("export TRIBUTARY_URL="))
                .map_or_else(
                    || "still starting".to_owned(),
                    |url| format!("API {}", url.trim_matches('\'')),
                );
            bail!(
                "already running ({url}) with the data in {}; stop it or use another --directory",
                directory.display()
            )
        }
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Quotes a value for a POSIX shell.
fn shell_quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// The environment file of the running system, for a shell to source. Removed when it stops.
struct EnvFile {
    path: PathBuf,
}

impl EnvFile {
    const NAME: &str = "env";

    fn new(directory: &Path) -> Self {
        Self { path: directory.join(Self::NAME) }
    }

    /// Readable only by its owner, since it contains an API key, the pepper and a password.
    fn write(&self, system: &System) -> anyhow::Result<()> {
        use std::os::unix::fs::OpenOptionsExt;
        self.remove();
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&self.path)?;
        for (name, value) in [
            ("TRIBUTARY_URL", system.url().as_str()),
            ("TRIBUTARY_API_KEY", system.api_key()),
            ("API_KEY_PEPPER", system.api_key_pepper().expose_secret()),
            ("DATABASE_URL", system.database_url()),
            ("SQS_ENDPOINT_URL", system.sqs_endpoint_url()),
            ("DEAD_LETTER_QUEUE_URL", system.queues().dead_letter_queue.as_str()),
        ] {
            writeln!(file, "export {name}={}", shell_quoted(value))?;
        }
        Ok(())
    }

    fn remove(&self) {
        drop(fs::remove_file(&self.path));
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn shell_reads_every_value_unchanged() {
        for value in [
            "postgres://me:p%20w@127.0.0.1:5432/db?sslmode=verify-full&sslrootcert=/a b",
            "it's $(touch /nowhere) `x` \"quoted\"; & | < > * ? # ~ \\ !",
            "",
        ] {
            let script = format!("export VALUE={}; printf %s \"$VALUE\"", shell_quoted(value));
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), value);
        }
    }
}
