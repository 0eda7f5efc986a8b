//! No batch is lost, duplicated or stalled under faults.
#![cfg(test)]

use tributary_chaos::{ChaosConfig, Progress, run};

/// `.ci/step chaos` injects more.
const FAULTS: u32 = 30;

#[tokio::test(flavor = "multi_thread")]
async fn faults_lose_duplicate_and_stall_nothing() {
    let progress = |progress: Progress<'_>| {
        if let Progress::Step(step) = progress {
            eprintln!("{step}");
        }
    };
    let report = run(ChaosConfig::new(FAULTS, 7), &progress).await.unwrap();
    assert_eq!(report.findings, [] as [String; 0], "{report:#?}");
    assert_eq!(report.injected.total(), FAULTS);
    assert!(report.batches > 8 && report.repeats > 0 && report.rejected > 0, "{report:#?}");
}
