//! Starts a system and shows the steps.

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
