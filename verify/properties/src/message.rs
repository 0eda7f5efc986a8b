//! What must hold of any bytes that come as the body of an SQS message.

use tributary_queue::EnrichMessage;

/// It is read without a panic; a message is read back from what it says, and what is said of another
/// tells nothing of it but where it stops being one.
pub fn check(bytes: &[u8]) {
    let Ok(body) = std::str::from_utf8(bytes) else { return };
    match EnrichMessage::parse(body) {
        Ok(message) => assert_eq!(EnrichMessage::parse(&message.to_body()).ok(), Some(message)),
        Err(error) => {
            let text: String =
                error.to_string().chars().filter(|character| !character.is_ascii_digit()).collect();
            let known = ["the body is not a message, at line , column ", "version  is not known"];
            assert!(known.contains(&text.as_str()), "{text}");
        }
    }
}
