//! The AWS account of the local stack.

/// The AWS account in every ARN of the stack.
pub const ACCOUNT_ID: &str = "000000000000";
