//! The SQS features that Tributary needs, tested through the AWS SDK that it uses in production.
//!
//! Each case is a test against the embedded endpoint. If `SQS_ENDPOINT_URL` is set, one more test
//! runs all cases against that endpoint and reports those that fail. `SQS_BEYOND_MOTO=1` adds the
//! cases that not every emulator passes. `.ci/sqs-contract` runs this test.

#[cfg(test)]
mod cases;

use cases::{Endpoint, on_embedded};
use futures::FutureExt;
use futures::future::BoxFuture;

/// Declares a test for each case, and a list of the cases.
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
    queues::queue_created_again_is_the_same_queue,
    queues::queue_created_again_with_other_attributes_is_rejected,
    queues::unknown_queue_does_not_exist,
    queues::queue_is_found_by_name_and_prefix,
    queues::attributes_are_set_and_returned,
    queues::visible_delayed_and_in_flight_messages_are_counted,
    queues::deleted_queue_does_not_exist,
    sending::message_arrives_with_all_attributes,
    sending::batch_arrives_with_attributes,
    sending::batch_of_ten_is_accepted_and_batch_of_eleven_is_rejected,
    sending::batch_without_entries_or_with_equal_ids_is_rejected,
    sending::delayed_message_arrives_after_its_delay,
    sending::oversized_batch_is_rejected,
    sending::oversized_message_is_rejected,
    sending::message_group_is_accepted,
    receiving::long_poll_ends_when_a_message_arrives,
    receiving::long_poll_on_an_empty_queue_ends_after_its_wait_time,
    receiving::receive_returns_up_to_ten_messages,
    receiving::only_requested_attributes_are_returned,
    receiving::visibility_timeout_zero_does_not_hide,
    receiving::message_is_delivered_again_after_its_visibility_timeout,
    in_flight::deleted_message_is_not_delivered_again,
    in_flight::batch_of_messages_is_deleted,
    in_flight::invalid_receipt_handle_is_rejected,
    in_flight::visibility_timeout_zero_makes_a_message_visible_immediately,
    in_flight::visibility_timeout_is_extended,
    in_flight::visibility_timeouts_are_changed_in_a_batch,
    dead_letters::message_received_too_often_moves_to_the_dead_letter_queue,
    dead_letters::message_released_too_often_moves_to_the_dead_letter_queue,
}

// Each comment says which emulators fail: moto 5.2.5, ministack 1.5.33 and LocalStack 4.14.0.
contract! { BEYOND_MOTO:
    // moto, ministack: drop system attributes of batch entries, but not those of SendMessage;
    // LocalStack: returns no MD5 of them.
    sending::batch_carries_trace_headers,
    // All: message groups do not change the order.
    receiving::message_of_a_quiet_group_is_next,
    // moto: accepts the message.
    sending::invalid_character_is_rejected,
    // All: accept the change.
    in_flight::visibility_change_of_a_visible_message_is_rejected,
    // ministack: ReceiptHandleIsInvalid.
    in_flight::deleting_twice_succeeds,
    // moto, LocalStack: delete the message, which AWS does not specify;
    // ministack: ReceiptHandleIsInvalid.
    in_flight::delete_with_a_replaced_receipt_handle_succeeds_without_effect,
    // moto: no DeadLetterQueueSourceArn.
    dead_letters::dead_letter_names_its_source_and_continues_the_receive_count,
    // moto, ministack: no move tasks.
    move_tasks::dead_letters_move_back_to_their_source,
    move_tasks::dead_letters_move_to_a_given_queue,
    move_tasks::running_move_task_is_listed_and_excludes_a_second_one,
    move_tasks::invalid_move_task_is_rejected,
}

#[tokio::test]
async fn configured_endpoint_passes_every_case() {
    let Ok(url) = std::env::var("SQS_ENDPOINT_URL") else {
        eprintln!("SQS_ENDPOINT_URL is not set: testing the embedded endpoint only");
        return;
    };
    let beyond =
        if std::env::var("SQS_BEYOND_MOTO").is_ok_and(|v| v == "1") { BEYOND_MOTO } else { &[] };
    let mut failed = Vec::new();
    for (name, case) in NEEDED.iter().chain(beyond) {
        let endpoint = Endpoint::at(&url);
        let outcome = tokio::spawn(case(endpoint.clone())).await;
        endpoint.delete_queues().await;
        eprintln!("{name}: {}", if outcome.is_ok() { "passed" } else { "FAILED" });
        if outcome.is_err() {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "failed at {url}: {failed:#?}");
}
