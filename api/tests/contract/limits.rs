//! The limits and enumerations of the document are the constants of the code.

use report::SEARCH_LENGTH_MAX;
use report::cursor::{AccountCursor, BatchCursor, TransactionCursor};
use serde_json::{Value, json};
use tributary_domain::categorise::{Category, Confidence};
use tributary_domain::request::limits::{
    ACCOUNTS_MAX, BODY_BYTES_MAX, DATE_MIN, DAYS_AHEAD_MAX, DEPTH_MAX, FIELD_NAME_LENGTH_MAX,
    FIELDS_MAX, ID_BYTES_MAX, KEY_NAME_LENGTH_MAX, KEY_SCOPES_MAX, NAME_LENGTH_MAX,
    NORMALISED_CHARACTERS_MAX, NUMBER_LENGTH_MAX, TRANSACTIONS_MAX, VALUES_MAX, WORD_LENGTH_MAX,
};
use tributary_domain::summary::TOP_CATEGORIES_MAX;
use tributary_domain::{
    BatchStatus, CorrelationId, Currency, FaultCode, Faults, Interval, Money, Period,
    TransactionStatus,
};
use tributary_lambda::http::gzip::MEMBERS_MAX;
use tributary_store::SCAN_MAX;
use tributary_store::api_keys::LISTED_MAX;
use tributary_store::batches::FAILURES_SHOWN_MAX;
use tributary_store::report::MERCHANTS_SCAN_MAX;
use tributary_store::transactions::{DAYS_MOVED_MAX, REVISIONS_MAX};

use super::document::{at, document, follow, operation, validator};

/// A query parameter of an operation.
fn parameter(operation_id: &str, name: &str) -> &'static Value {
    let parameters = operation(operation_id)["parameters"].as_array().unwrap();
    parameters.iter().map(follow).find(|parameter| parameter["name"] == name).unwrap()
}

