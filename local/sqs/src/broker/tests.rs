//! The rules between queues: idempotent creation, dead letters, move tasks.

use std::time::Duration;

use super::*;
use crate::message::MessageContent;
use crate::message_attribute::MessageAttributes;
use crate::move_task::MoveStatus;
use crate::queue::ReceiveRequest;

struct InOrder;

impl DeliveryFaults for InOrder {
    fn pick(&mut self, _visible: usize) -> usize {
        0
    }

    fn duplicate(&mut self) -> bool {
        false
    }
}

const TEN_AT_ONCE: ReceiveRequest = ReceiveRequest {
    messages_max: 10,
    visibility_timeout: Some(Duration::ZERO),
    max_receive_count: None,
};

fn arn(name: &str) -> String {
    format!("{ARN_PREFIX}:{ACCOUNT_ID}:{name}")
}

fn create(
    broker: &mut Broker,
    name: &str,
    attributes: &[(&str, &str)],
) -> Result<String, SqsError> {
    let attributes = attributes.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    broker.create(name, &attributes, Instant::now())
}

/// A broker with the queue `q` and its dead-letter queue `d`.
fn with_dead_letters(max_receive_count: u32) -> Broker {
    let mut broker = Broker::new("http://127.0.0.1:1".to_owned());
    create(&mut broker, "d", &[]).unwrap();
    let policy = format!(
        r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":{max_receive_count}}}"#,
        arn("d")
    );
    create(&mut broker, "q", &[("RedrivePolicy", &policy)]).unwrap();
    broker
}

fn send(broker: &mut Broker, name: &str, body: &str, now: Instant) {
    let none = MessageAttributes::new;
    let content = MessageContent::new(body.to_owned(), none(), none(), None).unwrap();
    broker.queue(name).unwrap().send(content, None, now).unwrap();
}

fn receive(broker: &mut Broker, name: &str, now: Instant) -> Vec<Message> {
    let delivered = broker.receive(name, TEN_AT_ONCE, &mut InOrder, now).unwrap();
    delivered.into_iter().map(|(_, message)| message).collect()
}

#[test]
fn queue_can_be_created_again_only_with_the_same_attributes() {
    let mut broker = Broker::new("http://127.0.0.1:1".to_owned());
    let url = create(&mut broker, "q", &[("DelaySeconds", "5")]).unwrap();
    assert_eq!(url, "http://127.0.0.1:1/000000000000/q");
    assert_eq!(create(&mut broker, "q", &[("DelaySeconds", "5")]), Ok(url.clone()));
    assert_eq!(create(&mut broker, "q", &[]), Ok(url));
    let differs = create(&mut broker, "q", &[("DelaySeconds", "6")]);
    assert_eq!(differs, Err(SqsError::QueueNameExists("DelaySeconds".to_owned())));
}

#[test]
fn invalid_queue_names_are_rejected() {
    let mut broker = Broker::new(String::new());
    assert!(create(&mut broker, &"n".repeat(80), &[]).is_ok());
    for bad in ["n".repeat(81), "a b".to_owned(), "a.b".to_owned()] {
        let rejected = create(&mut broker, &bad, &[]);
        assert!(matches!(rejected, Err(SqsError::InvalidParameterValue(_))), "{bad}");
    }
    let fifo = create(&mut broker, "q.fifo", &[]);
    assert_eq!(fifo, Err(SqsError::UnsupportedOperation(FIFO_UNSUPPORTED)));
}

#[test]
fn dead_letter_queue_must_exist_and_be_another_queue() {
    let mut broker = Broker::new(String::new());
    for target in ["q", "missing"] {
        let policy = format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":1}}"#, arn(target));
        assert!(create(&mut broker, "q", &[("RedrivePolicy", &policy)]).is_err(), "{target}");
    }
}

