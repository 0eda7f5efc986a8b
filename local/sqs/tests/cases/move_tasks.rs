//! Message move tasks.

use aws_sdk_sqs::types::{ListMessageMoveTasksResultEntry, QueueAttributeName};

use super::{Endpoint, body, eventually};

/// Creates a queue with `count` dead letters. Returns the URLs of both queues, and the ARN of the
/// dead-letter queue.
async fn dead_letters(endpoint: &Endpoint, count: usize) -> (String, String, String) {
    let (queue, dead_letters) = endpoint.queue_with_dead_letters(1).await;
    for n in 0..count {
        endpoint.send(&queue, &format!("letter {n}")).await;
    }
    eventually("complete dead-letter queue", || async {
        endpoint.receive(&queue, 0).await;
        let visible = QueueAttributeName::ApproximateNumberOfMessages;
        (endpoint.attribute(&dead_letters, visible).await == count.to_string()).then_some(())
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
    let (queue, dead_letters, arn) = dead_letters(endpoint, 2).await;
    let started = endpoint.client.start_message_move_task().source_arn(&arn).send().await.unwrap();
    assert!(started.task_handle.is_some());
    let task = newest_task(endpoint, &arn, "COMPLETED").await;
    assert_eq!(task.approximate_number_of_messages_moved(), 2);
    assert_eq!(task.approximate_number_of_messages_to_move(), Some(2));
    assert_eq!((task.source_arn(), task.destination_arn()), (Some(arn.as_str()), None));
    assert_eq!(task.task_handle(), None);
    assert!(endpoint.receive(&dead_letters, 0).await.is_empty());
    let returned = endpoint.receive_all(&queue, 2).await;
    let mut bodies = returned.iter().map(body).collect::<Vec<_>>();
    bodies.sort_unstable();
    assert_eq!(bodies, ["letter 0", "letter 1"]);
}

pub async fn dead_letters_move_to_a_given_queue(endpoint: &Endpoint) {
    let (_, _, arn) = dead_letters(endpoint, 1).await;
    let destination = endpoint.queue(&[]).await;
    let destination_arn = endpoint.attribute(&destination, QueueAttributeName::QueueArn).await;
    let call = endpoint.client.start_message_move_task().source_arn(&arn);
    call.destination_arn(&destination_arn).send().await.unwrap();
    assert_eq!(body(&endpoint.receive_one(&destination, 60).await), "letter 0");
    let task = newest_task(endpoint, &arn, "COMPLETED").await;
    assert_eq!(task.destination_arn(), Some(destination_arn.as_str()));
}

pub async fn running_move_task_is_listed_and_excludes_a_second_one(endpoint: &Endpoint) {
    let (_, dead_letters, arn) = dead_letters(endpoint, 3).await;
    let start = || {
        let call = endpoint.client.start_message_move_task().source_arn(&arn);
        call.max_number_of_messages_per_second(1).send()
    };
    let started = start().await.unwrap();
    assert!(start().await.is_err(), "a second task at the same time");
    let running = newest_task(endpoint, &arn, "RUNNING").await;
    assert_eq!(running.task_handle(), started.task_handle());
    assert!(running.approximate_number_of_messages_moved() < 3);
    assert!(!endpoint.receive(&dead_letters, 0).await.is_empty());
}

pub async fn invalid_move_task_is_rejected(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    let arn = endpoint.attribute(&queue, QueueAttributeName::QueueArn).await;
    let start = |arn: String| endpoint.client.start_message_move_task().source_arn(arn).send();
    let no_dead_letter_queue = start(arn.clone()).await.unwrap_err().into_service_error();
    assert_eq!(no_dead_letter_queue.meta().code(), Some("InvalidParameterValue"));
    let missing = start(format!("{arn}-missing")).await.unwrap_err().into_service_error();
    assert!(missing.is_resource_not_found_exception(), "{missing:?}");
}
