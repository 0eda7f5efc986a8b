//! `tributary up`: everything on this machine until Ctrl-C, with data that stays.

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

use crate::terminal::{self, Steps};

#[derive(Args)]
pub struct Options {
    /// The interface of the HTTP API; 0.0.0.0 for every one, as a container needs.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The port of the HTTP API; 0 for a free one.
    #[arg(long, default_value_t = 8000)]
    port: u16,
    /// Where data, logs and the addresses of the running system are kept.
    #[arg(long, default_value = ".tributary")]
    directory: PathBuf,
    /// The queue to use on SQS_ENDPOINT_URL, made if there is none; a new one if not given.
    #[arg(long)]
    queue: Option<String>,
    /// The folder of function binaries that are built already; cargo builds them if not given.
    #[arg(long)]
    functions: Option<PathBuf>,
    /// How long each categorisation takes, in milliseconds, such as 500-1000.
    #[arg(long)]
    latency: Option<String>,
    /// How many enrich workers run at once.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=100))]
    workers: u16,
    /// The tenant that gets a key.
    #[arg(long, default_value = "local")]
    tenant: String,
    /// How often relay runs, in seconds.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    relay_interval: u64,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    fs::create_dir_all(&options.directory)
        .with_context(|| format!("cannot make {}", options.directory.display()))?;
    let directory = fs::canonicalize(&options.directory)?;
    let _lock = lock(&directory)?;
    let env_file = EnvFile::new(&directory);

    let steps = Steps::new();
    let config = SystemConfig {
        storage: Storage::Kept(directory.join("postgres")),
        queue_name: options.queue,
        binary_directory: options.functions,
        host: options.host,
        port: options.port,
        tenant: options.tenant.clone(),
        api_key_pepper: Some(pepper(&directory)?),
        authorize_environment: tokens_of_environment(),
        log_directory: Some(directory.join("logs")),
        simulated_latency: options.latency,
        enrich_concurrency: usize::from(options.workers),
        relay_interval: Some(Duration::from_secs(options.relay_interval)),
        ..SystemConfig::throw_away().with_servers_of_environment()
    };
    let progress = &|step: &str| steps.say(step);
    let system = tokio::select! {
        system = System::start(config, progress) => {
            system.context("the system did not start")?
        }
        () = terminal::interrupted() => bail!("interrupted"),
    };
    steps.finish();

    let outcome = match env_file.write(&system) {
        Ok(()) => {
            // Not into a file or a container's log; there the file `env` has it.
            if io::stdout().is_terminal() {
                println!("The API key of {} is {}", options.tenant, system.api_key());
            }
            println!(
                "Ready. In another terminal:\n  source {}\n  cargo tributary simulate\nLogs: {}. Ctrl-C stops everything.",
                env_file.path.display(),
                directory.join("logs").display()
            );
            terminal::interrupted().await;
            println!("\nStopping");
            Ok(())
        }
        Err(error) => Err(error),
    };
    env_file.remove();
    system.stop().await.context("the system did not stop cleanly")?;
    println!("Stopped. The data stays in {}", directory.display());
    outcome
}

/// The environment's, else the one that stays with the data, so that keys stay good from run to run.
fn pepper(directory: &Path) -> anyhow::Result<SecretString> {
    match env::var("API_KEY_PEPPER").ok().filter(|pepper| !pepper.is_empty()) {
        Some(pepper) => Ok(pepper.into()),
        None => {
            let path = directory.join("pepper");
            load_or_create_pepper(&path).with_context(|| format!("cannot keep {}", path.display()))
        }
    }
}

/// Whose tokens are taken: the variables of that name are handed to authorize.
fn tokens_of_environment() -> BTreeMap<String, String> {
    env::vars().filter(|(name, _)| name.starts_with("JWT_")).collect()
}

/// Keeps a second `up` away from the same data.
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
                "it is running already ({url}) with the data of {}; stop it, or use another --directory",
                directory.display()
            )
        }
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// As a shell takes it for the text that it is, whatever is in it.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// The file that a shell sources to reach the running system; it is there only while it runs.
struct EnvFile {
    path: PathBuf,
}

impl EnvFile {
    const NAME: &str = "env";

    fn new(directory: &Path) -> Self {
        Self { path: directory.join(Self::NAME) }
    }

    /// Readable by its owner alone: it holds a key, the pepper of keys and a password.
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
            writeln!(file, "export {name}={}", quoted(value))?;
        }
        Ok(())
    }

    /// What is not there need not be removed.
    fn remove(&self) {
        drop(fs::remove_file(&self.path));
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_back_every_value_as_it_was() {
        for value in [
            "postgres://me:p%20w@127.0.0.1:5432/db?sslmode=verify-full&sslrootcert=/a b",
            "it's $(touch /nowhere) `x` \"quoted\"; & | < > * ? # ~ \\ !",
            "",
        ] {
            let script = format!("export VALUE={}; printf %s \"$VALUE\"", quoted(value));
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), value);
        }
    }
}
