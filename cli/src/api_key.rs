//! Reads the API key from the environment, a file or standard input. Never from the command line,
//! which every user of the machine can list.

use std::env;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, bail};
use secrecy::SecretString;

/// The environment variable with the key.
const VARIABLE: &str = "TRIBUTARY_API_KEY";
/// The maximum length of the part of a file that is read.
const BYTES_MAX: u64 = 16 * 1024;

/// Reads the key from the file (`-` for standard input) if one is given, else from the environment.
pub fn read(file: Option<&Path>) -> anyhow::Result<SecretString> {
    let key = match file {
        Some(path) if path == Path::new("-") => first_line(io::stdin()),
        Some(path) => fs::File::open(path).and_then(first_line),
        None => Ok(env::var(VARIABLE).unwrap_or_default()),
    };
    let key = key.context("the API key file cannot be read")?;
    if key.is_empty() {
        bail!("no API key: set {VARIABLE} (`source .tributary/env`) or use --api-key-file");
    }
    Ok(key.into())
}

fn first_line(source: impl Read) -> io::Result<String> {
    let mut text = String::new();
    source.take(BYTES_MAX).read_to_string(&mut text)?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_the_first_line_of_the_file() {
        assert_eq!(first_line("trb_1\nmore\n".as_bytes()).unwrap(), "trb_1");
        assert_eq!(first_line("".as_bytes()).unwrap(), "");
    }
}
