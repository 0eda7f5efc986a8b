//! The rules of one queue. Tests pass in the time.

use super::*;
use crate::message_attribute::MessageAttributes;

struct InOrder;

impl DeliveryFaults for InOrder {
    fn pick(&mut self, _visible: usize) -> usize {
        0
    }

    fn duplicate(&mut self) -> bool {
        false
    }
}

struct NewestFirstAndTwice;

impl DeliveryFaults for NewestFirstAndTwice {
    fn pick(&mut self, visible: usize) -> usize {
        visible.saturating_sub(1)
    }

    fn duplicate(&mut self) -> bool {
        true
    }
}

const S: Duration = Duration::from_secs(1);

fn queue_with(attributes: &[(&str, &str)], now: Instant) -> Queue {
    let attributes = attributes.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let settings = QueueSettings::default().with(&attributes).unwrap();
    Queue::new("arn:aws:sqs:us-east-1:000000000000:q".to_owned(), settings, now)
}

fn content(body: &str) -> MessageContent {
    in_group(None, body)
}

fn in_group(group: Option<&str>, body: &str) -> MessageContent {
    let (attributes, group) = (MessageAttributes::new(), group.map(str::to_owned));
    MessageContent::new(body.to_owned(), attributes.clone(), attributes, group).unwrap()
}

fn send_in_group(queue: &mut Queue, group: &str, body: &str, now: Instant) {
    queue.send(in_group(Some(group), body), None, now).unwrap();
}

fn send(queue: &mut Queue, body: &str, now: Instant) {
    queue.send(content(body), None, now).unwrap();
}

fn up_to(messages_max: usize) -> ReceiveRequest {
    ReceiveRequest { messages_max, visibility_timeout: None, max_receive_count: None }
}

fn receive(queue: &mut Queue, request: ReceiveRequest, now: Instant) -> Vec<(Receipt, Message)> {
    queue.receive(request, &mut InOrder, now).unwrap().delivered
}

fn bodies(delivered: &[(Receipt, Message)]) -> Vec<&str> {
    delivered.iter().map(|(_, message)| message.content.body.as_str()).collect()
}

#[test]
fn received_message_is_hidden_until_its_visibility_timeout() {
    let t0 = Instant::now();
    let mut queue = queue_with(&[("VisibilityTimeout", "10")], t0);
    send(&mut queue, "a", t0);
    assert_eq!(receive(&mut queue, up_to(1), t0).len(), 1);
    assert!(receive(&mut queue, up_to(1), t0 + 9 * S).is_empty());
    assert_eq!(queue.next_visible_at(), Some(t0 + 10 * S));
    let again = receive(&mut queue, up_to(1), t0 + 10 * S);
    assert_eq!(again[0].1.receive_count, 2);
    assert_eq!(again[0].1.first_received_at, Some(t0));
    assert_eq!(again[0].1.sent_at, t0);
}

#[test]
fn receive_returns_the_oldest_first_up_to_its_maximum() {
    let t0 = Instant::now();
    let mut queue = queue_with(&[], t0);
    for body in ["a", "b", "c"] {
        send(&mut queue, body, t0);
    }
    assert_eq!(bodies(&receive(&mut queue, up_to(2), t0)), ["a", "b"]);
    assert_eq!(bodies(&receive(&mut queue, up_to(2), t0)), ["c"]);
}

#[test]
fn receive_with_timeout_zero_counts_but_does_not_hide() {
    let t0 = Instant::now();
    let mut queue = queue_with(&[], t0);
    send(&mut queue, "a", t0);
    let peek = ReceiveRequest { visibility_timeout: Some(Duration::ZERO), ..up_to(10) };
    assert_eq!(receive(&mut queue, peek, t0).len(), 1, "once per response");
    assert_eq!(queue.counts(t0), Counts { visible: 1, in_flight: 0, delayed: 0 });
    assert_eq!(receive(&mut queue, peek, t0)[0].1.receive_count, 2);
}

#[test]
fn delay_hides_a_message_and_the_message_overrides_the_queue() {
    let t0 = Instant::now();
    let mut queue = queue_with(&[("DelaySeconds", "5")], t0);
    send(&mut queue, "late", t0);
    queue.send(content("later"), Some(8 * S), t0).unwrap();
    queue.send(content("now"), Some(Duration::ZERO), t0).unwrap();
    assert_eq!(queue.counts(t0), Counts { visible: 1, in_flight: 0, delayed: 2 });
    assert_eq!(bodies(&receive(&mut queue, up_to(10), t0)), ["now"]);
    assert_eq!(bodies(&receive(&mut queue, up_to(10), t0 + 5 * S)), ["late"]);
    assert_eq!(bodies(&receive(&mut queue, up_to(10), t0 + 8 * S)), ["later"]);
}

