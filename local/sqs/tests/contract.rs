//! What Tributary needs of an SQS endpoint, checked through the AWS SDK it uses in production.
//!
//! Each case is a test of its own against the embedded endpoint. With `SQS_ENDPOINT_URL` set, one
//! more test runs them all against that endpoint and reports every case that fails there; with
//! `SQS_BEYOND_MOTO=1` also those that not every emulator keeps. `.ci/sqs-contract` does so.

#[cfg(test)]
mod cases;

use cases::{Endpoint, on_embedded};
use futures::FutureExt;
use futures::future::BoxFuture;

/// Declares the cases of a list: a test each, and the list.
macro_rules! contract {
    ($list:ident: $($module:ident::$case:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                on_embedded(|endpoint| async move { cases::$module::$case(&endpoint).await }).await;
            }
        )+

        const $list: &[(&str, fn(Endpoint) -> BoxFuture<'static, ()>)] = &[$(
            (stringify!($case), |endpoint| {
                async move { cases::$module::$case(&endpoint).await }.boxed()
            })
        ),+];
    };
}

contract! { NEEDED:
    queues::a_queue_made_again_is_the_same_queue,
    queues::a_queue_made_again_with_other_attributes_is_refused,
    queues::an_unknown_queue_does_not_exist,
    queues::a_queue_is_found_by_name_and_prefix,
    queues::attributes_are_set_and_shown,
    queues::counts_tell_waiting_delayed_and_in_flight_apart,
    queues::a_deleted_queue_is_gone,
    sending::a_message_arrives_whole,
    sending::a_batch_arrives_with_attributes,
    sending::a_batch_of_ten_is_taken_and_of_eleven_refused,
    sending::a_batch_without_entries_or_with_equal_ids_is_refused,
    sending::a_delayed_message_comes_later,
    sending::an_oversize_batch_is_refused,
    sending::an_oversize_message_is_refused,
    receiving::a_long_poll_ends_when_a_message_arrives,
    receiving::a_long_poll_on_an_empty_queue_ends_after_its_wait,
    receiving::ten_messages_can_come_at_once,
    receiving::only_attributes_asked_for_are_returned,
    receiving::visibility_timeout_zero_does_not_hide,
    receiving::a_message_comes_again_after_its_visibility_timeout,
    in_flight::a_deleted_message_does_not_come_again,
    in_flight::a_batch_is_deleted,
    in_flight::an_invalid_receipt_handle_is_refused,
    in_flight::visibility_zero_hands_a_message_back_at_once,
    in_flight::visibility_is_extended,
    in_flight::visibilities_are_changed_in_a_batch,
    dead_letters::a_message_received_too_often_is_dead_lettered_whole,
    dead_letters::a_message_handed_back_too_often_is_dead_lettered,
}

// What AWS does and an emulator lacks: moto 5.2.5, ministack 1.5.33 and LocalStack 4.14.0, as each line says.
contract! { BEYOND_MOTO:
    // moto, ministack: system attributes of batch entries are dropped (those of SendMessage are kept);
    // LocalStack: its answer has no MD5 of them.
    sending::a_batch_carries_trace_headers,
    // moto: taken as it is.
    sending::an_invalid_character_is_refused,
    // All: a visibility change of a message that waits succeeds.
    in_flight::a_message_no_longer_in_flight_is_told,
    // ministack: ReceiptHandleIsInvalid.
    in_flight::deleting_twice_succeeds,
    // moto, LocalStack: deletes the message, which AWS leaves open; ministack: ReceiptHandleIsInvalid.
    in_flight::a_replaced_receipt_handle_deletes_nothing_but_succeeds,
    // moto: no DeadLetterQueueSourceArn.
    dead_letters::a_dead_letter_names_its_source_and_goes_on_counting,
    // moto, ministack: no move tasks at all.
    move_tasks::dead_letters_move_back_to_their_source,
    move_tasks::dead_letters_move_to_a_queue_of_choice,
    move_tasks::running_move_task_is_listed_and_excludes_a_second_one,
    move_tasks::a_move_that_cannot_be_is_refused,
}

#[tokio::test]
async fn the_endpoint_of_the_environment_keeps_the_contract() {
    let Ok(url) = std::env::var("SQS_ENDPOINT_URL") else {
        eprintln!("SQS_ENDPOINT_URL is not set: only the embedded endpoint is checked");
        return;
    };
    let beyond =
        if std::env::var("SQS_BEYOND_MOTO").is_ok_and(|v| v == "1") { BEYOND_MOTO } else { &[] };
    let mut broken = Vec::new();
    for (name, case) in NEEDED.iter().chain(beyond) {
        let endpoint = Endpoint::at(&url);
        let outcome = tokio::spawn(case(endpoint.clone())).await;
        endpoint.delete_queues().await;
        eprintln!("{name}: {}", if outcome.is_ok() { "kept" } else { "BROKEN" });
        if outcome.is_err() {
            broken.push(*name);
        }
    }
    assert!(broken.is_empty(), "{url} does not keep: {broken:#?}");
}
