//! Texts of a batch: names are cleaned, blank optional fields are null.

use serde_json::{Value, json};

use crate::shared_system::Tenant;
use crate::support::{account, payload, transaction};

fn with(field: &str, value: Value) -> Value {
    let mut body = transaction("t", "-10");
    body[field] = value;
    body
}

#[tokio::test]
async fn white_space_and_control_characters_of_a_name_fold_to_one_space() {
    let tenant = Tenant::new("texts: folded").await;
    let names = [
        ("Loan 1000\nrate 1.4%", "Loan 1000 rate 1.4%"),
        ("  POS 4711\t\r\n  Berlin ", "POS 4711 Berlin"),
        ("Caf\u{65}\u{301}\u{a0}Noir", "Café Noir"),
        ("a\u{0}b\u{1b}[31mc", "a b [31mc"),
        ("\u{feff}\u{202b}שלום\u{202c}", "שלום"),
        ("👩\u{200d}🚀 & Co", "👩\u{200d}🚀 & Co"),
        ("<b>\"O'Neil\"</b> \\ %00", "<b>\"O'Neil\"</b> \\ %00"),
    ];
    let rows: Vec<_> = (0..names.len())
        .map(|index| {
            let mut row = transaction(&format!("t{index}"), "-1");
            row["name"] = json!(names[index].0);
            row["merchant_name"] = json!(names[index].0);
            row
        })
        .collect();
    tenant.api.accept(&payload(&rows)).await;
    for (index, (_, kept)) in names.iter().enumerate() {
        let stored = tenant.api.transaction(&format!("t{index}")).await;
        assert_eq!((&stored["name"], &stored["merchant_name"]), (&json!(kept), &json!(kept)));
    }
}

#[tokio::test]
async fn texts_that_are_equal_once_cleaned_are_the_same_content() {
    let tenant = Tenant::new("texts: equal").await;
    for (name, counts) in [
        ("Café Noir", [1, 0, 0, 0, 0]),
        ("  Cafe\u{301}\n\nNoir ", [0, 0, 1, 0, 0]),
        ("café noir", [0, 1, 0, 0, 0]),
    ] {
        let body = payload(&[with("name", json!(name))]);
        assert_eq!(tenant.api.post(&body).await.counts(), counts, "{name:?}");
    }
    // Also for the idempotency key.
    let keyed = async |name: &str| {
        let body = payload(&[with("name", json!(name))]);
        tenant.api.post_with(&[("idempotency-key", "key")], &body).await
    };
    assert_eq!(keyed("a b").await.status, 202);
    assert_eq!(keyed("a\tb").await.header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn blank_optional_field_is_null() {
    let tenant = Tenant::new("texts: blank").await;
    let mut body = payload(&[transaction("t", "-10")]);
    let optional = [
        "merchant_name",
        "payment_channel",
        "merchant_category_code",
        "mcc",
        "authorized_date",
        "pending_transaction_id",
        "unofficial_currency_code",
    ];
    for blank in ["", " \n", "\u{a0}"] {
        for field in optional {
            body["transactions"][0][field] = json!(blank);
        }
        for field in ["subtype", "mask"] {
            body["accounts"][0][field] = json!(blank);
        }
        body["request_id"] = json!(blank);
        let response = tenant.api.post(&body).await;
        assert_eq!((response.status, response.header("idempotency-replayed")), (202, ""));
    }
    let stored = tenant.api.transaction("t").await;
    assert_eq!(stored["revision"], 1, "the content is the same");
    for field in optional.into_iter().filter(|field| *field != "mcc") {
        assert_eq!(stored[field], Value::Null, "{field}");
    }
    let rows = tenant.rows().await;
    let stored = rows.iter().find_map(|row| row.strip_prefix("accounts: ")).unwrap();
    let stored: Value = serde_json::from_str(stored).unwrap();
    assert_eq!((&stored["subtype"], &stored["mask"]), (&Value::Null, &Value::Null), "{stored}");
}

#[tokio::test]
async fn missing_name_is_that_of_the_merchant() {
    let tenant = Tenant::new("texts: name").await;
    for (id, name) in [("null", Value::Null), ("blank", json!(" ")), ("named", json!("AMZN*1"))] {
        let mut row = transaction(id, "-1");
        row["name"] = name;
        row["merchant_name"] = json!("Amazon");
        tenant.api.accept(&payload(&[row])).await;
    }
    assert_eq!(tenant.api.transaction("null").await["name"], "Amazon");
    assert_eq!(tenant.api.transaction("blank").await["name"], "Amazon");
    assert_eq!(tenant.api.transaction("named").await["name"], "AMZN*1");
    let neither = payload(&[with("name", json!("\t"))]);
    let errors = tenant.api.post(&neither).await.errors();
    assert_eq!(errors, [["pointer", "/transactions/0/name", "required"]]);
}

#[tokio::test]
async fn mcc_is_an_alias_and_unknown_fields_pass() {
    let tenant = Tenant::new("texts: mcc").await;
    let mut row = with("mcc", json!("5942"));
    row["category"] = json!(["Shops", 5, {"x": null}]);
    row["location"] = json!({"lat": 1.5});
    tenant.api.accept(&payload(&[row.clone()])).await;
    assert_eq!(tenant.api.transaction("t").await["merchant_category_code"], "5942");
    row["merchant_category_code"] = json!("5411");
    let errors = tenant.api.post(&payload(&[row])).await.errors();
    assert_eq!(errors, [["pointer", "/transactions/0/mcc", "contradiction"]]);
    let number = payload(&[with("mcc", json!(5942))]);
    let errors = tenant.api.post(&number).await.errors();
    assert_eq!(errors, [["pointer", "/transactions/0/mcc", "wrong-type"]]);
}

#[tokio::test]
async fn text_at_the_limit_is_accepted_and_one_past_it_is_rejected() {
    let tenant = Tenant::new("texts: limits").await;
    let longest = "é".repeat(512);
    // Spaces at the ends and sequences of them are not counted.
    for name in [longest.clone(), format!("  {longest}\n"), "a ".repeat(256).replace(' ', "  ")] {
        tenant.api.accept(&payload(&[with("name", json!(name))])).await;
    }
    for (field, length_max) in [("name", 512), ("merchant_name", 512), ("payment_channel", 64)] {
        let body = payload(&[with(field, json!("x".repeat(length_max + 1)))]);
        let errors = tenant.api.post(&body).await.errors();
        assert_eq!(errors, [["pointer", &format!("/transactions/0/{field}"), "too-long"]]);
    }
}

#[tokio::test]
async fn id_is_neither_trimmed_nor_normalised_and_control_characters_are_rejected() {
    let tenant = Tenant::new("texts: ids").await;
    let mut body = payload(&[transaction("t", "-1")]);
    body["accounts"] = json!([account("acc"), account("acc "), account("Acc")]);
    body["transactions"][0]["account_id"] = json!("acc ");
    assert_eq!(tenant.api.post(&body).await.counts(), [1, 0, 0, 0, 0]);
    let listed = tenant.api.get("/api/accounts/acc%20/transactions").await.json();
    assert_eq!(listed["transactions"].as_array().unwrap().len(), 1);
    assert!(tenant.api.listed("").await.is_empty());
    for (id, code) in [("a\nb", "control-character"), ("\u{85}", "blank"), ("  ", "blank")] {
        let errors = tenant.api.post(&payload(&[transaction(id, "-1")])).await.errors();
        assert_eq!(errors, [["pointer", "/transactions/0/transaction_id", code]], "{id:?}");
    }
}
