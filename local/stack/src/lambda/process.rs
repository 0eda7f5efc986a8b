//! The command and environment variables of a function's process.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::function::FunctionConfig;

/// The command to start a function. The process inherits no environment variables.
pub(crate) fn command(config: &FunctionConfig, runtime_api: &str, region: &str) -> Command {
    let task_root = config.binary.parent().unwrap_or_else(|| Path::new("/"));
    let mut command = Command::new(&config.binary);
    command
        .env_clear()
        .envs([
            ("AWS_LAMBDA_RUNTIME_API", runtime_api),
            ("AWS_LAMBDA_FUNCTION_NAME", &config.name),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &config.memory_mb.to_string()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{}", config.name)),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "local"),
            ("AWS_REGION", region),
            ("AWS_DEFAULT_REGION", region),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("_HANDLER", "bootstrap"),
            ("LANG", "en_US.UTF-8"),
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("TZ", ":UTC"),
        ])
        .env("LAMBDA_TASK_ROOT", task_root)
        .envs(&config.environment)
        .current_dir(task_root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A separate process group does not get Ctrl-C; `Lambda::stop` ends the process.
        .process_group(0)
        .kill_on_drop(true);
    command
}
