//! A Lambda authorizer's response, and whether its policy allows a call.
//!
//! Source: *Output from an API Gateway Lambda authorizer* in the Amazon API Gateway Developer
//! Guide.

use aws_lambda_events::apigw::ApiGatewayCustomAuthorizerResponse;
use aws_lambda_events::iam::{IamPolicyEffect, IamPolicyStatement};
use serde_json::{Map, Value};

const ACTION: &str = "execute-api:Invoke";

/// A policy and the caller's context.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    statements: Vec<IamPolicyStatement>,
    /// The authorizer context for the route's function.
    context: Map<String, Value>,
}

/// Why an authorizer's response is malformed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MalformedPolicy {
    #[error("it is not an authorizer response")]
    Form(#[from] serde_json::Error),
    #[error("it has no principalId")]
    NoPrincipal,
    #[error("a value in its context is not a string, number or boolean")]
    Context,
}

impl Policy {
    pub(crate) fn read(payload: &[u8]) -> Result<Self, MalformedPolicy> {
        let response: ApiGatewayCustomAuthorizerResponse = serde_json::from_slice(payload)?;
        let principal = response.principal_id.ok_or(MalformedPolicy::NoPrincipal)?;
        let mut context = Map::new();
        let given = match response.context {
            Value::Object(given) => given,
            Value::Null => Map::new(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return Err(MalformedPolicy::Context);
            }
        };
        for (name, value) in given {
            // API Gateway converts every value to a string.
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(bool) => bool.to_string(),
                Value::Null | Value::Array(_) | Value::Object(_) => {
                    return Err(MalformedPolicy::Context);
                }
            };
            context.insert(name, text.into());
        }
        context.insert("principalId".to_owned(), principal.into());
        Ok(Self { statements: response.policy_document.statement, context })
    }

    /// Returns the caller's context if a statement allows the call and none denies it.
    pub(crate) fn allows(&self, method_arn: &str) -> Option<&Map<String, Value>> {
        let mut allowed = false;
        for statement in self.statements.iter().filter(|statement| applies(statement, method_arn)) {
            match statement.effect {
                IamPolicyEffect::Allow => allowed = true,
                IamPolicyEffect::Deny => return None,
                // The enum is non-exhaustive; an unknown effect denies the call.
                _ => return None,
            }
        }
        allowed.then_some(&self.context)
    }
}

/// Conditions are not evaluated. A statement with a condition applies only if it denies.
fn applies(statement: &IamPolicyStatement, method_arn: &str) -> bool {
    let conditional_allow =
        statement.condition.is_some() && statement.effect != IamPolicyEffect::Deny;
    !conditional_allow
        && statement.action.iter().any(|pattern| matches(pattern.as_bytes(), ACTION.as_bytes()))
        && statement
            .resource
            .iter()
            .any(|pattern| matches(pattern.as_bytes(), method_arn.as_bytes()))
}

/// IAM wildcards: `*` matches any text, `?` one character.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            matches(rest, text)
                || text.split_first().is_some_and(|(_, tail)| matches(pattern, tail))
        }
        (Some((b'?', rest)), Some((_, tail))) => matches(rest, tail),
        (Some((expected, rest)), Some((actual, tail))) => expected == actual && matches(rest, tail),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ARN: &str = "arn:aws:execute-api:us-east-1:000000000000:local/local/GET/api/batches/b1";

    fn policy(statements: Value) -> Policy {
        let response = json!({
            "principalId": "tenant-1",
            "policyDocument": {"Version": "2012-10-17", "Statement": statements},
            "context": {"tenant_id": "t1", "limit": 5, "admin": false},
        });
        Policy::read(response.to_string().as_bytes()).unwrap()
    }

    fn statement(effect: &str, resource: &str) -> Value {
        json!({"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource})
    }

    #[test]
    fn context_values_become_strings() {
        let policy = policy(json!([statement("Allow", ARN)]));
        let expected =
            json!({"principalId": "tenant-1", "tenant_id": "t1", "limit": "5", "admin": "false"});
        assert_eq!(Value::Object(policy.allows(ARN).unwrap().clone()), expected);
    }

    #[test]
    fn matching_allow_is_required_and_matching_deny_takes_precedence() {
        let allow = statement("Allow", "arn:aws:execute-api:*:*:*/*/GET/*");
        assert!(policy(json!([allow])).allows(ARN).is_some());
        assert!(policy(json!([allow, statement("Deny", ARN)])).allows(ARN).is_none());
        assert!(policy(json!([allow, statement("Deny", "*/POST/*")])).allows(ARN).is_some());
        assert!(policy(json!([statement("Allow", "*/POST/*")])).allows(ARN).is_none());
        assert!(policy(json!([])).allows(ARN).is_none());
    }

    #[test]
    fn wildcards_match_as_in_iam() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("abc", "abcd", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }
}
