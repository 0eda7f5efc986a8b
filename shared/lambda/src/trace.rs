//! X-Ray trace headers, `Root=1-…;Parent=…;Sampled=1`.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html>.

/// The longest header that is propagated, in bytes. Those of Lambda have about a hundred.
pub const HEADER_LENGTH_MAX: usize = 512;

/// The trace id of a header, which links log lines with the trace. `None` if the header is invalid.
#[must_use]
pub fn id_of(header: &str) -> Option<&str> {
    let id = header.split(';').find_map(|part| part.trim().strip_prefix("Root="))?;
    let mut parts = id.split('-');
    let is_hex = |part: Option<&str>, length| {
        part.is_some_and(|part| {
            part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    };
    let is_valid = parts.next() == Some("1")
        && is_hex(parts.next(), 8)
        && is_hex(parts.next(), 24)
        && parts.next().is_none();
    is_valid.then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_that_of_the_root() {
        let id = "1-5759e988-bd862e3fe1be46a994272793";
        for header in [
            format!("Root={id}"),
            format!("Root={id};Parent=53995c3f42cd8ad8;Sampled=1"),
            format!("Self=1-00000000-000000000000000000000000; Root={id};Sampled=0"),
        ] {
            assert_eq!(id_of(&header), Some(id), "{header}");
        }
    }

    #[test]
    fn invalid_header_has_no_id() {
        for header in ["", "Root=", "1-5759e988-bd862e3fe1be46a994272793", "Root=1-5759e988-bd86"] {
            assert_eq!(id_of(header), None, "{header}");
        }
        assert_eq!(id_of("Root=1-5759e988-bd862e3fe1be46a99427279\""), None);
    }
}
