//! Bodies that mean harm, each of which ingest has to refuse: made from a seed, so that one that gets
//! through can be made again.

mod batch;
mod bodies;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use bodies::{GENERATORS, Generator, HEAVY};

/// One heavy body, of megabytes, for so many light ones.
const LIGHT_FOR_A_HEAVY: u32 = 40;

/// A body and what is wrong with it.
pub struct HostileBody {
    /// The name of its kind.
    pub kind: &'static str,
    /// The body.
    pub bytes: Vec<u8>,
}

/// The body of that number, always the same for a seed.
#[must_use]
pub fn body(seed: u64, number: u64) -> HostileBody {
    let mut random = StdRng::seed_from_u64(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let kinds: &[Generator] =
        if random.random_ratio(1, LIGHT_FOR_A_HEAVY) { HEAVY } else { GENERATORS };
    let (kind, make) = batch::one_of(&mut random, kinds);
    HostileBody { kind, bytes: make(&mut random) }
}
