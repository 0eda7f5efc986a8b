//! Operations on queues.

use aws_sdk_sqs::types::QueueAttributeName as Name;

use super::{Endpoint, eventually};

pub async fn queue_created_again_is_the_same_queue(endpoint: &Endpoint) {
    let url = endpoint.queue(&[(Name::VisibilityTimeout, "7")]).await;
    let name = url.rsplit('/').next().unwrap();
    let call = endpoint.client.create_queue().queue_name(name);
    let again = call.attributes(Name::VisibilityTimeout, "7").send().await.unwrap();
    assert_eq!(again.queue_url.unwrap(), url);
}

pub async fn queue_created_again_with_other_attributes_is_rejected(endpoint: &Endpoint) {
    let url = endpoint.queue(&[(Name::VisibilityTimeout, "7")]).await;
    let name = url.rsplit('/').next().unwrap();
    let call = endpoint.client.create_queue().queue_name(name);
    let rejected = call.attributes(Name::VisibilityTimeout, "8").send().await.unwrap_err();
    assert!(rejected.into_service_error().is_queue_name_exists());
}

pub async fn unknown_queue_does_not_exist(endpoint: &Endpoint) {
    let name = endpoint.name("missing");
    let by_name = endpoint.client.get_queue_url().queue_name(&name).send().await.unwrap_err();
    assert!(by_name.into_service_error().is_queue_does_not_exist());
    let known = endpoint.queue(&[]).await;
    let url = known.replace(known.rsplit('/').next().unwrap(), &name);
    let call = endpoint.client.send_message().queue_url(&url).message_body("x");
    assert!(call.send().await.unwrap_err().into_service_error().is_queue_does_not_exist());
    let call = endpoint.client.receive_message().queue_url(&url);
    assert!(call.send().await.unwrap_err().into_service_error().is_queue_does_not_exist());
}

pub async fn queue_is_found_by_name_and_prefix(endpoint: &Endpoint) {
    let url = endpoint.queue(&[]).await;
    let name = url.rsplit('/').next().unwrap();
    let found = endpoint.client.get_queue_url().queue_name(name).send().await.unwrap();
    assert_eq!(found.queue_url.unwrap(), url);
    let listed = endpoint.client.list_queues().queue_name_prefix(name).send().await.unwrap();
    assert_eq!(listed.queue_urls(), [url]);
}

pub async fn attributes_are_set_and_returned(endpoint: &Endpoint) {
    let (queue, dead_letters) = endpoint.queue_with_dead_letters(3).await;
    let call = endpoint.client.set_queue_attributes().queue_url(&queue);
    call.attributes(Name::VisibilityTimeout, "90").send().await.unwrap();
    let call = endpoint.client.get_queue_attributes().queue_url(&queue);
    let all = call.attribute_names(Name::All).send().await.unwrap().attributes.unwrap();
    assert_eq!(all[&Name::VisibilityTimeout], "90");
    assert_eq!(all[&Name::DelaySeconds], "0");
    // AWS returns whole seconds; moto adds a fraction.
    let created_at_s = all[&Name::CreatedTimestamp].split('.').next().unwrap();
    assert!(created_at_s.parse::<u64>().unwrap() > 1_700_000_000);
    assert!(all[&Name::QueueArn].ends_with(queue.rsplit('/').next().unwrap()));
    let dead_letters_arn = endpoint.attribute(&dead_letters, Name::QueueArn).await;
    assert!(all[&Name::RedrivePolicy].contains(&dead_letters_arn));
    assert!(all[&Name::RedrivePolicy].contains("maxReceiveCount"));
}

pub async fn visible_delayed_and_in_flight_messages_are_counted(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    endpoint.send(&queue, "in flight").await;
    endpoint.receive_one(&queue, 60).await;
    endpoint.send(&queue, "visible").await;
    let call = endpoint.client.send_message().queue_url(&queue).message_body("delayed");
    call.delay_seconds(60).send().await.unwrap();
    eventually("expected counts", || async {
        let call = endpoint.client.get_queue_attributes().queue_url(&queue);
        let all = call.attribute_names(Name::All).send().await.unwrap().attributes.unwrap();
        let ones = [
            Name::ApproximateNumberOfMessages,
            Name::ApproximateNumberOfMessagesNotVisible,
            Name::ApproximateNumberOfMessagesDelayed,
        ];
        ones.iter().all(|name| all[name] == "1").then_some(())
    })
    .await;
}

pub async fn deleted_queue_does_not_exist(endpoint: &Endpoint) {
    let url = endpoint.queue(&[]).await;
    endpoint.client.delete_queue().queue_url(&url).send().await.unwrap();
    let name = url.rsplit('/').next().unwrap();
    let missing = endpoint.client.get_queue_url().queue_name(name).send().await.unwrap_err();
    assert!(missing.into_service_error().is_queue_does_not_exist());
}
