//! Rebuilds the crate when a migration is added, which `sqlx::migrate!` cannot do on stable Rust.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
