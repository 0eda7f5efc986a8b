//! Builds the function binaries with cargo, to run the stack from a checkout.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use tributary_lambda::functions::FUNCTIONS;

/// Built together with the functions, so that cargo unifies features as for the running `tributary`
/// and compiles no dependency twice.
const COMMAND_PACKAGE: &str = "tributary-cli";

/// Why the functions were not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// cargo could not be run, or its output not be read.
    #[error("cargo could not be run")]
    Cargo(#[from] io::Error),
    /// cargo failed; its messages were passed to `progress`.
    #[error("cargo build failed: {0}")]
    Failed(ExitStatus),
    /// cargo built no binary of this name, or in another directory than the others.
    #[error("cargo built no binary named {0}")]
    Missing(&'static str),
}

/// Builds every function and returns the directory of the binaries.
///
/// Uses the profile of the running program: debug or release. `progress` gets each line of cargo's
/// output.
///
/// # Errors
/// [`BuildError`].
pub async fn build_functions(mut progress: impl FnMut(&str)) -> Result<PathBuf, BuildError> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    cargo.current_dir(workspace_root()).args(["build", "--message-format=json-render-diagnostics"]);
    for package in FUNCTIONS.iter().map(|function| function.name).chain([COMMAND_PACKAGE]) {
        cargo.args(["--package", package]);
    }
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let mut child = cargo
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("cargo's output is not piped").into());
    };
    let mut messages = BufReader::new(stdout).lines();
    let mut progress_lines = BufReader::new(stderr).lines();
    let mut executables = BTreeMap::new();
    let (mut more_messages, mut more_progress) = (true, true);
    while more_messages || more_progress {
        tokio::select! {
            message = messages.next_line(), if more_messages => match message? {
                Some(message) => executables.extend(executable(&message)),
                None => more_messages = false,
            },
            line = progress_lines.next_line(), if more_progress => match line? {
                Some(line) => progress(&line),
                None => more_progress = false,
            },
        }
    }
    let status = child.wait().await?;
    if !status.success() {
        return Err(BuildError::Failed(status));
    }
    binary_directory(&executables)
}

/// The directory of all function binaries.
fn binary_directory(executables: &BTreeMap<String, PathBuf>) -> Result<PathBuf, BuildError> {
    let mut directory = None;
    for function in FUNCTIONS {
        let parent = executables.get(function.name).and_then(|path| path.parent());
        let parent = parent.ok_or(BuildError::Missing(function.name))?;
        if *directory.get_or_insert(parent) != parent {
            return Err(BuildError::Missing(function.name));
        }
    }
    directory.map(Path::to_owned).ok_or(BuildError::Missing("any function"))
}

/// A binary's name and path, if `message` is a cargo message about a binary.
fn executable(message: &str) -> Option<(String, PathBuf)> {
    #[derive(Deserialize)]
    struct Artifact {
        target: Target,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
    }
    let artifact: Artifact = serde_json::from_str(message).ok()?;
    Some((artifact.target.name, artifact.executable?))
}

/// The workspace root, found from the crate that cargo runs, else from where this crate was
/// compiled.
fn workspace_root() -> PathBuf {
    let running = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let compiled = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    running
        .into_iter()
        .chain([compiled.clone()])
        .flat_map(|folder| folder.ancestors().map(Path::to_owned).collect::<Vec<_>>())
        .find(|folder| folder.join("functions").is_dir() && folder.join("Cargo.lock").is_file())
        .unwrap_or(compiled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_are_read_from_cargos_messages() {
        let message = r#"{"reason":"compiler-artifact","target":{"name":"ingest","kind":["bin"]},
            "executable":"/target/debug/ingest","fresh":true}"#;
        let expected = ("ingest".to_owned(), PathBuf::from("/target/debug/ingest"));
        assert_eq!(executable(message), Some(expected));
        let library =
            r#"{"reason":"compiler-artifact","target":{"name":"ingest"},"executable":null}"#;
        assert_eq!(executable(library), None);
        assert_eq!(executable(r#"{"reason":"build-finished","success":true}"#), None);
    }

    #[test]
    fn function_without_binary_is_reported() {
        let mut executables: BTreeMap<_, _> = FUNCTIONS
            .iter()
            .map(|function| (function.name.to_owned(), PathBuf::from("/bin").join(function.name)))
            .collect();
        assert_eq!(binary_directory(&executables).unwrap(), Path::new("/bin"));
        executables.remove("relay");
        assert!(matches!(binary_directory(&executables), Err(BuildError::Missing("relay"))));
    }

    #[test]
    fn workspace_root_contains_the_functions() {
        assert!(workspace_root().join("functions/ingest/Cargo.toml").is_file());
    }
}
