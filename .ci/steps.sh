# Sourced by .ci/run and .ci/full: runs steps, times them, checks that they leave no process, prints a table.
# shellcheck shell=bash

# The steps of .ci/run, in order: the fast ones first.
steps_of_run=(prerequisites format clippy tests licences template demo chaos chaos-pooler)

# A step that takes longer is stuck.
step_seconds_max=3000

log=target/ci
mkdir -p "$log"
table=()
failed=0

# run_step STEP: runs .ci/step and records its result and its seconds. Fails if the step failed.
run_step() {
    local step="$1" started=$SECONDS status=0 result running
    printf '\n=== %s\n' "$step"
    .ci/left-behind list >"$log/before"
    # `timeout` and the step have a process group of their own, so an interrupt has to be passed on.
    set -m
    timeout --kill-after=30 "$step_seconds_max" .ci/step "$step" &
    running=$!
    set +m
    trap 'kill "$running"; wait "$running"; exit 130' INT TERM
    wait "$running" || status=$?
    trap - INT TERM
    if [ "$status" -eq 0 ]; then
        .ci/left-behind since "$log/before" || status=1
    fi
    case "$status" in
        0) result=passed ;;
        77) result=skipped ;;
        *) result=FAILED failed=$((failed + 1)) ;;
    esac
    table+=("$(printf '%-16s %-8s %5d s' "$step" "$result" $((SECONDS - started)))")
    [ "$result" != FAILED ]
}

print_table() {
    printf '\n'
    printf '%s\n' "${table[@]}"
    printf '%-16s %-8s %5d s\n' total '' "$SECONDS"
}

# The closing line: the tests of the step `tests`, in the form of a test runner.
print_tests() {
    awk '
        /^test result:/ { passed += $4; failed += $6; ignored += $8 }
        END { printf "%d passed, %d failed, %d skipped\n", passed, failed, ignored; exit failed > 0 || passed == 0 }
    ' "$log/test.log"
}
