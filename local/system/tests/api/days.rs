//! Booking days: the day as the bank wrote it, whatever the offset.

use chrono::{Days, NaiveDate, Utc};
use serde_json::{Value, json};

use crate::shared_system::Tenant;
use crate::support::{TRANSACTIONS, payload, transaction};

fn dated(id: &str, date: &str) -> Value {
    let mut body = transaction(id, "-1");
    body["date"] = json!(date);
    body
}

fn days_ahead(days: u64) -> NaiveDate {
    Utc::now().date_naive() + Days::new(days)
}

/// The number of transactions of the account `acc` on each of these days.
async fn count_on(tenant: &Tenant, start: &str, end: &str) -> String {
    let path = format!("/api/reports/account/acc/summary?start_date={start}&end_date={end}");
    tenant.api.get(&path).await.totals()[0].clone()
}

#[tokio::test]
async fn transaction_counts_on_the_day_that_is_written_whatever_the_offset() {
    let tenant = Tenant::new("days: offsets").await;
    for (id, (date, day, instant)) in ["a", "b", "c", "d", "e", "f", "g"].into_iter().zip([
        ("2025-07-11T00:30:00+01:00", "2025-07-11", json!("2025-07-10T23:30:00Z")),
        ("2025-07-11T23:59:59-12:00", "2025-07-11", json!("2025-07-12T11:59:59Z")),
        ("2025-07-11T00:00:00+14:00", "2025-07-11", json!("2025-07-10T10:00:00Z")),
        ("2025-07-11t12:00:00.123456z", "2025-07-11", json!("2025-07-11T12:00:00.123456Z")),
        ("2025-07-11", "2025-07-11", Value::Null),
        ("2024-02-29T23:00:00-05:30", "2024-02-29", json!("2024-03-01T04:30:00Z")),
        ("1970-01-01T00:00:00+10:00", "1970-01-01", json!("1969-12-31T14:00:00Z")),
    ]) {
        tenant.api.accept(&payload(&[dated(id, date)])).await;
        let stored = tenant.api.transaction(id).await;
        assert_eq!((&stored["date"], &stored["datetime"]), (&json!(day), &instant), "{date}");
        assert_eq!(count_on(&tenant, day, day).await, "1", "{date}");
        let before = day.parse::<NaiveDate>().unwrap().pred_opt().unwrap().to_string();
        assert_eq!(count_on(&tenant, &before, &before).await, "0", "{date}");
        let month_end = "2026-01-31";
        let filtered = format!("start_date={day}&end_date={month_end}");
        assert_eq!(tenant.api.listed(&filtered).await, [id], "{date}");
        assert!(tenant.api.listed(&format!("end_date={before}")).await.is_empty(), "{date}");
        tenant.api.delete(&format!("{TRANSACTIONS}/{id}")).await;
    }
}

#[tokio::test]
async fn date_from_1970_to_400_days_ahead_is_accepted() {
    let tenant = Tenant::new("days: bounds").await;
    let accepted = ["1970-01-01".to_owned()]
        .into_iter()
        .chain([0, 40, 366, 400].map(|days| days_ahead(days).to_string()));
    for (index, date) in accepted.enumerate() {
        tenant.api.accept(&payload(&[dated(&format!("t{index}"), &date)])).await;
        assert_eq!(count_on(&tenant, &date, &date).await, "1", "{date}");
    }
    // Two more days than the limit, because a day may end meanwhile.
    for (date, code) in [
        ("1969-12-31", "out-of-range"),
        (&*days_ahead(402).to_string(), "out-of-range"),
        ("9999-12-31", "out-of-range"),
        ("2025-02-29", "invalid-format"),
        ("2025-7-1", "invalid-format"),
        ("20250701", "invalid-format"),
        ("2025-07-11T00:30:00", "invalid-format"),
        ("2025-07-11T24:00:00Z", "invalid-format"),
        ("11.07.2025", "invalid-format"),
        ("", "blank"),
    ] {
        let errors = tenant.api.post(&payload(&[dated("x", date)])).await.errors();
        assert_eq!(errors, [["pointer", "/transactions/0/date", code]], "{date}");
    }
    let mut number = dated("x", "");
    number["date"] = json!(1_752_192_000);
    let errors = tenant.api.post(&payload(&[number])).await.errors();
    assert_eq!(errors, [["pointer", "/transactions/0/date", "wrong-type"]]);
}