#[test]
fn limits_are_those_of_the_code() {
    // serde_json keeps a number of this size as a float, in the document as well.
    let amount_limit: f64 = format!("1e{}", Money::DIGITS_MAX).parse().unwrap();
    for (pointer, limit) in [
        ("IngestRequest/properties/accounts/maxItems", json!(ACCOUNTS_MAX)),
        ("IngestRequest/properties/transactions/maxItems", json!(TRANSACTIONS_MAX)),
        ("IngestRequest/properties/removed/maxItems", json!(TRANSACTIONS_MAX)),
        ("IngestRequest/properties/total_transactions/minimum", json!(0)),
        ("IngestRequest/properties/total_transactions/maximum", json!(TRANSACTIONS_MAX)),
        ("PlaidRequest/properties/accounts/maxItems", json!(ACCOUNTS_MAX)),
        ("PlaidRequest/properties/removed/maxItems", json!(TRANSACTIONS_MAX)),
        ("PlaidRequest/properties/removed_transactions/maxItems", json!(TRANSACTIONS_MAX)),
        ("PlaidTransactions/maxItems", json!(TRANSACTIONS_MAX)),
        ("AcceptedBatch/properties/total_transactions/maximum", json!(TRANSACTIONS_MAX)),
        ("Batch/properties/total_transactions/maximum", json!(TRANSACTIONS_MAX)),
        ("ListedBatch/properties/total_transactions/maximum", json!(TRANSACTIONS_MAX)),
        ("RetriedBatch/properties/retried/maximum", json!(TRANSACTIONS_MAX)),
        ("Batch/properties/failures/maxItems", json!(FAILURES_SHOWN_MAX)),
        ("TransactionDetails/properties/revisions/maxItems", json!(REVISIONS_MAX)),
        ("KeyName/maxLength", json!(KEY_NAME_LENGTH_MAX)),
        ("KeyRequest/properties/scopes/maxItems", json!(KEY_SCOPES_MAX)),
        ("KeyList/properties/keys/maxItems", json!(LISTED_MAX)),
        ("RequestDate/maxLength", json!(WORD_LENGTH_MAX)),
        ("OptionalDateTime/anyOf/0/maxLength", json!(WORD_LENGTH_MAX)),
        ("Id/maxLength", json!(ID_BYTES_MAX)),
        ("OptionalId/maxLength", json!(ID_BYTES_MAX)),
        ("Name/maxLength", json!(NAME_LENGTH_MAX)),
        ("OptionalName/maxLength", json!(NAME_LENGTH_MAX)),
        ("Word/maxLength", json!(WORD_LENGTH_MAX)),
        ("OptionalWord/maxLength", json!(WORD_LENGTH_MAX)),
        ("RequestAmount/maxLength", json!(NUMBER_LENGTH_MAX)),
        ("RequestAmount/exclusiveMinimum", json!(-amount_limit)),
        ("RequestAmount/exclusiveMaximum", json!(amount_limit)),
        ("CurrencyCode/maxLength", json!(Currency::UNOFFICIAL_LENGTH_MAX)),
        ("UnofficialCurrencyCode/maxLength", json!(Currency::UNOFFICIAL_LENGTH_MAX)),
        (
            "Balances/properties/unofficial_currency_code/maxLength",
            json!(Currency::UNOFFICIAL_LENGTH_MAX),
        ),
        ("Merchants/properties/scanned_transactions/maximum", json!(MERCHANTS_SCAN_MAX)),
        ("ReportCurrency/maxLength", json!(Currency::UNOFFICIAL_LENGTH_MAX)),
        ("Problem/properties/errors/maxItems", json!(Faults::REPORTED_MAX)),
        ("Summary/properties/top_categories/maxItems", json!(TOP_CATEGORIES_MAX)),
    ] {
        assert_eq!(*at(&format!("/components/schemas/{pointer}")), limit, "{pointer}");
    }
    for object in [
        "IngestRequest",
        "Account",
        "Transaction",
        "Removal",
        "PlaidRequest",
        "PlaidAccount",
        "PlaidTransaction",
        "Foreign",
    ] {
        let schema = at(&format!("/components/schemas/{object}"));
        assert_eq!(schema["maxProperties"], json!(FIELDS_MAX), "{object}");
        assert_eq!(
            schema["propertyNames"],
            json!({"maxLength": FIELD_NAME_LENGTH_MAX}),
            "{object}"
        );
    }
    for parameter in ["IdempotencyKey", "PlaidIdempotencyKey"] {
        let key = at(&format!("/components/parameters/{parameter}/schema"));
        assert_eq!(key["maxLength"], json!(ID_BYTES_MAX));
    }
    for (operation_id, name, length_max) in [
        ("listTransactions", "cursor", TransactionCursor::LENGTH_MAX),
        ("listTransactions", "q", SEARCH_LENGTH_MAX),
        ("listAccounts", "cursor", AccountCursor::LENGTH_MAX),
        ("listBatches", "cursor", BatchCursor::LENGTH),
    ] {
        let schema = &parameter(operation_id, name)["schema"];
        assert_eq!(schema["maxLength"], json!(length_max), "{operation_id} {name}");
    }
}

