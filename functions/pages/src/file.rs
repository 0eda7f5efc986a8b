//! The response with a file. Browsers keep files and ask each time whether they have changed.

use std::hash::{DefaultHasher, Hash, Hasher};

use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use tributary_lambda::http::{Problem, Request, Response};

use crate::files::File;

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Returns the file, or 304 if the caller has it.
pub fn respond(request: &Request, file: File, policy: &'static str) -> Result<Response, Problem> {
    let tag = tag_of(&file.text);
    let is_known = request.header(IF_NONE_MATCH.as_str()).is_some_and(|known| knows(known, &tag));
    let response = if is_known {
        Response::empty(StatusCode::NOT_MODIFIED)
    } else {
        Response::text(StatusCode::OK, file.content_type, file.text)
    };
    let tag = HeaderValue::from_str(&tag).map_err(|error| Problem::Internal(error.into()))?;
    let with = |response: Response, name, value| {
        response.with_header(name, HeaderValue::from_static(value))
    };
    let response = response.with_header(ETAG, tag);
    let response = with(response, CACHE_CONTROL, "no-cache");
    let response = with(response, CONTENT_SECURITY_POLICY, policy);
    let response = with(response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    let response = with(response, REFERRER_POLICY, "no-referrer");
    let response = with(response, OPENER_POLICY, "same-origin");
    Ok(with(response, RESOURCE_POLICY, "same-origin"))
}

/// A tag that changes with the text. Weak (RFC 9110, section 8.8.1), because the gateway compresses.
fn tag_of(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("W/\"{:016x}\"", hasher.finish())
}

fn knows(known: &str, tag: &str) -> bool {
    known.split(',').any(|known| known.trim() == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tag_is_recognised_in_a_list() {
        let tag = tag_of("text");
        assert_ne!(tag, tag_of("other"));
        assert!(knows(&tag, &tag) && knows(&format!("\"a\", {tag}"), &tag));
        assert!(!knows("\"a\"", &tag) && !knows("", &tag));
    }
}
