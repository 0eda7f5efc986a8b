//! SQS messages as the records of a Lambda event.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>.

use std::collections::HashMap;

use aws_lambda_events::encodings::Base64Data;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage, SqsMessageAttribute};
use aws_sdk_sqs::types::{Message, MessageAttributeValue};

use crate::account::ACCOUNT_ID;

/// The queue in the records.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) arn: String,
    pub(crate) region: String,
}

impl Source {
    /// The queue of a URL `…/<account>/<name>`.
    pub(crate) fn of(queue_url: &str, region: &str) -> Self {
        let mut segments = queue_url.trim_end_matches('/').rsplit('/');
        let name = segments.next().unwrap_or_default();
        let is_account = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let account = segments.next().filter(is_account).unwrap_or(ACCOUNT_ID);
        let arn = format!("arn:aws:sqs:{region}:{account}:{name}");
        Self { arn, region: region.to_owned() }
    }

    /// The event for a batch.
    pub(crate) fn event(&self, messages: &[Message]) -> SqsEvent {
        let mut event = SqsEvent::default();
        event.records = messages.iter().map(|message| self.record(message)).collect();
        event
    }

    fn record(&self, message: &Message) -> SqsMessage {
        let mut record = SqsMessage::default();
        record.message_id = message.message_id.clone();
        record.receipt_handle = message.receipt_handle.clone();
        record.body = message.body.clone();
        record.md5_of_body = message.md5_of_body.clone();
        record.md5_of_message_attributes = message.md5_of_message_attributes.clone();
        let attributes = message.attributes.iter().flatten();
        record.attributes =
            attributes.map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect();
        record.message_attributes = attributes_of(message);
        record.event_source = Some("aws:sqs".to_owned());
        record.event_source_arn = Some(self.arn.clone());
        record.aws_region = Some(self.region.clone());
        record
    }
}

fn attributes_of(message: &Message) -> HashMap<String, SqsMessageAttribute> {
    let attributes = message.message_attributes.iter().flatten();
    attributes.map(|(name, value)| (name.clone(), attribute(value))).collect()
}

fn attribute(value: &MessageAttributeValue) -> SqsMessageAttribute {
    let mut attribute = SqsMessageAttribute::default();
    attribute.string_value = value.string_value.clone();
    attribute.binary_value = value.binary_value.as_ref().map(|binary| {
        let mut encoded = Base64Data::default();
        encoded.0 = binary.as_ref().to_vec();
        encoded
    });
    attribute.data_type = Some(value.data_type.clone());
    attribute
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sqs::types::MessageSystemAttributeName;
    use serde_json::json;

    #[test]
    fn record_has_the_format_of_lambda() {
        let attribute = MessageAttributeValue::builder()
            .data_type("String")
            .string_value("c-1")
            .build()
            .unwrap();
        let message = Message::builder()
            .message_id("m-1")
            .receipt_handle("r-1")
            .body(r#"{"v":1}"#)
            .md5_of_body("d41d8")
            .attributes(MessageSystemAttributeName::ApproximateReceiveCount, "2")
            .message_attributes("correlation_id", attribute)
            .build();
        let source = Source::of("http://127.0.0.1:9324/000000000000/work", "us-east-1");
        let event = serde_json::to_value(source.event(&[message])).unwrap();
        let record = &event["Records"][0];
        assert_eq!(record["messageId"], "m-1");
        assert_eq!(record["receiptHandle"], "r-1");
        assert_eq!(record["body"], r#"{"v":1}"#);
        assert_eq!(record["md5OfBody"], "d41d8");
        assert_eq!(record["attributes"], json!({"ApproximateReceiveCount": "2"}));
        assert_eq!(record["messageAttributes"]["correlation_id"]["stringValue"], "c-1");
        assert_eq!(record["messageAttributes"]["correlation_id"]["dataType"], "String");
        assert_eq!(record["eventSource"], "aws:sqs");
        assert_eq!(record["eventSourceARN"], "arn:aws:sqs:us-east-1:000000000000:work");
        assert_eq!(record["awsRegion"], "us-east-1");
    }

    #[test]
    fn queue_url_without_account_gets_the_local_account() {
        let source = Source::of("http://localhost:4566/queue/work", "eu-west-1");
        assert_eq!(source.arn, "arn:aws:sqs:eu-west-1:000000000000:work");
    }
}
