//! All properties, as the checker needs them.

use stateright::Property;

use crate::always::Always;
use crate::protocol::Protocol;
use crate::sometimes::Sometimes;

pub(crate) fn all() -> Vec<Property<Protocol>> {
    let always = Always::ALL.iter().map(|property| property.property());
    always.chain(Sometimes::ALL.iter().map(|property| property.property())).collect()
}
