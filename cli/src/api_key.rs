//! The API key that a command uses: from the environment, a file or standard input, and never from the
//! command line, which every user of the machine may list.

use std::env;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, bail};
use secrecy::SecretString;

/// The variable that holds a key.
const VARIABLE: &str = "TRIBUTARY_API_KEY";
/// More than any key has.
const BYTES_MAX: u64 = 16 * 1024;

/// Reads the key: from a file, where one is given (`-` for standard input), else from the environment.
pub fn read(file: Option<&Path>) -> anyhow::Result<SecretString> {
    let key = match file {
        Some(path) if path == Path::new("-") => first_line(io::stdin()),
        Some(path) => fs::File::open(path).and_then(first_line),
        None => Ok(env::var(VARIABLE).unwrap_or_default()),
    };
    let key = key.context("the file of the API key cannot be read")?;
    if key.is_empty() {
        bail!(
            "no API key: set {VARIABLE} (`source .tributary/env`), or name a file with --api-key-file"
        );
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
    fn the_first_line_of_a_file_is_the_key() {
        assert_eq!(first_line("trb_1\nmore\n".as_bytes()).unwrap(), "trb_1");
        assert_eq!(first_line("".as_bytes()).unwrap(), "");
    }
}
