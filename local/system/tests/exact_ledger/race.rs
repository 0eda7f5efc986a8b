//! Two clients that send the same batch at the same time. One of them is first for each transaction
//! and the other finds it unchanged, so that the sum of their counts is decided.

use rand::Rng;
use reqwest::Method;

use crate::Task;
use crate::answers;
use crate::body::Body;
use crate::sender::accepted;

pub async fn run(mut task: Task, races: usize) -> Task {
    for _ in 0..races {
        match task.random.random_range(0..4) {
            0 => race_with_one_key(&mut task).await,
            1 => race_of_deletes(&mut task).await,
            _ => race(&mut task).await,
        }
    }
    task
}

/// Equal content in two bodies, the second in reverse order.
async fn race(task: &mut Task) {
    let Task { random, generator, sender } = task;
    let batch = generator.batch(random, &sender.ledger);
    let mut reversed = batch.clone();
    reversed.transactions.reverse();
    reversed.removals.reverse();
    let bodies = [Body::of(random, &batch), Body::of(random, &reversed)];
    let Ok(mut expected) = sender.ledger.apply(&batch) else {
        for body in &bodies {
            answers::post(&sender.api, body).await.assert_problem(422);
        }
        return;
    };
    expected.add(sender.ledger.apply(&reversed).unwrap());
    let [first, second] = &bodies;
    let responses =
        tokio::join!(answers::post(&sender.api, first), answers::post(&sender.api, second));
    let (first, second) = (accepted(&responses.0, first), accepted(&responses.1, second));
    let mut counts = first.counts();
    counts.add(second.counts());
    assert_eq!(counts, expected, "{:?}", bodies.map(|body| body.text));
    let [first_body, second_body] = bodies;
    sender.keep(first_body, first);
    sender.keep(second_body, second);
}

/// One request, sent twice at the same time: one batch.
async fn race_with_one_key(task: &mut Task) {
    let Task { random, generator, sender } = task;
    let batch = generator.batch(random, &sender.ledger);
    let mut body = Body::of(random, &batch);
    if !body.has_key {
        body.has_key = true;
        body.header_key = Some(format!("race-{:032x}", random.random::<u128>()));
    }
    let expected = sender.ledger.apply(&batch);
    let responses =
        tokio::join!(answers::post(&sender.api, &body), answers::post(&sender.api, &body));
    let responses = [responses.0, responses.1];
    let Ok(expected) = expected else {
        for response in &responses {
            response.assert_problem(422);
        }
        return;
    };
    let replayed = responses.iter().filter(|it| it.header("idempotency-replayed") == "true");
    assert_eq!(replayed.count(), 1);
    let [first, second] = responses.map(|response| accepted(&response, &body));
    assert_eq!(first.batch_id, second.batch_id);
    assert_eq!([first.counts(), second.counts()], [expected; 2], "{}", body.text);
    sender.keep(body, first);
}

/// Two deletions of one transaction.
async fn race_of_deletes(task: &mut Task) {
    let Task { random, generator, sender } = task;
    let id = generator.any_id(random, &sender.ledger);
    let account = generator.accounts.first().unwrap();
    let path = answers::path(&["api", "accounts", account, "transactions", &id], &[]);
    let status = if sender.ledger.delete(account, &id) { 204 } else { 404 };
    let delete = || answers::call(&sender.api, Method::DELETE, &path);
    let responses = tokio::join!(delete(), delete());
    assert_eq!((responses.0.status, responses.1.status), (status, status));
}
