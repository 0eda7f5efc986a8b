//! A row of the table `slices`: the unit that workers claim.

/// A row of `slices`: some consecutive positions of a batch's body.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Slice {
    pub(crate) batch: u8,
    /// Its first position.
    pub(crate) first: u8,
    /// The position after its last.
    pub(crate) end: u8,
    /// `token`; `None` if the slice is free.
    pub(crate) token: Option<Token>,
    /// Whether `lease_expires_at` has passed.
    pub(crate) is_expired: bool,
    /// `attempts`, counted up to one past the maximum.
    pub(crate) attempts: u8,
}

/// The owner of a lease token. Each claim has a new token and a worker has one claim at a time, so
/// the worker's index identifies its token. Tokens of crashed workers are orphaned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Token {
    Worker(u8),
    Orphaned,
}

impl Slice {
    /// Free slices that cover positions, given in order. Each has at most `size` positions.
    pub(crate) fn covering(batch: u8, positions: impl Iterator<Item = u8>, size: u8) -> Vec<Self> {
        let mut slices: Vec<Self> = Vec::new();
        for position in positions {
            match slices.last_mut() {
                Some(last) if last.end == position && last.len() < size => last.end += 1,
                Some(_) | None => slices.push(Self {
                    batch,
                    first: position,
                    end: position + 1,
                    token: None,
                    is_expired: false,
                    attempts: 0,
                }),
            }
        }
        slices
    }

    /// How many positions it has.
    pub(crate) const fn len(&self) -> u8 {
        self.end - self.first
    }

    pub(crate) const fn covers(&self, batch: u8, position: u8) -> bool {
        self.batch == batch && self.first <= position && position < self.end
    }

    /// Whether it has a worker's current token.
    pub(crate) fn is_held_by(&self, worker: u8) -> bool {
        self.token == Some(Token::Worker(worker))
    }

    /// Whether its worker has crashed and its lease has not expired yet.
    pub(crate) fn is_orphaned(&self) -> bool {
        self.token == Some(Token::Orphaned) && !self.is_expired
    }

    /// Whether a lease on it is live.
    pub(crate) const fn is_leased(&self) -> bool {
        self.token.is_some() && !self.is_expired
    }

    /// Ends the lease.
    pub(crate) const fn release(&mut self) {
        self.token = None;
        self.is_expired = false;
    }
}