#[test]
fn message_older_than_the_retention_period_is_removed() {
    let t0 = Instant::now();
    let mut queue = queue_with(&[("MessageRetentionPeriod", "60")], t0);
    send(&mut queue, "a", t0);
    let delivered = receive(&mut queue, up_to(1), t0 + 50 * S);
    assert_eq!(queue.counts(t0 + 60 * S), Counts { visible: 0, in_flight: 0, delayed: 0 });
    assert_eq!(queue.delete(delivered[0].0), Ok(()));
}

#[test]
fn deleted_message_can_be_deleted_again() {
    let t0 = Instant::now();
    let mut queue = queue_with(&[], t0);
    send(&mut queue, "a", t0);
    let (receipt, _) = receive(&mut queue, up_to(1), t0).remove(0);
    assert_eq!(queue.delete(receipt), Ok(()));
    assert_eq!(queue.delete(receipt), Ok(()));
    assert!(receive(&mut queue, up_to(1), t0 + 60 * S).is_empty());
}

#[test]
fn expired_receipt_deletes_until_the_next_delivery() {
    let t0 = Instant::now();
    let mut queue = queue_with(&[], t0);
    send(&mut queue, "a", t0);
    let (old, _) = receive(&mut queue, up_to(1), t0).remove(0);
    let (new, _) = receive(&mut queue, up_to(1), t0 + 30 * S).remove(0);
    assert_eq!(queue.delete(old), Ok(()), "succeeds");
    assert_eq!(queue.counts(t0 + 30 * S).in_flight, 1, "without effect");
    assert_eq!(queue.counts(t0 + 60 * S).visible, 1);
    assert_eq!(queue.delete(new), Ok(()));
    assert_eq!(queue.counts(t0 + 60 * S).visible, 0);
}

#[test]
fn receipt_of_another_queue_or_of_no_message_is_invalid() {
    let t0 = Instant::now();
    let mut queue = queue_with(&[], t0);
    let mut other = queue_with(&[], t0);
    send(&mut queue, "a", t0);
    send(&mut other, "a", t0);
    let (receipt, _) = receive(&mut queue, up_to(1), t0).remove(0);
    assert_eq!(other.delete(receipt), Err(SqsError::ReceiptHandleIsInvalid));
    let never = Receipt { entry: 9, ..receipt };
    assert_eq!(queue.delete(never), Err(SqsError::ReceiptHandleIsInvalid));
    let rejected = other.change_visibility(receipt, S, t0);
    assert_eq!(rejected, Err(SqsError::ReceiptHandleIsInvalid));
}

#[test]
fn visibility_timeout_can_be_extended_and_ended() {
    let t0 = Instant::now();
    let mut queue = queue_with(&[], t0);
    send(&mut queue, "a", t0);
    let (receipt, _) = receive(&mut queue, up_to(1), t0).remove(0);
    assert_eq!(queue.change_visibility(receipt, 100 * S, t0 + 20 * S), Ok(()));
    assert_eq!(queue.counts(t0 + 119 * S).in_flight, 1);
    assert_eq!(queue.change_visibility(receipt, Duration::ZERO, t0 + 119 * S), Ok(()));
    assert_eq!(queue.counts(t0 + 119 * S).visible, 1);
    let late = queue.change_visibility(receipt, S, t0 + 119 * S);
    assert_eq!(late, Err(SqsError::MessageNotInflight));
}

#[test]
fn replaced_receipt_and_deleted_message_cannot_change_visibility() {
    let t0 = Instant::now();
    let mut queue = queue_with(&[], t0);
    send(&mut queue, "a", t0);
    let (old, _) = receive(&mut queue, up_to(1), t0).remove(0);
    let (new, _) = receive(&mut queue, up_to(1), t0 + 30 * S).remove(0);
    let rejected = |result| matches!(result, Err(SqsError::InvalidParameterValue(_)));
    assert!(rejected(queue.change_visibility(old, S, t0 + 31 * S)));
    queue.delete(new).unwrap();
    assert!(rejected(queue.change_visibility(new, S, t0 + 31 * S)));
}

#[test]
fn message_is_hidden_for_at_most_twelve_hours_in_total() {
    let t0 = Instant::now();
    let mut queue = queue_with(&[("VisibilityTimeout", "43200")], t0);
    send(&mut queue, "a", t0);
    let (receipt, _) = receive(&mut queue, up_to(1), t0).remove(0);
    assert!(queue.change_visibility(receipt, 43_200 * S, t0 + S).is_err());
    assert_eq!(queue.change_visibility(receipt, 43_199 * S, t0 + S), Ok(()));
}

#[test]
fn message_received_too_often_becomes_a_dead_letter() {
    let t0 = Instant::now();
    let mut queue = queue_with(&[("VisibilityTimeout", "0")], t0);
    send(&mut queue, "poison", t0);
    send(&mut queue, "next", t0);
    let one = ReceiveRequest { max_receive_count: Some(2), ..up_to(1) };
    let first = receive(&mut queue, one, t0).remove(0).1;
    receive(&mut queue, one, t0);
    receive(&mut queue, one, t0);
    let received = queue.receive(up_to_two(one), &mut InOrder, t0 + S).unwrap();
    let poison = &received.dead_letters[0];
    assert_eq!((poison.id, poison.receive_count), (first.id, 2));
    assert_eq!((&poison.content, poison.sent_at), (&first.content, first.sent_at));
    assert_eq!(bodies(&received.delivered), ["next"], "the same response has the next message");
    assert_eq!(queue.counts(t0 + S), Counts { visible: 1, in_flight: 0, delayed: 0 });
}

