//! Compiles the binary again when a file is added, changed or removed.

fn main() {
    println!("cargo::rerun-if-changed=assets");
    println!("cargo::rerun-if-changed=docs");
}
