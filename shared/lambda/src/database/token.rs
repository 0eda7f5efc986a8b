//! RDS IAM authentication. The password is a signed token for one server, port and user, valid for
//! 15 minutes. RDS verifies the signature and the IAM permission to connect.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use futures::FutureExt;
use futures::future::BoxFuture;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;
use tributary_store::login::{Login, LoginError, LoginSource, Target};

/// The lifetime of a token, set by RDS. Open connections remain valid after it.
const TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);
/// The oldest token to connect with. The margin covers clock differences and slow connections.
const TOKEN_AGE_MAX: Duration = Duration::from_secs(10 * 60);
/// The service name of IAM database authentication.
const SERVICE: &str = "rds-db";
/// The characters of a query to escape: all but the unreserved ones of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Signs tokens with the credentials of the function.
pub struct TokenLogin {
    credentials: SharedCredentialsProvider,
    region: Region,
    clock: fn() -> SystemTime,
    made_at: Mutex<Option<SystemTime>>,
}

impl TokenLogin {
    /// Returns `None` if the region or the credentials are missing.
    pub fn new(aws: &SdkConfig) -> Option<Self> {
        let credentials = aws.credentials_provider()?;
        let region = aws.region()?.clone();
        Some(Self { credentials, region, clock: SystemTime::now, made_at: Mutex::new(None) })
    }

    /// Whether a new token is needed.
    fn is_due(&self, now: SystemTime, is_rejected: bool) -> bool {
        let made_at = self.made_at.lock().unwrap_or_else(PoisonError::into_inner);
        // If the clock was set back, the age is unknown.
        let age = made_at.and_then(|made_at| now.duration_since(made_at).ok());
        is_rejected || age.is_none_or(|age| age > TOKEN_AGE_MAX)
    }

    async fn make(&self, target: &Target, now: SystemTime) -> Result<Login, LoginError> {
        let credentials = self.credentials.provide_credentials().await?;
        let token = token(target, &self.region, credentials, now)?;
        *self.made_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        Ok(Login { user: None, password: SecretString::from(token) })
    }
}

impl fmt::Debug for TokenLogin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TokenLogin").field("region", &self.region).finish_non_exhaustive()
    }
}

impl LoginSource for TokenLogin {
    fn login<'a>(
        &'a self,
        target: &'a Target,
        is_rejected: bool,
    ) -> BoxFuture<'a, Result<Option<Login>, LoginError>> {
        async move {
            let now = (self.clock)();
            if !self.is_due(now, is_rejected) {
                return Ok(None);
            }
            self.make(target, now).await.map(Some)
        }
        .boxed()
    }
}

