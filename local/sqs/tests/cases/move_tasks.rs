//! Bringing dead letters back.

use aws_sdk_sqs::types::{ListMessageMoveTasksResultEntry, QueueAttributeName};

use super::{Endpoint, body, eventually};

/// A queue, its dead letters and their ARN, with `count` messages given up.
async fn given_up(endpoint: &Endpoint, count: usize) -> (String, String, String) {
    let (queue, dead_letters) = endpoint.queue_with_dead_letters(1).await;
    for n in 0..count {
        endpoint.send(&queue, &format!("letter {n}")).await;
    }
    eventually("all dead letters", || async {
        endpoint.receive(&queue, 0).await;
        let waiting = QueueAttributeName::ApproximateNumberOfMessages;
        (endpoint.attribute(&dead_letters, waiting).await == count.to_string()).then_some(())
    })
    .await;
    let arn = endpoint.attribute(&dead_letters, QueueAttributeName::QueueArn).await;
    (queue, dead_letters, arn)
}

async fn newest_task(
    endpoint: &Endpoint,
    arn: &str,
    status: &'static str,
) -> ListMessageMoveTasksResultEntry {
    eventually(status, || async {
        let listed = endpoint.client.list_message_move_tasks().source_arn(arn).send().await;
        let newest = listed.unwrap().results.unwrap().remove(0);
        (newest.status() == Some(status)).then_some(newest)
    })
    .await
}

pub async fn dead_letters_move_back_to_their_source(endpoint: &Endpoint) {
    let (queue, dead_letters, arn) = given_up(endpoint, 2).await;
    let started = endpoint.client.start_message_move_task().source_arn(&arn).send().await.unwrap();
    assert!(started.task_handle.is_some());
    let task = newest_task(endpoint, &arn, "COMPLETED").await;
    assert_eq!(task.approximate_number_of_messages_moved(), 2);
    assert_eq!(task.approximate_number_of_messages_to_move(), Some(2));
    assert_eq!((task.source_arn(), task.destination_arn()), (Some(arn.as_str()), None));
    assert_eq!(task.task_handle(), None);
    assert!(endpoint.receive(&dead_letters, 0).await.is_empty());
    let back = endpoint.receive_all(&queue, 2).await;
    let mut bodies = back.iter().map(body).collect::<Vec<_>>();
    bodies.sort_unstable();
    assert_eq!(bodies, ["letter 0", "letter 1"]);
}

pub async fn dead_letters_move_to_a_queue_of_choice(endpoint: &Endpoint) {
    let (_, _, arn) = given_up(endpoint, 1).await;
    let elsewhere = endpoint.queue(&[]).await;
    let elsewhere_arn = endpoint.attribute(&elsewhere, QueueAttributeName::QueueArn).await;
    let call = endpoint.client.start_message_move_task().source_arn(&arn);
    call.destination_arn(&elsewhere_arn).send().await.unwrap();
    assert_eq!(body(&endpoint.receive_one(&elsewhere, 60).await), "letter 0");
    let task = newest_task(endpoint, &arn, "COMPLETED").await;
    assert_eq!(task.destination_arn(), Some(elsewhere_arn.as_str()));
}

pub async fn running_move_task_is_listed_and_excludes_a_second_one(endpoint: &Endpoint) {
    let (_, dead_letters, arn) = given_up(endpoint, 3).await;
    let start = || {
        let call = endpoint.client.start_message_move_task().source_arn(&arn);
        call.max_number_of_messages_per_second(1).send()
    };
    let started = start().await.unwrap();
    assert!(start().await.is_err(), "one at a time");
    let running = newest_task(endpoint, &arn, "RUNNING").await;
    assert_eq!(running.task_handle(), started.task_handle());
    assert!(running.approximate_number_of_messages_moved() < 3);
    assert!(!endpoint.receive(&dead_letters, 0).await.is_empty());
}

pub async fn a_move_that_cannot_be_is_refused(endpoint: &Endpoint) {
    let plain = endpoint.queue(&[]).await;
    let arn = endpoint.attribute(&plain, QueueAttributeName::QueueArn).await;
    let start = |arn: String| endpoint.client.start_message_move_task().source_arn(arn).send();
    let not_dead = start(arn.clone()).await.unwrap_err().into_service_error();
    assert_eq!(not_dead.meta().code(), Some("InvalidParameterValue"));
    let missing = start(format!("{arn}-missing")).await.unwrap_err().into_service_error();
    assert!(missing.is_resource_not_found_exception(), "{missing:?}");
}
