//! Reads a request body up to API Gateway's limit, and decompresses it.

use axum::body::{Body, Bytes};
use futures::StreamExt;
use http::HeaderMap;

use super::compression;
use super::problem::Problem;

/// API Gateway's limit for a request body, in bytes, as sent and decompressed.
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>.
const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;

/// How much of a body is read in total, in bytes. What exceeds [`BODY_BYTES_MAX`] is discarded: a
/// client whose connection is closed while it sends would not read the response.
const DISCARDED_BYTES_MAX: usize = 8 * BODY_BYTES_MAX;

/// Reads the whole body and decompresses it if `headers` say that it is compressed.
pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    compression::decompress(headers, read_as_sent(body).await?, BODY_BYTES_MAX)
}

async fn read_as_sent(body: Body) -> Result<Bytes, Problem> {
    let mut chunks = body.into_data_stream();
    let mut read = Vec::new();
    let mut length = 0_usize;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_client_went_away| Problem::UnreadableBody)?;
        length = length.saturating_add(chunk.len());
        if length <= BODY_BYTES_MAX {
            read.extend_from_slice(&chunk);
        } else {
            read = Vec::new();
        }
        if length > DISCARDED_BYTES_MAX {
            break;
        }
    }
    if length > BODY_BYTES_MAX { Err(Problem::body_too_large()) } else { Ok(read.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tributary_lambda::http::Problem as FunctionProblem;

    #[tokio::test]
    async fn body_at_the_limit_is_read_and_one_past_it_is_rejected() {
        let longest = read_as_sent(Body::from(vec![b'x'; BODY_BYTES_MAX])).await.unwrap();
        assert_eq!(longest.len(), BODY_BYTES_MAX);
        let rejected = read_as_sent(Body::from(vec![b'x'; BODY_BYTES_MAX + 1])).await;
        assert!(matches!(rejected, Err(Problem::Shared(FunctionProblem::TooLarge { .. }))));
    }
}
