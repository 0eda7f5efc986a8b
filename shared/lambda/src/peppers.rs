//! The peppers of API keys, for the programs that hash keys: authorize, admin and the command.

use secrecy::{ExposeSecret, SecretString};
use tributary_domain::api_key::{Pepper, PepperTooShort, Peppers};

use crate::aws::Aws;
use crate::environment::Environment;
use crate::secrets::{SecretError, Secrets};

const CURRENT: &str = "API_KEY_PEPPER";
const PREVIOUS: &str = "API_KEY_PEPPER_PREVIOUS";

/// The sources of the peppers. To change the pepper, configure the old one as the previous one,
/// replace every key, then remove the previous one. Until then keys of both are accepted.
#[derive(Debug)]
pub struct PepperSources {
    current: Source,
    previous: Option<Source>,
}

#[derive(Debug)]
enum Source {
    Text(SecretString),
    /// The ARN of a Secrets Manager secret.
    Secret(String),
}

/// The peppers cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum PepperError {
    /// A secret cannot be read.
    #[error("the pepper of API keys cannot be loaded")]
    Secret(#[from] SecretError),
    /// A pepper is too short.
    #[error(transparent)]
    TooShort(#[from] PepperTooShort),
}

impl PepperSources {
    /// Reads `API_KEY_PEPPER` or `API_KEY_PEPPER_SECRET_ARN`, one of which is required, and
    /// optionally `API_KEY_PEPPER_PREVIOUS` or `API_KEY_PEPPER_PREVIOUS_SECRET_ARN`.
    pub fn read<L>(environment: &mut Environment<L>) -> Self
    where
        L: Fn(&str) -> Option<String>,
    {
        let current = source(environment, CURRENT);
        if current.is_none() {
            environment.fault(&format!("{CURRENT} is missing"));
        }
        let current = current.unwrap_or_else(|| Source::Text(SecretString::default()));
        Self { current, previous: source(environment, PREVIOUS) }
    }

    /// Loads the peppers. Secrets are read concurrently.
    ///
    /// # Errors
    /// [`PepperError`] if a secret cannot be read or a pepper is too short.
    pub async fn load(self, aws: &Aws) -> Result<Peppers, PepperError> {
        let previous = async {
            match self.previous {
                Some(source) => load(source, aws).await.map(Some),
                None => Ok(None),
            }
        };
        let (current, previous) = tokio::try_join!(load(self.current, aws), previous)?;
        Ok(Peppers { current, previous })
    }
}

fn source<L>(environment: &mut Environment<L>, name: &str) -> Option<Source>
where
    L: Fn(&str) -> Option<String>,
{
    let arn_name = format!("{name}_SECRET_ARN");
    let text = environment.optional::<String>(name).map(SecretString::from);
    match (text, environment.optional(&arn_name)) {
        (Some(_), Some(_)) => {
            environment.fault(&format!("{name} and {arn_name} exclude each other"));
            None
        }
        (Some(text), None) => Some(Source::Text(text)),
        (None, arn) => arn.map(Source::Secret),
    }
}

async fn load(source: Source, aws: &Aws) -> Result<Pepper, PepperError> {
    let text = match source {
        Source::Text(text) => text,
        Source::Secret(arn) => Secrets::new(aws.config().await).read(&arn).await?,
    };
    Ok(Pepper::new(text.expose_secret())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEPPER: &str = "0123456789abcdef0123456789abcdef";

    fn sources(set: &[(&str, &str)]) -> Result<PepperSources, String> {
        let set = set.to_vec();
        let mut environment = Environment::new(|name| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        let sources = PepperSources::read(&mut environment);
        environment.finish(sources).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn current_pepper_is_required_and_previous_one_is_optional() {
        let peppers = sources(&[(CURRENT, PEPPER)]).unwrap().load(&Aws::default()).await.unwrap();
        assert!(peppers.previous.is_none());
        let both = sources(&[(CURRENT, PEPPER), (PREVIOUS, PEPPER)]).unwrap();
        assert!(both.load(&Aws::default()).await.unwrap().previous.is_some());
        assert_eq!(sources(&[]).unwrap_err(), "environment: API_KEY_PEPPER is missing");
        let arn = [(CURRENT, PEPPER), ("API_KEY_PEPPER_SECRET_ARN", "arn")];
        assert!(sources(&arn).unwrap_err().contains("exclude each other"));
    }

    #[tokio::test]
    async fn short_pepper_is_rejected_and_not_shown() {
        let error =
            sources(&[(CURRENT, "short-one")]).unwrap().load(&Aws::default()).await.unwrap_err();
        assert_eq!(error.to_string(), "a pepper has at least 32 characters");
        let shown = format!("{:?}", sources(&[(CURRENT, PEPPER)]).unwrap());
        assert!(!shown.contains(PEPPER), "{shown}");
    }
}
