//! A request of the API.

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde::Serialize;

use crate::Error;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A request of the API, without the address and the key, which [`Client::send`] adds.
///
/// [`Client::send`]: crate::Client::send
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    /// Whether repeating it changes nothing more.
    pub(crate) is_idempotent: bool,
    segments: Vec<String>,
    query: Vec<(&'static str, String)>,
}

impl Request {
    /// A request of the path with these segments, which are percent-encoded.
    #[must_use]
    pub fn new(method: Method, segments: &[&str]) -> Self {
        Self {
            is_idempotent: method.is_idempotent(),
            method,
            headers: HeaderMap::new(),
            body: None,
            segments: segments.iter().map(|&segment| segment.to_owned()).collect(),
            query: Vec::new(),
        }
    }

    /// Adds a parameter to the query.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// Adds a parameter to the query if there is a value.
    #[must_use]
    pub fn query_if(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Sets a header.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the value has characters that a header cannot have.
    pub fn header(mut self, name: HeaderName, value: &str) -> Result<Self, Error> {
        let value = HeaderValue::from_str(value)
            .map_err(|_| Error::Invalid(format!("the header {name} has invalid characters")))?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Sets the header `Idempotency-Key`, if there is a key. The request may then be repeated.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the key has characters that a header cannot have.
    pub fn idempotency_key(mut self, key: Option<&str>) -> Result<Self, Error> {
        let Some(key) = key else { return Ok(self) };
        self.is_idempotent = true;
        self.header(IDEMPOTENCY_KEY, key)
    }

    /// Sets the body, in JSON.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the body cannot be written as JSON.
    pub fn json<T: Serialize + ?Sized>(self, body: &T) -> Result<Self, Error> {
        let body = serde_json::to_vec(body).map_err(|error| Error::Invalid(error.to_string()))?;
        Ok(self.json_text(body))
    }

    /// Sets the body, which is JSON already.
    #[must_use]
    pub fn json_text(mut self, body: impl Into<Bytes>) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body = Some(body.into());
        self
    }

    /// The URL below an address.
    pub(crate) fn url(&self, base: &Url) -> Result<Url, Error> {
        // URLs have no such segments: a reader would take the path for that of another call.
        if self.segments.iter().any(|segment| matches!(&**segment, "" | "." | "..")) {
            return Err(Error::Invalid("an id in a path cannot be empty, `.` or `..`".to_owned()));
        }
        let mut url = base.clone();
        url.path_segments_mut()
            .map_err(|()| Error::Invalid(format!("{base} cannot be a base URL")))?
            .pop_if_empty()
            .extend(&self.segments);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(base: &str, segments: &[&str]) -> Result<String, Error> {
        let request = Request::new(Method::GET, segments).query_if("q", Some("a&b é"));
        request.url(&base.parse().unwrap()).map(String::from)
    }

    #[test]
    fn ids_and_values_are_encoded_below_the_path_of_the_base() {
        let expected = "https://example.test/prod/api/accounts/a%2Fb%3F%20%C3%A9%25?q=a%26b+%C3%A9";
        for base in ["https://example.test/prod", "https://example.test/prod/"] {
            assert_eq!(url(base, &["api", "accounts", "a/b? é%"]).unwrap(), expected);
        }
    }

    #[test]
    fn id_that_a_url_cannot_have_is_an_error() {
        for id in ["", ".", ".."] {
            url("https://example.test", &["api", "accounts", id]).unwrap_err();
        }
    }

    #[test]
    fn post_is_idempotent_only_with_a_key() {
        let post = Request::new(Method::POST, &["api"]);
        assert!(!post.is_idempotent);
        assert!(!post.clone().idempotency_key(None).unwrap().is_idempotent);
        assert!(post.clone().idempotency_key(Some("k")).unwrap().is_idempotent);
        post.idempotency_key(Some("a\nb")).unwrap_err();
        assert!(Request::new(Method::GET, &["api"]).is_idempotent);
        assert!(Request::new(Method::DELETE, &["api"]).is_idempotent);
    }
}