#[test]
fn dead_letter_keeps_its_id_timestamp_and_count_and_names_its_source() {
    let mut broker = with_dead_letters(2);
    let now = Instant::now();
    send(&mut broker, "q", "poison", now);
    let sent = receive(&mut broker, "q", now).remove(0);
    assert_eq!(receive(&mut broker, "q", now).len(), 1);
    assert!(receive(&mut broker, "q", now).is_empty());
    let dead = receive(&mut broker, "d", now).remove(0);
    assert_eq!((dead.id, &dead.content, dead.sent_at), (sent.id, &sent.content, sent.sent_at));
    assert_eq!(dead.receive_count, 3);
    assert_eq!(dead.dead_letter_source, Some(arn("q")));
}

#[test]
fn message_is_delivered_again_while_its_dead_letter_queue_is_missing() {
    let mut broker = with_dead_letters(1);
    let now = Instant::now();
    send(&mut broker, "q", "poison", now);
    broker.delete("d").unwrap();
    for _ in 0..3 {
        assert_eq!(receive(&mut broker, "q", now).len(), 1);
    }
}

#[test]
fn move_task_returns_dead_letters_as_new_messages() {
    let mut broker = with_dead_letters(1);
    let now = Instant::now();
    for body in ["a", "b"] {
        send(&mut broker, "q", body, now);
    }
    let sent = receive(&mut broker, "q", now);
    receive(&mut broker, "q", now);
    let task = broker.start_move(&arn("d"), None, None, now).unwrap();
    assert_eq!(task.to_move, 2);
    assert!(broker.start_move(&arn("d"), None, None, now).is_err(), "one at a time");
    let later = now + Duration::from_secs(5);
    assert!(broker.move_one(task.id, later));
    assert!(broker.move_one(task.id, later));
    assert!(!broker.move_one(task.id, later));
    let returned = receive(&mut broker, "q", later);
    assert_eq!(returned.len(), 2);
    for (new, old) in returned.iter().zip(&sent) {
        assert_eq!(new.content, old.content);
        assert_ne!(new.id, old.id);
        assert_eq!((new.receive_count, new.sent_at), (1, later));
    }
    let listed = broker.move_tasks(&arn("d")).unwrap().next().unwrap();
    assert_eq!((listed.moved, listed.status), (2, MoveStatus::Completed));
}

#[test]
fn move_task_with_a_rate_moves_one_message_per_step_to_its_destination() {
    let mut broker = with_dead_letters(1);
    let now = Instant::now();
    for body in ["a", "b"] {
        send(&mut broker, "d", body, now);
    }
    let task = broker.start_move(&arn("d"), Some(arn("q")), Some(1), now).unwrap();
    assert_eq!(task.interval(), Duration::from_secs(1));
    assert!(broker.move_one(task.id, now));
    assert_eq!(broker.queue("d").unwrap().counts(now).visible, 1);
    assert_eq!(broker.queue("q").unwrap().counts(now).visible, 1);
    assert!(broker.move_one(task.id, now));
    assert!(!broker.move_one(task.id, now));
    assert!(broker.start_move(&arn("d"), None, None, now).is_ok(), "the first task has ended");
}

#[test]
fn move_task_without_a_destination_fails_and_keeps_the_message() {
    let mut broker = with_dead_letters(1);
    let now = Instant::now();
    send(&mut broker, "d", "sent here directly", now);
    let task = broker.start_move(&arn("d"), None, None, now).unwrap();
    assert!(!broker.move_one(task.id, now));
    let listed = broker.move_tasks(&arn("d")).unwrap().next().unwrap();
    assert_eq!(listed.status, MoveStatus::Failed("CouldNotDetermineMessageSource"));
    assert_eq!(broker.queue("d").unwrap().counts(now).visible, 1);
}

#[test]
fn move_task_needs_existing_queues_and_a_dead_letter_queue_as_source() {
    let mut broker = with_dead_letters(1);
    let now = Instant::now();
    let missing = |result| matches!(result, Err(SqsError::ResourceNotFound(_)));
    assert!(missing(broker.start_move(&arn("no"), None, None, now).map(|_| ())));
    assert!(missing(broker.start_move(&arn("d"), Some(arn("no")), None, now).map(|_| ())));
    let no_dead_letter_queue = broker.start_move(&arn("q"), None, None, now).map(|_| ());
    assert!(matches!(no_dead_letter_queue, Err(SqsError::InvalidParameterValue(_))));
}
