//! The visible messages by message group, as in fair queues: the next message is one of the group with
//! the fewest messages in flight. A producer with many messages thus delays those of other groups little.
//!
//! SQS does so only while a group has a large part of the messages in flight. Source:
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>.

use std::collections::{HashMap, VecDeque};

/// The messages of all groups. Those without a group share one that counts as having none in flight.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: HashMap<Option<String>, Group>,
    next_place: u64,
    visible: usize,
}

#[derive(Debug, Default)]
struct Group {
    /// Places and keys of visible messages, by place: the order in which they became visible.
    visible: VecDeque<(u64, u64)>,
    in_flight: usize,
}

impl Groups {
    /// The number of visible messages.
    pub(super) const fn visible(&self) -> usize {
        self.visible
    }

    /// Adds a message that has become visible.
    pub(super) fn push(&mut self, group: Option<&str>, key: u64) {
        let place = self.next_place;
        self.next_place += 1;
        self.visible += 1;
        self.group(group).visible.push_back((place, key));
    }

    /// Removes the next message to deliver: `pick` chooses among those of its group, by age.
    pub(super) fn pop(&mut self, pick: impl FnOnce(usize) -> usize) -> Option<u64> {
        let next = |(name, group): (&Option<String>, &Group)| {
            let (place, _) = group.visible.front()?;
            let in_flight = if name.is_some() { group.in_flight } else { 0 };
            Some((in_flight, *place, name.clone()))
        };
        let (_, _, name) = self.groups.iter().filter_map(next).min()?;
        let group = self.groups.get_mut(&name)?;
        let (_, key) = group.visible.remove(pick(group.visible.len()))?;
        self.visible -= 1;
        self.remove_if_empty(name.as_deref());
        Some(key)
    }

    /// Removes the message that has been visible for the longest time.
    pub(super) fn pop_oldest(&mut self) -> Option<u64> {
        let oldest = |(name, group): (&Option<String>, &Group)| {
            group.visible.front().map(|(place, key)| (*place, *key, name.clone()))
        };
        let (_, key, name) = self.groups.iter().filter_map(oldest).min()?;
        self.remove(name.as_deref(), key);
        Some(key)
    }

    /// Removes a visible message.
    pub(super) fn remove(&mut self, group: Option<&str>, key: u64) {
        let visible = &mut self.group(group).visible;
        // A short scan: a message that expires while visible is usually among the first.
        if let Some(index) = visible.iter().position(|(_, other)| *other == key) {
            visible.remove(index);
            self.visible -= 1;
        }
        self.remove_if_empty(group);
    }

    /// Counts a message that was delivered.
    pub(super) fn begin_flight(&mut self, group: Option<&str>) {
        self.group(group).in_flight += 1;
    }

    /// Counts a message that was deleted or is visible again.
    pub(super) fn end_flight(&mut self, group: Option<&str>) {
        let in_flight = &mut self.group(group).in_flight;
        *in_flight = in_flight.saturating_sub(1);
        self.remove_if_empty(group);
    }

    fn group(&mut self, name: Option<&str>) -> &mut Group {
        self.groups.entry(name.map(str::to_owned)).or_default()
    }

    fn remove_if_empty(&mut self, name: Option<&str>) {
        let name = name.map(str::to_owned);
        if self.groups.get(&name).is_some_and(|it| it.visible.is_empty() && it.in_flight == 0) {
            self.groups.remove(&name);
        }
    }
}
