//! Hostile bodies, each of which `ingest` must reject, generated reproducibly from a seed.

mod batch;
mod bodies;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use bodies::{GENERATORS, Generator, HEAVY};

/// The number of light bodies for each heavy body of megabytes.
const LIGHT_PER_HEAVY: u32 = 40;

/// A hostile body.
pub struct HostileBody {
    /// The name of its generator.
    pub generator: &'static str,
    /// The body.
    pub bytes: Vec<u8>,
}

/// Generates the body with this number, always the same for a seed.
#[must_use]
pub fn body(seed: u64, number: u64) -> HostileBody {
    let mut random = StdRng::seed_from_u64(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let generators: &[Generator] =
        if random.random_ratio(1, LIGHT_PER_HEAVY) { HEAVY } else { GENERATORS };
    let (generator, make) = batch::one_of(&mut random, generators);
    HostileBody { generator, bytes: make(&mut random) }
}