/// Signs a request that is never sent. Its URL without the scheme is the password.
fn token(
    target: &Target,
    region: &Region,
    credentials: Credentials,
    now: SystemTime,
) -> Result<String, LoginError> {
    let mut settings = SigningSettings::default();
    settings.expires_in = Some(TOKEN_LIFE);
    settings.signature_location = SignatureLocation::QueryParams;
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region.as_ref())
        .name(SERVICE)
        .time(now)
        .settings(settings)
        .build()?
        .into();
    let user = utf8_percent_encode(&target.user, RESERVED);
    let mut token = format!("{}:{}/?Action=connect&DBUser={user}", target.host, target.port);
    let url = format!("https://{token}");
    let request = SignableRequest::new("GET", url, std::iter::empty(), SignableBody::Bytes(&[]))?;
    let (signature, _) = sign(request, &parameters)?.into_parts();
    for (name, value) in signature.params() {
        token.push_str(&format!("&{name}={}", utf8_percent_encode(value, RESERVED)));
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use secrecy::ExposeSecret;

    use super::*;

    /// 2026-11-23T04:30:00Z
    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_408_200)
    }

    fn credentials(session_token: Option<&str>) -> Credentials {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        Credentials::new("AKIDEXAMPLE", secret, session_token.map(str::to_owned), None, "test")
    }

    fn target(host: &str, port: u16, user: &str) -> Target {
        Target { host: host.to_owned(), port, user: user.to_owned() }
    }

    /// The parameters in a fixed order, because their order is irrelevant and differs between SDKs.
    fn sorted(token: &str) -> Vec<&str> {
        let mut parts: Vec<_> = token.split(['?', '&']).collect();
        parts.sort_unstable();
        parts
    }

    /// The expected tokens are from `generate_db_auth_token` of botocore 1.44.5 at the same time.
    #[test]
    fn token_equals_that_of_the_python_sdk() {
        let made = token(
            &target("proxy-1.proxy-abc.eu-central-1.rds.amazonaws.com", 5432, "tributary_ingest"),
            &Region::new("eu-central-1"),
            credentials(Some("session/token+==")),
            now(),
        );
        let expected = "proxy-1.proxy-abc.eu-central-1.rds.amazonaws.com:5432/?Action=connect\
            &DBUser=tributary_ingest&X-Amz-Algorithm=AWS4-HMAC-SHA256\
            &X-Amz-Credential=AKIDEXAMPLE%2F20261123%2Feu-central-1%2Frds-db%2Faws4_request\
            &X-Amz-Date=20261123T043000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host\
            &X-Amz-Security-Token=session%2Ftoken%2B%3D%3D\
            &X-Amz-Signature=08b4a50a341984590069a41f9d35798ba7b7f29f5ef4e0d1e4ac24d969f01929";
        assert_eq!(sorted(&made.unwrap()), sorted(expected));

        let made = token(
            &target("db.example", 6432, "a user/+&"),
            &Region::new("us-east-1"),
            credentials(None),
            now(),
        );
        let expected = "db.example:6432/?Action=connect&DBUser=a%20user%2F%2B%26\
            &X-Amz-Algorithm=AWS4-HMAC-SHA256\
            &X-Amz-Credential=AKIDEXAMPLE%2F20261123%2Fus-east-1%2Frds-db%2Faws4_request\
            &X-Amz-Date=20261123T043000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host\
            &X-Amz-Signature=d4305a22c3ee740a5abe54cda38510ccfe504b047ad497dd4c3707cc01d9d9a9";
        assert_eq!(sorted(&made.unwrap()), sorted(expected));
    }

    static SECONDS: AtomicU64 = AtomicU64::new(0);

    #[tokio::test]
    async fn token_is_reused_until_old_or_rejected() {
        let login = TokenLogin {
            credentials: SharedCredentialsProvider::new(credentials(None)),
            region: Region::new("us-east-1"),
            clock: || now() + Duration::from_secs(SECONDS.load(Ordering::Relaxed)),
            made_at: Mutex::new(None),
        };
        let target = target("db.example", 5432, "tributary_ingest");
        let at = async |seconds, is_rejected| {
            SECONDS.store(seconds, Ordering::Relaxed);
            let made = login.login(&target, is_rejected).await.unwrap();
            made.map(|login| login.password.expose_secret().to_owned())
        };
        let age_max = TOKEN_AGE_MAX.as_secs();
        let first = at(0, false).await.unwrap();
        assert_eq!(at(1, false).await, None);
        assert_eq!(at(age_max, false).await, None);
        let second = at(age_max + 1, false).await.unwrap();
        assert!(second.contains("X-Amz-Date=20261123T044001Z") && second != first, "{second}");
        assert_eq!(at(age_max + 2, false).await, None);
        let third = at(age_max + 3, true).await.unwrap();
        assert!(third.contains("X-Amz-Date=20261123T044003Z"), "{third}");
        assert_eq!(at(2 * age_max + 3, false).await, None, "the new token has a new age");
        let set_back = at(0, false).await.unwrap();
        assert!(set_back.contains("X-Amz-Date=20261123T043000Z"), "{set_back}");
    }
}
