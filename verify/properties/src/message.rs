//! Properties of the parser of SQS message bodies.

use tributary_queue::EnrichMessage;

/// Parsing does not panic, a message survives a round trip, and an error reveals only the position.
pub fn check(bytes: &[u8]) {
    let Ok(body) = std::str::from_utf8(bytes) else { return };
    match EnrichMessage::parse(body) {
        Ok(message) => assert_eq!(EnrichMessage::parse(&message.to_body()).ok(), Some(message)),
        Err(error) => {
            let text: String =
                error.to_string().chars().filter(|character| !character.is_ascii_digit()).collect();
            let known = ["the body is not a message, at line , column ", "version  is unknown"];
            assert!(known.contains(&text.as_str()), "{text}");
        }
    }
}