#[test]
fn descriptions_state_the_limits_without_a_keyword() {
    let says = |description: &Value, limit: &str| {
        let description = description.as_str().unwrap();
        assert!(description.contains(limit), "{limit} is not in {description:?}");
    };
    let ingest = operation("ingestTransactions");
    for limit in [
        format!(" {BODY_BYTES_MAX} bytes"),
        format!(" {DEPTH_MAX} levels"),
        format!("of up to {VALUES_MAX} values"),
        format!("more than {FIELDS_MAX} fields"),
        format!("a name of more than {FIELD_NAME_LENGTH_MAX} characters"),
        format!("number more than {NUMBER_LENGTH_MAX} characters"),
        format!("up to {MEMBERS_MAX} members"),
        format!("at most {NORMALISED_CHARACTERS_MAX} combining marks and characters"),
    ] {
        says(&ingest["requestBody"]["description"], &limit);
    }
    let correlation = &at("/components/parameters/CorrelationId")["description"];
    says(correlation, &format!("1 to {} letters", CorrelationId::LENGTH_MAX));
    let amount = &at("/components/schemas/RequestAmount")["description"];
    says(amount, &format!("at most {} digits", Money::DIGITS_MAX));
    says(amount, &format!(" {} in an unofficial", Currency::UNOFFICIAL_DECIMALS_MAX));
    says(amount, &format!("with up to {NUMBER_LENGTH_MAX} characters"));
    for request in ["IngestRequest", "PlaidRequest"] {
        let description = &at(&format!("/components/schemas/{request}"))["description"];
        says(description, &format!("{TRANSACTIONS_MAX} transactions and removals together"));
    }
    says(&at("/components/schemas/Id")["description"], &format!("{ID_BYTES_MAX} bytes of UTF-8"));
    says(&ingest["description"], &format!("by more than {DAYS_MOVED_MAX} days"));
    says(&operation("listTransactions")["description"], &format!("{SCAN_MAX} transactions"));
    says(&operation("listBatches")["description"], &format!("{SCAN_MAX} batches"));
    says(&operation("getMerchants")["description"], &format!(" {MERCHANTS_SCAN_MAX} newest"));
    let date = &at("/components/schemas/RequestDate")["description"];
    says(date, &format!("Not before {DATE_MIN} "));
    says(date, &format!(" {DAYS_AHEAD_MAX} days ahead"));
    let end = parameter("getSummary", "end_date");
    says(&end["description"], &format!("less than {} days", Period::DAYS_MAX));
}

#[test]
fn code_and_document_accept_the_same_correlation_ids() {
    let documented = validator(at("/components/schemas/CorrelationId"));
    let longest = "a".repeat(CorrelationId::LENGTH_MAX);
    let too_long = "a".repeat(CorrelationId::LENGTH_MAX + 1);
    for (text, accepted) in
        [("a.b_c:d-E9", true), (&longest, true), ("", false), ("a b", false), (&too_long, false)]
    {
        assert_eq!(CorrelationId::accept(text).is_some(), accepted, "{text}");
        assert_eq!(documented.is_valid(&json!(text)), accepted, "{text}");
    }
}

#[test]
fn enumerations_are_those_of_the_code() {
    let named = |name: &str| &at(&format!("/components/schemas/{name}"))["enum"];
    assert_eq!(*named("Category"), json!(Category::ALL));
    assert_eq!(*named("TransactionStatus"), json!(TransactionStatus::ALL));
    assert_eq!(*named("BatchStatus"), json!(BatchStatus::ALL));
    assert_eq!(*named("FaultCode"), json!(FaultCode::ALL));

    assert_eq!(parameter("getCashflow", "interval")["schema"]["enum"], json!(Interval::ALL));
    let interval = at("/components/schemas/Cashflow/properties/interval");
    assert_eq!(interval["enum"], json!(Interval::ALL));

    let counts = at("/components/schemas/StatusCounts/properties").as_object().unwrap();
    let mut statuses = TransactionStatus::ALL.map(TransactionStatus::as_str);
    statuses.sort_unstable();
    assert!(counts.keys().eq(statuses), "{counts:?}");

    let levels = [Confidence::Low, Confidence::Medium, Confidence::High, Confidence::VeryHigh];
    let documented = "/components/schemas/PersonalFinanceCategory/properties/confidence_level";
    assert_eq!(at(documented)["enum"], json!(levels));
}

#[test]
fn every_fault_code_is_described_in_api_md() {
    const TEXT: &str = include_str!("../../../docs/api.md");
    let described: Vec<_> = TEXT
        .lines()
        .skip_while(|line| *line != "## Codes of errors")
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(code, _)| code)
        .collect();
    assert_eq!(json!(described), json!(FaultCode::ALL));
}

#[test]
fn document_has_the_version_and_licence_of_the_code() {
    let information = &document()["info"];
    assert_eq!(information["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(information["license"]["identifier"], env!("CARGO_PKG_LICENSE"));
}
