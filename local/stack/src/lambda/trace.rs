//! X-Ray trace headers.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html>.

use uuid::Uuid;

/// The header of a new trace that is not sampled.
pub(crate) fn new_trace() -> String {
    let id = Uuid::now_v7();
    let seconds = id.get_timestamp().map_or(0, |timestamp| timestamp.to_unix().0);
    // The last 96 bits are mostly random.
    let digits = id.simple().to_string();
    let digits = digits.get(8..).unwrap_or_default();
    format!("Root=1-{seconds:08x}-{digits};Sampled=0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_id_has_eight_digits_of_time_and_twenty_four_unique_ones() {
        let trace = new_trace();
        let root = trace.strip_prefix("Root=1-").unwrap().strip_suffix(";Sampled=0").unwrap();
        let (time, unique) = root.split_once('-').unwrap();
        assert_eq!((time.len(), unique.len()), (8, 24), "{trace}");
        assert!(root.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()), "{trace}");
        assert_ne!(trace, new_trace());
    }
}
