//! Where an operation of `admin` runs: in this process, on what it reaches itself, or in the function of
//! a deployed stack, whose database no laptop reaches.

use std::env;

use admin::{Admin, Operation};
use anyhow::{Context, bail};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use clap::Args;
use serde::Deserialize;
use tributary_store::Store;

/// Names a deployed stack.
#[derive(Args)]
pub struct Deployed {
    /// Do it on a deployed stack: the name or ARN of its admin function. Region and credentials are
    /// found where every AWS tool finds them.
    #[arg(long, global = true)]
    pub function: Option<String>,
}

/// Where to run operations.
pub enum AdminTarget {
    /// In this process.
    Here(Box<Admin>),
    /// In a function.
    Deployed {
        /// Lambda.
        client: Client,
        /// The function's name or ARN.
        function: String,
    },
}

/// What Lambda gives for the answer of a function that failed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    error_type: String,
    error_message: String,
}

impl AdminTarget {
    /// The function of a deployed stack, by the SDK's default chain for region, credentials and endpoint.
    pub async fn deployed(function: String) -> Self {
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
        Self::Deployed { client: Client::new(&config), function }
    }

    /// The deployed stack if one is named, else the database of `DATABASE_URL`.
    pub async fn of(deployed: Deployed) -> anyhow::Result<Self> {
        match deployed.function {
            Some(function) => Ok(Self::deployed(function).await),
            None => Ok(Self::Here(Box::new(on_database_of_environment()?))),
        }
    }

    /// Runs an operation and waits for its answer.
    pub async fn perform<O: Operation>(&self, operation: O) -> anyhow::Result<O::Output> {
        match self {
            Self::Here(admin) => Ok(operation.run(admin).await?),
            Self::Deployed { client, function } => invoke(client, function, &operation).await,
        }
    }

    /// Closes what it reached.
    pub async fn close(&self) {
        if let Self::Here(admin) = self {
            admin.close().await;
        }
    }
}

/// What works on the database of `DATABASE_URL`: a variable and no option, since every user may list
/// processes, and the URL holds a password.
pub fn on_database_of_environment() -> anyhow::Result<Admin> {
    let url = env::var("DATABASE_URL").ok().filter(|url| !url.is_empty());
    let url = url.context("say where the database is: DATABASE_URL, or --function")?;
    Ok(Admin::default().with_store(Store::connect_lazily(&url.into())?))
}

async fn invoke<O: Operation>(
    client: &Client,
    function: &str,
    operation: &O,
) -> anyhow::Result<O::Output> {
    let event = serde_json::to_vec(&operation.to_event()?)?;
    let invoke = client.invoke().function_name(function).payload(Blob::new(event));
    let invoked = invoke.send().await.with_context(|| format!("{function} cannot be invoked"))?;
    let payload = invoked.payload().map(Blob::as_ref).unwrap_or_default();
    if invoked.function_error().is_some() {
        match serde_json::from_slice(payload) {
            Ok(Failure { error_type, error_message }) => {
                bail!("{function} failed: {error_type}: {error_message}")
            }
            Err(_) => bail!("{function} failed: {}", String::from_utf8_lossy(payload)),
        }
    }
    serde_json::from_slice(payload).with_context(|| {
        format!("{function} gave an answer of another version, or is no admin function")
    })
}