#[tokio::test]
async fn plain_date_on_the_same_day_keeps_the_known_time() {
    let tenant = Tenant::new("days: time").await;
    let counts = async |date: &str| tenant.api.post(&payload(&[dated("t", date)])).await.counts();
    assert_eq!(counts("2025-10-30T08:00:00Z").await, [1, 0, 0, 0, 0]);
    assert_eq!(counts("2025-10-30").await, [0, 0, 1, 0, 0]);
    // The same instant with the day of another offset is a change.
    assert_eq!(counts("2025-10-31T00:00:00+16:00").await, [0, 1, 0, 0, 0]);
    let stored = tenant.api.transaction("t").await;
    assert_eq!(stored["datetime"], "2025-10-30T08:00:00Z");
    assert_eq!(stored["date"], "2025-10-31");
    assert_eq!(counts("2025-10-30").await, [0, 1, 0, 0, 0]);
    let stored = tenant.api.transaction("t").await;
    assert_eq!((&stored["date"], &stored["datetime"]), (&json!("2025-10-30"), &Value::Null));
    assert_eq!(tenant.api.totals("").await, ["1", "1.00", "0.00"]);
}

#[tokio::test]
async fn list_is_ordered_by_day_and_id_whatever_the_times_are() {
    let tenant = Tenant::new("days: order").await;
    let rows = [
        dated("b", "2025-10-02"),
        dated("d", "2025-10-02T00:00:00Z"),
        dated("a", "2025-10-02T23:00:00Z"),
        dated("c", "2025-10-02T01:00:00+14:00"),
        dated("z", "2025-10-01T23:59:00-12:00"),
        dated("0", "2025-10-03"),
    ];
    tenant.api.accept(&payload(&rows)).await;
    let expected = ["0", "d", "c", "b", "a", "z"];
    assert_eq!(tenant.api.listed("").await, expected);
    for limit in 1..=6 {
        let (mut listed, mut cursor) = (Vec::new(), String::new());
        loop {
            let query = format!("limit={limit}{cursor}");
            let page = tenant.api.get(&format!("{TRANSACTIONS}?{query}")).await.json();
            listed.extend(tenant.api.listed(&query).await);
            assert_eq!(page["has_more"], !page["next_cursor"].is_null(), "{page}");
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(listed, expected, "{limit}");
    }
}

#[tokio::test]
async fn list_may_have_either_date_bound_alone() {
    let tenant = Tenant::new("days: one bound").await;
    let rows = [dated("a", "2025-10-01"), dated("b", "2025-10-02"), dated("c", "2025-10-03")];
    tenant.api.accept(&payload(&rows)).await;
    for (query, ids) in [
        ("start_date=2025-10-02", &["c", "b"][..]),
        ("end_date=2025-10-02", &["b", "a"]),
        ("start_date=2025-10-02&end_date=2025-10-02", &["b"]),
        ("start_date=2025-10-04", &[]),
        ("end_date=1970-01-01", &[]),
        ("start_date=0001-01-01&limit=2", &["c", "b"]),
        ("end_date=9999-12-31&limit=1", &["c"]),
    ] {
        assert_eq!(tenant.api.listed(query).await, ids, "{query}");
    }
    for (query, parameters) in [
        ("start_date=2025-10-03&end_date=2025-10-02", &["end_date"][..]),
        ("start_date=2025-02-30", &["start_date"]),
        ("end_date=", &["end_date"]),
        ("start_date=x&end_date=2025-10-02T00:00:00Z", &["start_date", "end_date"]),
    ] {
        let response = tenant.api.get(&format!("{TRANSACTIONS}?{query}")).await;
        assert_eq!(response.error_places("parameter"), parameters, "{query}");
    }
}
