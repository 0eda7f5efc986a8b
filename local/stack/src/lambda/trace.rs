//! X-Ray trace headers.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html>.

use uuid::Uuid;

/// A header for a new trace, not sampled.
pub(crate) fn new_trace() -> String {
    let id = Uuid::now_v7();
    let seconds = id.get_timestamp().map_or(0, |timestamp| timestamp.to_unix().0);
    // The last 96 bits, most of them random.
    let digits = id.simple().to_string();
    let digits = digits.get(8..).unwrap_or_default();
    format!("Root=1-{seconds:08x}-{digits};Sampled=0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_has_eight_digits_of_time_and_twenty_four_of_its_own() {
        let trace = new_trace();
        let root = trace.strip_prefix("Root=1-").unwrap().strip_suffix(";Sampled=0").unwrap();
        let (time, own) = root.split_once('-').unwrap();
        assert_eq!((time.len(), own.len()), (8, 24), "{trace}");
        assert!(root.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()), "{trace}");
        assert_ne!(trace, new_trace());
    }
}
