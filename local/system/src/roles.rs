//! The roles that the functions work as, as they do where they are deployed.

use std::collections::BTreeMap;

use tributary_store::{Role, role};

/// Adds each function's role to its variables.
pub fn give(environments: &mut BTreeMap<String, BTreeMap<String, String>>) {
    for function in role::FUNCTIONS {
        let role = Role::of_function(function).map(|role| role.to_string());
        let environment = environments.entry(function.to_owned()).or_default();
        environment.extend(role.map(|role| ("DATABASE_ROLE".to_owned(), role)));
    }
}

#[cfg(test)]
mod tests {
    use tributary_lambda::functions::FUNCTIONS;

    use super::*;

    #[test]
    fn only_admin_works_as_the_owner() {
        let mut environments = BTreeMap::new();
        give(&mut environments);
        for function in FUNCTIONS {
            let name = function.name;
            let role = environments.get(name).and_then(|them| them.get("DATABASE_ROLE"));
            let expected = (name != "admin").then(|| format!("tributary_{name}"));
            assert_eq!(role, expected.as_ref(), "{name}");
        }
    }
}
