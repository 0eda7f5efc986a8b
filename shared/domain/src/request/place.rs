//! Places in a body.

use std::fmt;

/// The place of an object or value in the body. Displayed as a JSON Pointer (RFC 6901).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The body itself.
    Body,
    /// An element of one of its arrays: the array's name and the index.
    Element(&'static str, usize),
}

impl Place {
    /// The place of a field of the object at this place.
    #[must_use]
    pub fn field(self, name: &str) -> String {
        format!("{self}/{name}")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => Ok(()),
            Self::Element(array, index) => write!(formatter, "/{array}/{index}"),
        }
    }
}
