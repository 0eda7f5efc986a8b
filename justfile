# Short names for common commands: `just --list`. https://just.systems

# Show all recipes
default:
    @just --list

# Start a temporary system, send a batch, print the report
demo *OPTIONS:
    cargo demo {{ OPTIONS }}

# Run the system on http://127.0.0.1:8000 until Ctrl-C
up *OPTIONS:
    cargo tributary up {{ OPTIONS }}

# Run every test, or those of `just test -p CRATE`
test *OPTIONS='--workspace':
    cargo test {{ OPTIONS }}

# Run every test with nextest; doctests separately
nextest *OPTIONS='--workspace':
    cargo nextest run {{ OPTIONS }}
    cargo test --workspace --doc

# Check format and lints
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# Format the code
format:
    cargo fmt --all

# Regenerate .sqlx from the statements and migrations
sqlx:
    .ci/sqlx-prepare

# Rewrite the IAM table of SOLUTION.md and the grants of the database roles
generate:
    UPDATE_DOCS=1 cargo test -p tributary-api --test contract iam
    UPDATE_GRANTS=1 cargo test -p tributary-store --test roles grants

# Inject faults into a temporary system
chaos *OPTIONS:
    cargo tributary chaos {{ OPTIONS }}

# Measure a temporary system beside bare SQL
bench *OPTIONS='--quick':
    cargo run --release -p tributary-cli -- bench {{ OPTIONS }}

# Run the checks of every change
ci:
    .ci/run

# Run all checks, or the named steps
full *STEPS:
    .ci/full {{ STEPS }}

# Run each fuzz target for this many seconds
fuzz SECONDS='60':
    .ci/fuzz {{ SECONDS }}

# Build the deployment package
build:
    sam build
