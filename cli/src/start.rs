//! Starts a system, shows the steps, and says where its console is.

use std::io::{self, IsTerminal};

use anyhow::{Context, bail};
use tributary_system::{System, SystemConfig};

use crate::signal;
use crate::terminal::Steps;

pub async fn start(config: SystemConfig) -> anyhow::Result<System> {
    let steps = Steps::new();
    let progress = &|step: &str| steps.show(step);
    let system = tokio::select! {
        system = System::start(config, progress) => system.context("the system did not start")?,
        () = signal::interrupted() => bail!("interrupted"),
    };
    steps.finish();
    Ok(system)
}

/// Prints the address of the console. On a terminal it is a link that signs in; a file or a
/// container's log gets no key.
pub async fn show_console(system: &System) -> anyhow::Result<()> {
    if io::stdout().is_terminal() {
        println!("Console, this link signs in: {}", system.console_link().await?);
    } else {
        println!("Console: {}/console", system.url());
    }
    Ok(())
}
