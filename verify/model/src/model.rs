//! The protocol as a `stateright` model.

use stateright::{Model, Property};

use crate::action::Action;
use crate::properties;
use crate::protocol::Protocol;
use crate::state::State;
use crate::transition;

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![transition::initial(self)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        transition::steps(self, state, actions);
        transition::faults(self, state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        transition::apply(self, &mut state, action);
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
