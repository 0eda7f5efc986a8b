//! API Gateway's limits for the request line, headers and path.
//! Source: *Quotas for configuring and running a REST API in API Gateway* in the Amazon API Gateway
//! Developer Guide.

use http::request::Parts;

use super::problem::Problem;

/// The limit for the request line and all headers, in bytes.
const HEAD_BYTES_MAX: usize = 10_240;

/// The limit for the method ARN that an authorizer's policy is evaluated for, in bytes.
const METHOD_ARN_BYTES_MAX: usize = 1_600;

/// Rejects a request whose request line and headers are too large.
pub(crate) fn check_head(parts: &Parts) -> Result<(), Problem> {
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let line = parts.method.as_str().len() + target + "  HTTP/1.1".len();
    let headers = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
    if line + headers.sum::<usize>() > HEAD_BYTES_MAX {
        return Err(Problem::HeadTooLarge { bytes_max: HEAD_BYTES_MAX });
    }
    Ok(())
}

/// Rejects a path whose method ARN is too long.
pub(crate) fn check_method_arn(method_arn: &str) -> Result<(), Problem> {
    if method_arn.len() > METHOD_ARN_BYTES_MAX { Err(Problem::PathTooLong) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_at_the_limit_is_accepted_and_one_past_it_is_rejected() {
        let check = |value_length: usize| {
            let request = http::Request::get("/a?b").header("x-n", "v".repeat(value_length));
            check_head(&request.body(()).unwrap().into_parts().0)
        };
        let rest = "GET /a?b HTTP/1.1".len() + "x-n".len();
        assert!(check(HEAD_BYTES_MAX - rest).is_ok());
        assert!(matches!(check(HEAD_BYTES_MAX - rest + 1), Err(Problem::HeadTooLarge { .. })));
    }

    #[test]
    fn arn_at_the_limit_is_accepted_and_one_past_it_is_rejected() {
        assert!(check_method_arn(&"a".repeat(METHOD_ARN_BYTES_MAX)).is_ok());
        let rejected = check_method_arn(&"a".repeat(METHOD_ARN_BYTES_MAX + 1));
        assert!(matches!(rejected, Err(Problem::PathTooLong)));
    }
}
