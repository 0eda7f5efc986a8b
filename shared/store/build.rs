//! Makes cargo build the crate again when a migration is added: on stable, `sqlx::migrate!` cannot say so itself.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
