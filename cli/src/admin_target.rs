//! Where an operation of `admin` runs: in this process, or in the admin function of a deployed
//! stack, whose database is reachable only from its VPC.

use std::env;

use admin::{Admin, Operation};
use anyhow::{Context, bail};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use clap::Args;
use serde::Deserialize;
use tributary_store::Store;

/// Selects a deployed stack.
#[derive(Args)]
pub struct Deployed {
    /// Run on a deployed stack: the name or ARN of its admin function. Region and credentials come
    /// from the AWS default provider chain.
    #[arg(long, global = true)]
    pub function: Option<String>,
}

/// Where to run operations.
pub enum AdminTarget {
    /// In this process.
    Local(Box<Admin>),
    /// In a deployed function.
    Deployed {
        client: Client,
        /// The function's name or ARN.
        function: String,
    },
}

/// The payload that Lambda returns when a function failed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    error_type: String,
    error_message: String,
}

impl AdminTarget {
    /// The function of a deployed stack. Uses the SDK's default chain for region, credentials and
    /// endpoint.
    pub async fn deployed(function: String) -> Self {
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
        Self::Deployed { client: Client::new(&config), function }
    }

    /// The deployed stack if one is selected, else the database at `DATABASE_URL`.
    pub async fn of(deployed: Deployed) -> anyhow::Result<Self> {
        match deployed.function {
            Some(function) => Ok(Self::deployed(function).await),
            None => Ok(Self::Local(Box::new(local_admin()?))),
        }
    }

    /// Runs an operation and returns its result.
    pub async fn perform<O: Operation>(&self, operation: O) -> anyhow::Result<O::Output> {
        match self {
            Self::Local(admin) => Ok(operation.run(admin).await?),
            Self::Deployed { client, function } => invoke(client, function, &operation).await,
        }
    }

    /// Closes its connections.
    pub async fn close(&self) {
        if let Self::Local(admin) = self {
            admin.close().await;
        }
    }
}

/// Runs operations on the database at `DATABASE_URL`. Not an option, since the URL contains a
/// password and every user of the machine can list command lines.
pub fn local_admin() -> anyhow::Result<Admin> {
    let url = env::var("DATABASE_URL").ok().filter(|url| !url.is_empty());
    let url = url.context("no database: set DATABASE_URL or use --function")?;
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
        format!("unexpected response: {function} has another version or is not an admin function")
    })
}
