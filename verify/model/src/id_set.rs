//! A set of transaction ids or positions.

/// A set of numbers below 8, which is enough for every scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct IdSet(u8);

impl IdSet {
    pub(crate) const fn contains(self, id: u8) -> bool {
        self.0 & 1 << id != 0
    }

    pub(crate) const fn insert(&mut self, id: u8) {
        self.0 |= 1 << id;
    }

    /// The ids in order.
    pub(crate) fn iter(self) -> impl Iterator<Item = u8> {
        (0..8).filter(move |id| self.contains(*id))
    }
}

impl FromIterator<u8> for IdSet {
    fn from_iter<I: IntoIterator<Item = u8>>(ids: I) -> Self {
        ids.into_iter().fold(Self::default(), |mut set, id| {
            set.insert(id);
            set
        })
    }
}