fn up_to_two(request: ReceiveRequest) -> ReceiveRequest {
    ReceiveRequest { messages_max: 2, ..request }
}

#[test]
fn message_of_the_size_limit_is_accepted_and_one_byte_more_is_rejected() {
    let t0 = Instant::now();
    let mut queue = queue_with(&[("MaximumMessageSize", "1024")], t0);
    send(&mut queue, &"x".repeat(1024), t0);
    let rejected = queue.send(content(&"x".repeat(1025)), None, t0);
    assert!(matches!(rejected, Err(SqsError::InvalidParameterValue(_))));
    assert_eq!(queue.counts(t0).visible, 1);
}

#[test]
fn receive_past_the_in_flight_limit_is_rejected() {
    let t0 = Instant::now();
    let mut queue = queue_with(&[], t0);
    for _ in 0..=IN_FLIGHT_MAX {
        send(&mut queue, "x", t0);
    }
    assert_eq!(receive(&mut queue, up_to(IN_FLIGHT_MAX), t0).len(), IN_FLIGHT_MAX);
    let over = queue.receive(up_to(1), &mut InOrder, t0).map(|_| ());
    assert_eq!(over, Err(SqsError::OverLimit));
    assert_eq!(receive(&mut queue, up_to(1), t0 + 30 * S).len(), 1);
}

#[test]
fn receive_with_faults_reorders_and_duplicates_once() {
    let t0 = Instant::now();
    let mut queue = queue_with(&[], t0);
    for body in ["a", "b"] {
        send(&mut queue, body, t0);
    }
    let first = queue.receive(up_to(2), &mut NewestFirstAndTwice, t0).unwrap().delivered;
    assert_eq!(bodies(&first), ["b", "a"]);
    let second = queue.receive(up_to(10), &mut NewestFirstAndTwice, t0).unwrap().delivered;
    assert_eq!(second.len(), 2, "copies are delivered while the originals are in flight");
    assert_eq!(second[1].1.id, first[0].1.id);
    assert_eq!(second[1].1.receive_count, 2);
    assert!(queue.receive(up_to(10), &mut NewestFirstAndTwice, t0).unwrap().delivered.is_empty());
    for (receipt, _) in first.iter().chain(&second) {
        queue.delete(*receipt).unwrap();
    }
    assert_eq!(queue.counts(t0 + 60 * S), Counts { visible: 0, in_flight: 0, delayed: 0 });
}

#[test]
fn group_with_the_fewest_messages_in_flight_is_next() {
    let t0 = Instant::now();
    let mut queue = queue_with(&[("VisibilityTimeout", "10")], t0);
    for n in 0..6 {
        send_in_group(&mut queue, "loud", &format!("l{n}"), t0);
    }
    let first = receive(&mut queue, up_to(2), t0);
    assert_eq!(bodies(&first), ["l0", "l1"]);
    send_in_group(&mut queue, "quiet", "q0", t0);
    send_in_group(&mut queue, "quiet", "q1", t0);
    assert_eq!(bodies(&receive(&mut queue, up_to(3), t0)), ["q0", "q1", "l2"]);
    // A deleted message and one whose visibility timeout is over are not in flight.
    for (receipt, _) in first {
        queue.delete(receipt).unwrap();
    }
    send_in_group(&mut queue, "quiet", "q2", t0);
    // l3 makes them equal; l4 has waited for longer than q2.
    assert_eq!(bodies(&receive(&mut queue, up_to(2), t0)), ["l3", "l4"]);
    let later = t0 + 10 * S;
    assert_eq!(queue.counts(later), Counts { visible: 7, in_flight: 0, delayed: 0 });
    assert_eq!(bodies(&receive(&mut queue, up_to(2), later)), ["l5", "q2"]);
}

#[test]
fn messages_without_a_group_do_not_wait_for_groups() {
    let t0 = Instant::now();
    let mut queue = queue_with(&[], t0);
    for n in 0..3 {
        send_in_group(&mut queue, "loud", &format!("l{n}"), t0);
    }
    for body in ["a", "b", "c"] {
        send(&mut queue, body, t0);
    }
    assert_eq!(bodies(&receive(&mut queue, up_to(1), t0)), ["l0"]);
    assert_eq!(bodies(&receive(&mut queue, up_to(3), t0)), ["a", "b", "c"]);
    assert_eq!(queue.take(t0).unwrap().content.body, "l1");
    assert_eq!(bodies(&receive(&mut queue, up_to(3), t0)), ["l2"]);
}
