//! Logs: one JSON object per line on standard output, which Lambda sends to CloudWatch.
//!
//! Lines are ASCII, so that text of a client cannot change the text direction, hide characters or
//! control the terminal.

use std::io;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging. `RUST_LOG` sets targets and levels (`info,enrich=debug`); the default is `info`.
///
/// A line contains its message, its fields and the fields of its span, such as the correlation id.
pub fn init() {
    let targets = std::env::var("RUST_LOG")
        .ok()
        .and_then(|filter| filter.parse::<Targets>().ok())
        .unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(|| AsciiJson(io::stdout()));
    tracing_subscriber::registry().with(targets).with(lines).init();
}

/// Writes JSON and escapes every character outside printable ASCII.
struct AsciiJson<W>(W);

impl<W: io::Write> io::Write for AsciiJson<W> {
    /// Writes the whole buffer, which is one line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_all(escape(&String::from_utf8_lossy(line)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// JSON is ASCII outside of strings, and strings may escape any character.
fn escape(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if matches!(character, ' '..='~' | '\n') {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn line_is_ascii_and_keeps_its_content() {
        let text =
            "a\u{202e}b\u{2066}\u{200b}\u{feff}é🚀\u{7f}\u{85}\u{2028}\u{1b}[31m\0\"\\ \r\n\t";
        let line = serde_json::json!({"path": text}).to_string() + "\n";
        let mut written = AsciiJson(Vec::new());
        written.write_all(line.as_bytes()).unwrap();
        let written = String::from_utf8(written.0).unwrap();
        assert!(written.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')), "{written}");
        assert_eq!(written.matches('\n').count(), 1, "one line");
        let read: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(read["path"], text);
    }
}
