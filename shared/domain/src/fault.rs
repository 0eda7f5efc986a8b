//! The faults of an input and their places. The first hundred are reported.

use serde::Serialize;

/// A fault of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where it is.
    #[serde(flatten)]
    pub place: FaultPlace,
    /// Which rule is violated.
    pub code: FaultCode,
    /// What is wrong and what is expected, without the value itself.
    pub detail: String,
}

/// Where a fault is. Serialised as a member with the name of the variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultPlace {
    /// A JSON Pointer (RFC 6901) into the body.
    Pointer(String),
    /// The name of a query parameter.
    Parameter(&'static str),
    /// The name of a header.
    Header(&'static str),
}

impl FaultPlace {
    /// The pointer, or the name of the parameter or header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pointer(pointer) => pointer,
            Self::Parameter(name) | Self::Header(name) => name,
        }
    }
}

/// The rule that an input violates. Clients may rely on these codes, unlike on details; later
/// versions may add codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultCode {
    /// Missing, or null.
    Required,
    /// Another JSON type than expected.
    WrongType,
    /// Nothing but white space.
    Blank,
    /// Too many characters or bytes.
    TooLong,
    /// A control character in an id.
    ControlCharacter,
    /// Not in the expected format.
    InvalidFormat,
    /// Outside the permitted range.
    OutOfRange,
    /// Too few or too many elements.
    WrongCount,
    /// `total_transactions` does not match.
    CountMismatch,
    /// The id appears before in the batch.
    Duplicate,
    /// Not a decimal number.
    NotANumber,
    /// More decimals than the currency has.
    TooManyDecimals,
    /// More digits than can be stored.
    TooManyDigits,
    /// Not a currency code.
    UnknownCurrency,
    /// Contradicts another field of the transaction.
    Contradiction,
    /// The account is neither in the batch nor known.
    UnknownAccount,
    /// The transaction is stored under another account.
    OtherAccount,
    /// The id of another, stored transaction.
    ReusedId,
    /// The body belongs to another path.
    WrongPath,
    /// Too many JSON values.
    TooManyValues,
    /// Nested too deep.
    TooDeep,
    /// Too many fields in an object.
    TooManyFields,
    /// A field appears twice in an object.
    RepeatedField,
    /// The name of a field is too long.
    FieldNameTooLong,
    /// Too many characters that are costly to normalise.
    TooCostly,
}

impl FaultCode {
    /// Every code, in the order of declaration.
    pub const ALL: [Self; 25] = [
        Self::Required,
        Self::WrongType,
        Self::Blank,
        Self::TooLong,
        Self::ControlCharacter,
        Self::InvalidFormat,
        Self::OutOfRange,
        Self::WrongCount,
        Self::CountMismatch,
        Self::Duplicate,
        Self::NotANumber,
        Self::TooManyDecimals,
        Self::TooManyDigits,
        Self::UnknownCurrency,
        Self::Contradiction,
        Self::UnknownAccount,
        Self::OtherAccount,
        Self::ReusedId,
        Self::WrongPath,
        Self::TooManyValues,
        Self::TooDeep,
        Self::TooManyFields,
        Self::RepeatedField,
        Self::FieldNameTooLong,
        Self::TooCostly,
    ];
}

/// The faults of one input, in the order they were found, at most [`Faults::REPORTED_MAX`].
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// The most faults of one input that are reported.
    pub const REPORTED_MAX: usize = 100;

    /// Adds a fault, or drops it after [`Faults::REPORTED_MAX`].
    pub fn add(&mut self, place: FaultPlace, code: FaultCode, detail: impl Into<String>) {
        if !self.is_full() {
            self.0.push(Fault { place, code, detail: detail.into() });
        }
    }

    /// Adds a fault of the value at a JSON Pointer of the body.
    pub fn at(&mut self, pointer: impl Into<String>, code: FaultCode, detail: impl Into<String>) {
        self.add(FaultPlace::Pointer(pointer.into()), code, detail);
    }

    /// Whether further faults would be dropped, so that the search can stop.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.0.len() >= Self::REPORTED_MAX
    }

    /// Whether there is no fault.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The faults in the order they were found.
    #[must_use]
    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_hundred_faults_are_kept() {
        let mut faults = Faults::default();
        for index in 0..=Faults::REPORTED_MAX {
            assert_eq!(faults.is_full(), index == Faults::REPORTED_MAX);
            faults.at(format!("/transactions/{index}"), FaultCode::Blank, "is wrong");
        }
        let kept = faults.into_vec();
        assert_eq!(kept.len(), Faults::REPORTED_MAX);
        assert_eq!(kept.last().unwrap().place.as_str(), "/transactions/99");
    }

    #[test]
    fn place_is_a_member_named_after_its_kind() {
        let json = |place| {
            let fault = Fault { place, code: FaultCode::NotANumber, detail: "is wrong".into() };
            serde_json::to_value(&fault).unwrap()
        };
        let expected =
            serde_json::json!({"pointer": "/a", "code": "not-a-number", "detail": "is wrong"});
        assert_eq!(json(FaultPlace::Pointer("/a".into())), expected);
        assert_eq!(json(FaultPlace::Parameter("limit"))["parameter"], "limit");
        assert_eq!(json(FaultPlace::Header("Idempotency-Key"))["header"], "Idempotency-Key");
    }
}
