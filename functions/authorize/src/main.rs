//! The `authorize` function, invoked by the gateway before each other function.

use authorize::{Authorize, Config, Rejection, Tokens};
use aws_lambda_events::apigw::ApiGatewayCustomAuthorizerRequestTypeRequest;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use tracing::error;
use tributary_lambda::aws::Aws;
use tributary_lambda::error_chain::Chain;
use tributary_lambda::metrics::Metrics;
use tributary_lambda::{functions, logs};

#[tokio::main]
async fn main() -> Result<(), Error> {
    logs::init();
    let metrics = &Metrics::of_process("authorize");
    let config = Config::from_env()?;
    let aws = Aws::default();
    let database = config.database.connect(&functions::AUTHORIZE, &aws);
    let (store, peppers) = tokio::join!(database, config.peppers.load(&aws));
    let authorize = &Authorize::new(store?, peppers?, config.tokens.map(Tokens::new));
    lambda_runtime::run(service_fn(
        async move |event: LambdaEvent<ApiGatewayCustomAuthorizerRequestTypeRequest>| {
            let decision = authorize.decide(&event.payload).await;
            metrics.flush();
            decision.map_err(diagnose)
        },
    ))
    .await
}

/// API Gateway returns 401 if an authorizer fails with exactly `Unauthorized`, and otherwise 500,
/// which the template maps to 503.
fn diagnose(rejection: Rejection) -> Diagnostic {
    let name = match rejection {
        Rejection::Unauthorized => "Unauthorized",
        Rejection::Store(error) => {
            error!(error = %Chain(&error), "keys cannot be looked up");
            "Unavailable"
        }
        Rejection::Issuer(error) => {
            error!(error = %Chain(&error), "tokens cannot be verified");
            "Unavailable"
        }
    };
    Diagnostic { error_type: name.to_owned(), error_message: name.to_owned() }
}
